"""Neovim as a person has it who put what docs/editors/neovim.md says into `init.lua`, and nothing else."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editors.stage import Stage, documented
from editors.terminal import Terminal, output, program, terminal


@dataclass
class Neovim:
    """One Neovim. Keys go to its terminal; its state can be asked for by its own remote protocol."""

    terminal: Terminal
    stage: Stage
    socket: str

    async def ex(self, command: str) -> None:
        """Type a command at the colon, whatever the mode."""
        await self.normal(f":{command}\n")

    async def run(self, prompt: str) -> None:
        """Start a run."""
        await self.ex(f"CoterieRun {prompt}")

    async def cancel(self) -> None:
        """Stop the latest run."""
        await self.ex("CoterieCancel")

    async def allow(self) -> None:
        """Say yes, this once."""
        await self.terminal.type("1\n")

    async def dismiss(self) -> None:
        """Close a prompt without an answer."""
        await self.terminal.press("Enter")

    async def normal(self, keys: str) -> None:
        """Type keys in normal mode, whatever the mode."""
        # Not Escape: followed at once by another key it means Alt. And a message that waits for a key gives this one back.
        await self.terminal.press("C-\\", "C-n")
        await self.terminal.type(keys)

    async def act(self, title: str) -> None:
        """Choose a code action at the cursor."""
        await self.normal("gra")
        await self.choose(title)

    async def lens(self, title: str) -> None:
        """Run one of several lenses of the cursor's line."""
        await self.normal("grx")
        await self.choose(f"Coterie: {title} [coterie]")

    async def choose(self, title: str) -> None:
        """Choose from a numbered list."""
        wanted = re.compile(rf"^ *(\d+): {re.escape(title)}$", re.MULTILINE)
        menu = await self.terminal.eventually(lambda screen: wanted.search(screen) is not None, f"{title!r} in a list")
        await self.terminal.type(f"{wanted.findall(menu)[-1]}\n")

    async def chat(self, title: str) -> None:
        """Open a new chat."""
        await self.ex(f"CoterieChat {title}")

    async def write(self, text: str) -> None:
        """Write a line at the end of the document."""
        await self.normal(f"Go{text}")
        await self.normal("")

    async def undo(self) -> None:
        """Take the latest run back."""
        await self.ex("CoterieUndo")

    async def evaluate(self, lua: str) -> Any:
        """Return the value of a Lua expression."""
        expression = f"json_encode(luaeval({vim_string(' '.join(lua.splitlines()))}))"
        argv = [program("nvim"), "--clean", "--headless", "--server", self.socket, "--remote-expr", expression]
        return json.loads(await output(argv, self.stage.environment))

    async def until(self, lua: str) -> None:
        """Wait until a Lua expression is true."""

        async def ask() -> bool:
            return bool(await self.evaluate(lua))

        # From outside: to wait inside is to stop Neovim where it just is, for ever when it had not started up yet.
        await self.terminal.comes_true(ask, lua)

    async def logged(self, text: str) -> None:
        """Wait until Neovim's log of the server has a text."""
        log = Path(await self.evaluate("vim.lsp.log.get_filename()"))
        await self.terminal.eventually(lambda _: text in log.read_text(encoding="utf-8"), f"{text!r} in the log")

    async def text(self) -> str:
        """Return the text of the current buffer."""
        lines: list[str] = await self.evaluate("vim.api.nvim_buf_get_lines(0, 0, -1, false)")
        return "\n".join([*lines, ""])


def vim_string(text: str) -> str:
    """Write a text as an expression of Vim's."""
    return "'" + text.replace("'", "''") + "'"


@asynccontextmanager
async def neovim(stage: Stage, name: str, file: str = "calc.py") -> AsyncIterator[Neovim]:
    """Open a file of the stage's project in Neovim and wait until the server is attached to it."""
    stage.configure("nvim/init.lua", "\n".join(documented("neovim.md", "lua")))
    with tempfile.TemporaryDirectory(prefix="coterie-nvim-") as folder:
        socket = f"{folder}/socket"
        argv = [program("nvim"), "--listen", socket, file]
        async with terminal(argv, name=f"neovim-{name}", cwd=stage.project, environment=stage.environment) as window:
            editor = Neovim(window, stage, socket)
            await window.listens(socket)
            await editor.until("(vim.lsp.get_clients({ name = 'coterie', bufnr = 0 })[1] or {}).initialized")
            await editor.evaluate("vim.lsp.log.set_level('info')")
            yield editor
