"""``git_operation``: one git command. Those that only look are allowed, everything else is asked for, push above all.

What looks takes no lock of the person's index and starts nothing that the repository's settings name. Where commands are not confined even
that is asked for: filters and the like are the repository's own programs.
"""

from __future__ import annotations

import re
import shlex
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field
from typing_extensions import override

from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import CommandProposal, Proposal
from coterie.tools.rules import command_effect, path_effect
from coterie.tools.tool import Arguments, BuiltinTool
from coterie.workspace.git import QUIET

LOOKING = frozenset({"status", "diff", "log", "show", "blame"})
REMOTE = frozenset({"push", "fetch", "pull", "clone", "ls-remote", "remote", "submodule"})
_NO_PROGRAMS = {
    "diff": ("--no-ext-diff", "--no-textconv"),
    "log": ("--no-ext-diff", "--no-textconv"),
    "show": ("--no-ext-diff", "--no-textconv"),
    "blame": ("--no-textconv",),
}
_ACTING = ("--output", "--ext-diff", "--textconv", "--no-index", "--contents", "--open-files-in-pager")
"""Long options by which a command that looks would write a file, start a program, or read outside of the repository."""
_OUTSIDE = re.compile(r"(-\w)?[/~]")


def _split(args: object) -> object:
    """Take one string for what a shell would make of it: models write either."""
    return shlex.split(args) if isinstance(args, str) else args


class GitOperationArguments(Arguments):
    """``operation`` is git's own word for it; ``args`` come after it."""

    operation: str = Field(pattern="^[a-z][a-z-]*$")
    args: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()


class GitOperation(BuiltinTool[GitOperationArguments]):
    """Runs in the workspace folder, in the sandbox; with the repository writable only for what a person or a rule allowed."""

    name: ClassVar[str] = "git_operation"
    description: ClassVar[str] = "Run git: status, diff, log, show, blame; others are asked for."
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"exec"})  # who wants no command at all wants no git either
    arguments = GitOperationArguments

    @override
    def declare(self, arguments: GitOperationArguments) -> tuple[Effect, ...]:
        """Read the repository, or run a command."""
        if only_looks(arguments.operation, arguments.args):
            return (path_effect("read", ".git"),)
        return (_as_command(arguments),)

    @override
    async def look_up(self, arguments: GitOperationArguments) -> tuple[Effect, ...]:
        """Run a command in any case where nothing would confine it."""
        if not only_looks(arguments.operation, arguments.args) or await self.place.confined():
            return ()
        return (_as_command(arguments),)

    @override
    async def work_out(self, arguments: GitOperationArguments) -> Proposal:
        """Propose the command line."""
        looks = only_looks(arguments.operation, arguments.args)
        plain = _NO_PROGRAMS.get(arguments.operation, ()) if looks else ()
        words = ["git", *(QUIET if looks else ()), arguments.operation, *plain, *arguments.args]
        return CommandProposal(
            command=shlex.join(words),
            cwd=str(self.place.root),
            timeout_s=self.place.command_timeout_s,
            repository=not looks,
            network=arguments.operation in REMOTE,
            only_reads=looks,
        )


def only_looks(operation: str, args: tuple[str, ...]) -> bool:
    """Say whether an operation changes nothing, starts no program and stays in the repository."""
    return operation in LOOKING and not any(map(_acts, args))


def _acts(argument: str) -> bool:
    name = argument.partition("=")[0]
    if name.startswith("--") and name != "--":
        return any(option.startswith(name) for option in _ACTING)  # git takes any beginning of an option that is no other's
    return bool(_OUTSIDE.match(argument)) or name.startswith("-O") or ".." in argument.split("/")


def _as_command(arguments: GitOperationArguments) -> Effect:
    return command_effect(["git", arguments.operation, *arguments.args])
