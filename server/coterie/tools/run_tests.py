"""``run_tests``: the project's own tests, really run. What failed is read from their output by `coterie.tools.testoutput`."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from coterie.base.errors import ModelMistakeError
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import CommandProposal, Proposal
from coterie.tools.command_line import line_effects
from coterie.tools.discovery import discover_tests, with_paths
from coterie.tools.tool import Arguments, BuiltinTool, Place


class RunTestsArguments(Arguments):
    """``command`` replaces what the settings or the project's files say."""

    command: str | None = None
    paths: tuple[str, ...] = ()


class RunTests(BuiltinTool[RunTestsArguments]):
    """Runs the given command, or else that of the settings, or else the discovered one."""

    name: ClassVar[str] = "run_tests"
    description: ClassVar[str] = "Run the project's tests (its own command unless given), or those in paths."
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"exec"})
    arguments = RunTestsArguments

    @override
    def declare(self, arguments: RunTestsArguments) -> tuple[Effect, ...]:
        """Run what the command says."""
        return line_effects(self._command(arguments), self.place, self.place.root)

    @override
    async def work_out(self, arguments: RunTestsArguments) -> Proposal:
        """Propose the command as a test."""
        return CommandProposal(
            command=self._command(arguments), cwd=str(self.place.root), timeout_s=self.place.tests_timeout_s, is_tests=True
        )

    def _command(self, arguments: RunTestsArguments) -> str:
        command = arguments.command or tests_command(self.place)
        if command is None:
            raise ModelMistakeError("No test command was found in this project. Give one in command.")
        return with_paths(command, arguments.paths)


def tests_command(place: Place) -> str | None:
    """Return the command that runs the project's tests: the user's setting, or what the project's files say."""
    return place.tests_command or discover_tests(place.root)
