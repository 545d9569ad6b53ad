"""Emacs as a person has it who put what docs/editors/emacs.md says into `init.el`, and nothing else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from editors.stage import Stage, documented
from editors.terminal import Terminal, output, program, terminal


@dataclass
class Emacs:
    """One Emacs. Keys go to its terminal; its state can be asked for by emacsclient."""

    terminal: Terminal
    stage: Stage
    socket: str

    async def command(self, name: str, *answers: str) -> None:
        """Run a command by its name, and answer what it asks."""
        await self.terminal.press("M-x")
        for text in (name, *answers):
            await self.terminal.type(text)
            await self.terminal.press("Enter")

    async def run(self, prompt: str) -> None:
        """Start a run."""
        await self.command("coterie-run", prompt)

    async def cancel(self) -> None:
        """Stop the latest run."""
        await self.command("coterie-cancel")

    async def allow(self) -> None:
        """Say yes, this once: an answer is typed."""
        await self.terminal.type("Allow once\n")

    async def dismiss(self) -> None:
        """Answer a prompt with nothing: eglot sends no answer at all when it is quit."""
        await self.terminal.press("Enter")

    async def act(self, title: str) -> None:
        """Choose a code action at the cursor."""
        await self.command("eglot-code-actions")
        await self.terminal.shows("Pick an action")
        await self.terminal.type(f"{title}\n")

    async def chat(self, title: str) -> None:
        """Open a new chat."""
        await self.command("coterie-chat", title)

    async def write(self, text: str) -> None:
        """Write a line at the end of the document."""
        await self.terminal.press("M->")
        await self.terminal.type(text)

    async def undo(self) -> None:
        """Take the latest run back."""
        await self.command("coterie-undo")

    async def evaluate(self, lisp: str) -> Any:
        """Return the value of an expression, in the selected window's buffer."""
        printed = f"(with-current-buffer (window-buffer) (json-serialize (list :value {lisp})))"
        said = await output([program("emacsclient"), "-s", self.socket, "--eval", printed], self.stage.environment)
        # Lisp writes a string much as JSON does.
        return json.loads(json.loads(said))["value"]

    async def until(self, lisp: str) -> None:
        """Wait until an expression is true."""

        async def ask() -> bool:
            return bool(await self.evaluate(f"(if {lisp} t :false)"))

        # From outside: eglot tells of changed buffers only when Emacs is idle, and one that waits is not.
        await self.terminal.comes_true(ask, lisp)

    async def logged(self, text: str) -> None:
        """Wait until eglot's record of what it and the server said to each other has a text."""
        events = "(jsonrpc-events-buffer (eglot-current-server))"
        await self.until(f"(with-current-buffer {events} (save-excursion (goto-char 1) (search-forward {json.dumps(text)} nil t)))")

    async def text(self) -> str:
        """Return the text of the selected window's buffer."""
        text: str = await self.evaluate("(buffer-string)")
        return text


@asynccontextmanager
async def emacs(stage: Stage, name: str, file: str = "calc.py") -> AsyncIterator[Emacs]:
    """Open a file of the stage's project in Emacs and wait until the server is attached to it."""
    # Compiling Lisp takes a C compiler, which is none of our business.
    stage.configure("emacs/early-init.el", "(setq native-comp-jit-compilation nil)\n")
    stage.configure("emacs/init.el", "\n".join(documented("emacs.md", "elisp")))
    with tempfile.TemporaryDirectory(prefix="coterie-emacs-") as folder:
        listen = ["--eval", f'(setq server-socket-dir "{folder}")', "-f", "server-start"]
        argv = [program("emacs"), "-nw", file, *listen]
        async with terminal(argv, name=f"emacs-{name}", cwd=stage.project, environment=stage.environment) as window:
            editor = Emacs(window, stage, f"{folder}/server")
            await window.listens(editor.socket)
            await editor.until("(and (fboundp 'eglot-managed-p) (eglot-managed-p))")
            yield editor
