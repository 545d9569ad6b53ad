"""Notices an editor that says it applied an edit and does not tell the text: it may be waiting for us.

Emacs' eglot sends no ``didChange`` while it waits for the answer of a command, not even of a buffer that the command had it change. Waiting
for the text before the command is answered would be waiting for each other. `outbound.ClientEditor` tells of each edit that was applied;
``handlers.undoing`` answers at once when `Echoes.missing` returns. That the edit is there is still for ``workspace.editing`` to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # an annotation is all that needs it, and the answer to ``initialize`` waits for what is imported here
    from coterie.domain.edits import BufferEdit

ECHO_S: Final = 1.0
"""How long an editor that applied an edit is given to tell its text: others tell before they answer, or right after."""


class Echoes:
    """The edits of one client. ``text`` is what it has told of a buffer, ``later`` calls something after some seconds."""

    def __init__(self, text: Callable[[str], str | None], later: Callable[[float, Callable[[], None]], object]) -> None:
        self._text = text
        self._later = later
        self._waiting: set[asyncio.Future[None]] = set()

    def applied(self, edit: BufferEdit) -> None:
        """Note that the editor said it applied an edit."""
        if self._is_missing(edit):
            self._later(ECHO_S, lambda: self._look(edit))

    async def missing(self) -> None:
        """Return when an edit was applied and its text has not come in time."""
        overdue = asyncio.get_running_loop().create_future()
        self._waiting.add(overdue)
        try:
            await overdue
        finally:
            self._waiting.discard(overdue)

    def _is_missing(self, edit: BufferEdit) -> bool:
        return self._text(edit.uri) == edit.text

    def _look(self, edit: BufferEdit) -> None:
        if self._is_missing(edit):
            for overdue in self._waiting:
                if not overdue.done():
                    overdue.set_result(None)
