"""Helix as a person has it who put what docs/editors/helix.md says into `languages.toml`, and nothing else."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from editors.stage import Stage, documented
from editors.terminal import Terminal, program, terminal

READY = '"method":"textDocument/didOpen"'


@dataclass
class Helix:
    """One Helix."""

    terminal: Terminal
    log: Path

    async def ex(self, command: str) -> None:
        """Type a command at the colon, from normal mode."""
        await self.terminal.type(f":{command}")
        await self.terminal.press("Enter")

    async def run(self, prompt: str) -> None:
        """Start a run."""
        await self.ex(f"lsp-workspace-command coterie.run {json.dumps({'prompt': prompt})}")

    async def cancel(self) -> None:
        """Stop the latest run."""
        await self.ex("lsp-workspace-command coterie.cancel")

    async def allow(self) -> None:
        """Say yes, this once: the second answer of a prompt, below the one that Enter alone would give."""
        await self.terminal.press("Down", "Enter")

    async def dismiss(self) -> None:
        """Close a prompt without an answer."""
        await self.terminal.press("Escape")

    async def act(self, title: str) -> None:
        """Choose a code action at the cursor."""
        await self.terminal.press("Space", "a")
        screen = (await self.terminal.shows(title)).splitlines()
        row = next(row for row, line in enumerate(screen) if title in line)
        column = screen[row].index(title)
        # The menu stands over the text: its lines are those that begin where this one does.
        above = itertools.takewhile(lambda line: line[column - 1 : column] == " " != line[column], reversed(screen[:row]))
        await self.terminal.press(*["Down"] * len(list(above)), "Enter")

    async def chat(self, title: str) -> None:
        """Open a new chat."""
        await self.ex(f"lsp-workspace-command coterie.openChannel {json.dumps({'title': title})}")

    async def write(self, text: str) -> None:
        """Write a line at the end of the document."""
        await self.terminal.type(f"geo{text}")
        await self.terminal.shows(" INS ", text)
        # One Escape may go to a menu of completions that has come up by itself.
        while " NOR " not in await self.terminal.screen():
            await self.terminal.press("Escape")
            await self.terminal.next_change()

    async def undo(self) -> None:
        """Take the latest run back."""
        await self.ex("lsp-workspace-command coterie.undo")

    async def logged(self, text: str) -> None:
        """Wait until Helix's log, which has all that it and the server say to each other, has a text."""
        await self.terminal.eventually(lambda _: text in self._log(), f"{text!r} in the log")

    def _log(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


@asynccontextmanager
async def helix(stage: Stage, name: str, file: str = "calc.py") -> AsyncIterator[Helix]:
    """Open a file of the stage's project in Helix and wait until the server is attached to it."""
    languages, settings = documented("helix.md", "toml")
    stage.configure("helix/languages.toml", languages)
    stage.configure("helix/config.toml", settings)
    log = stage.home / "helix.log"
    argv = [program("hx"), "-v", "--log", str(log), file]
    async with terminal(argv, name=f"helix-{name}", cwd=stage.project, environment=stage.environment) as window:
        editor = Helix(window, log)
        await editor.logged(READY)
        yield editor
