"""``execute_command``: a shell line, run in the sandbox once its effects are allowed."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from coterie.base.errors import ModelMistakeError
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import CommandProposal, Proposal
from coterie.tools.command_line import line_effects
from coterie.tools.reading_commands import only_reads
from coterie.tools.tool import Arguments, BuiltinTool, Place


class ExecuteCommandArguments(Arguments):
    """``cwd`` is relative to the workspace folder."""

    command: str = Field(min_length=1)
    cwd: str | None = None
    timeout_s: float | None = Field(default=None, gt=0, le=3600)


class ExecuteCommand(BuiltinTool[ExecuteCommandArguments]):
    """Runs as ``/bin/sh -c``, without a terminal and without input."""

    name: ClassVar[str] = "execute_command"
    description: ClassVar[str] = "Run a shell command without input; cwd is relative to the workspace."
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"exec"})
    arguments = ExecuteCommandArguments

    @override
    def declare(self, arguments: ExecuteCommandArguments) -> tuple[Effect, ...]:
        """Run and write what the line says, each part by itself."""
        return line_effects(arguments.command, self.place, working_folder(self.place, arguments.cwd))

    @override
    async def work_out(self, arguments: ExecuteCommandArguments) -> Proposal:
        """Propose the line as it stands."""
        return CommandProposal(
            command=arguments.command,
            cwd=str(working_folder(self.place, arguments.cwd)),
            timeout_s=arguments.timeout_s or self.place.command_timeout_s,
            only_reads=only_reads(arguments.command),
        )


def working_folder(place: Place, cwd: str | None) -> Path:
    """Return the folder a command runs in. Raises `ModelMistakeError` when it is outside of the workspace or not there."""
    if cwd is None:
        return place.root
    folder = Path(place.workspace.locate(cwd, place.folder).absolute)
    if not folder.is_dir():
        raise ModelMistakeError(f"cwd: there is no folder {cwd}.")
    return folder
