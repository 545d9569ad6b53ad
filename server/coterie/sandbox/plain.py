"""Commands where nothing confines them: a clean environment and limits, no more. Each of them is asked for (see ``agents.approvals``)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace

from coterie.domain.status import SandboxView
from coterie.domain.workspace_ports import Command, CommandResult
from coterie.sandbox.environment import command_environment
from coterie.sandbox.limits import limited
from coterie.sandbox.process import Lifeline, run_process

_GOES_ON = "[Something that the command started goes on after it. What that changes from now on is in no diff and no undo.]\n"


class PlainSandbox:
    """No confinement. ``reason`` says why there is none; ``outer`` is the environment that commands get a part of."""

    def __init__(self, outer: Mapping[str, str], *, server_prefix: str | None, reason: str | None = None) -> None:
        self._outer = outer
        self._server_prefix = server_prefix
        self._view = SandboxView(level="none", reason=reason)

    async def status(self) -> SandboxView:
        """Say that there is none."""
        return self._view

    def seen(self) -> SandboxView:
        """Say that there is none."""
        return self._view

    async def run(self, command: Command) -> CommandResult:
        """Run it.

        Texts that are not saved cannot be shown to it, and what leaves its process group goes on after it: the result says which files
        differ, and that something goes on.
        """
        environment = command_environment(self._outer, (command.cwd, *command.writable), server_prefix=self._server_prefix)
        with closing(Lifeline()) as lifeline:
            result = await run_process(
                limited(command.argv, command.timeout_s),
                cwd=command.cwd,
                environment=environment,
                timeout_s=command.timeout_s,
                pass_fds=(lifeline.write_end,),
            )
            notes = [_GOES_ON] if await lifeline.is_held() else []
        if command.unsaved:
            saw = ", ".join(sorted(command.unsaved))
            notes.append(f"[The command saw these files as they were last saved, ask the user to save: {saw}]\n")
        return replace(result, output="".join(notes) + result.output)
