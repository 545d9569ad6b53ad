"""What every editor under test can be asked to do, each in its own way."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from editors.stage import Stage
from editors.terminal import Terminal


class Editor(Protocol):
    """A real editor with a file of the project open and the server attached to it."""

    terminal: Terminal

    async def run(self, prompt: str) -> None:
        """Start a run the way the editor's page says."""

    async def cancel(self) -> None:
        """Stop the latest run."""

    async def allow(self) -> None:
        """Say yes, this once, to what a prompt asks."""

    async def dismiss(self) -> None:
        """Close a prompt without an answer."""

    async def act(self, title: str) -> None:
        """Choose a code action at the cursor."""

    async def chat(self, title: str) -> None:
        """Open a new chat."""

    async def write(self, text: str) -> None:
        """Write a line at the end of the document."""

    async def undo(self) -> None:
        """Take the latest run back the way the editor's page says."""

    async def logged(self, text: str) -> None:
        """Wait until the editor's log of its conversation with the server has a text."""


class Start(Protocol):
    """Starts one: `neovim`, `helix`, `emacs`."""

    def __call__(self, stage: Stage, name: str, file: str = ...) -> AbstractAsyncContextManager[Editor]:
        """Open a file in the editor; `name` begins the names of its kept screens."""
