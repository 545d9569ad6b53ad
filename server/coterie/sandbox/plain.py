"""Commands where nothing confines them: a clean environment and limits, no more. Each of them is asked for (see ``agents.approvals``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from coterie.domain.status import SandboxView
from coterie.domain.workspace_ports import Command, CommandResult
from coterie.sandbox.environment import command_environment
from coterie.sandbox.limits import limited
from coterie.sandbox.process import run_process


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
        """Run it; texts that are not saved cannot be shown to it, so the result says which files differ."""
        environment = command_environment(self._outer, (command.cwd, *command.writable), server_prefix=self._server_prefix)
        result = await run_process(
            limited(command.argv, command.timeout_s), cwd=command.cwd, environment=environment, timeout_s=command.timeout_s
        )
        if not command.unsaved:
            return result
        note = f"[The command saw these files as they were last saved, ask the user to save: {', '.join(sorted(command.unsaved))}]\n"
        return replace(result, output=note + result.output)
