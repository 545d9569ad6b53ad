"""Find out how commands can be confined here, by running one: that a program is installed does not mean that the kernel lets it work.

Nothing is probed before the first command or the first question for the status, so that starting the server stays cheap.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from coterie.base.errors import ModelMistakeError
from coterie.domain.status import SandboxView
from coterie.domain.workspace_ports import Command, CommandResult, Sandbox
from coterie.sandbox.bubblewrap import Bubblewrap
from coterie.sandbox.plain import PlainSandbox

Level = Literal["auto", "bubblewrap", "none"]
_PROBE_TIMEOUT_S = 20.0


class ProbedSandbox:
    """The best sandbox that works.

    ``level`` is the user's setting: ``auto`` falls back to none, ``bubblewrap`` refuses to run without, ``none`` never confines.
    ``environ`` is what commands get a part of, ``hidden`` are Coterie's own folders; ``on_found`` is called once it is known.
    """

    def __init__(
        self, level: Level, environ: Mapping[str, str], *, hidden: Sequence[str] = (), on_found: Callable[[], None] = lambda: None
    ) -> None:
        self._level = level
        self._environ = environ
        self._hidden = tuple(hidden)
        self._on_found = on_found
        self._server_prefix = sys.prefix if sys.prefix != sys.base_prefix else None
        self._found: Sandbox | None = None
        self._probing = asyncio.Lock()

    def set_level(self, level: Level) -> None:
        """Hold the commands that begin from now on to this setting."""
        if level != self._level:
            self._level, self._found = level, None

    async def status(self) -> SandboxView:
        """Probe, once for each level, and say what was found."""
        return await (await self._sandbox()).status()

    def seen(self) -> SandboxView:
        """Say what was found, if anything was looked for."""
        return SandboxView(level="unknown") if self._found is None else self._found.seen()

    async def run(self, command: Command) -> CommandResult:
        """Run in what was found. Raises `ModelMistakeError` where the setting forbids to run without confinement."""
        sandbox = await self._sandbox()
        view = sandbox.seen()
        if self._level == "bubblewrap" and view.level != "bubblewrap":
            raise ModelMistakeError(f"Commands may only run in bubblewrap, which does not work here: {view.reason} Tell the user.")
        return await sandbox.run(command)

    async def _sandbox(self) -> Sandbox:
        async with self._probing:
            while self._found is None:
                level = self._level
                found = await self._find(level)
                if level == self._level:  # else the setting has changed meanwhile
                    self._found = found
                    self._on_found()
            return self._found

    async def _find(self, level: Level) -> Sandbox:
        if level == "none":
            return self._plain("The setting sandbox.level is none.")
        program = shutil.which("bwrap", path=self._environ.get("PATH", os.defpath))
        if program is None:
            return self._plain("bubblewrap (the program bwrap) is not installed.")
        bubblewrap = Bubblewrap(program, self._environ, server_prefix=self._server_prefix, hidden=self._hidden)
        try:
            tried = await bubblewrap.run(_PROBE)
        except ModelMistakeError as failed:
            return self._plain(f"bubblewrap does not start: {failed.message}")
        if tried.exit_code == 0:
            return bubblewrap
        return self._plain(f"bubblewrap does not work here: {tried.output.strip() or 'it gave no answer'}.")

    def _plain(self, reason: str) -> PlainSandbox:
        return PlainSandbox(self._environ, server_prefix=self._server_prefix, reason=reason)


_PROBE = Command(argv=("/bin/sh", "-c", ":"), cwd="/", writable=(), unsaved={}, timeout_s=_PROBE_TIMEOUT_S)
