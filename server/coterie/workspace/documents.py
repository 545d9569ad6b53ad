"""The open buffers: the only owner of what the editor has told about its documents.

``lsp`` passes the editor's notifications on, in their order; ``editing`` waits here for the text that confirms an edit; everyone else sees
frozen snapshots. Used from one event loop only.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from coterie.base.text import scalars
from coterie.workspace.languages import language_by_name
from coterie.workspace.line_ends import BYTE_ORDER_MARK
from coterie.workspace.notebooks import Notebooks
from coterie.workspace.uris import path_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """An open document at one version.

    ``absolute`` is its place on disk with symbolic links resolved, None for a document that is no file. ``touched`` says that it was
    changed since it was opened or saved, ``changed`` when it got its text, in the order of all changes of all editors. ``overtaken_by`` is
    what the disk has come to hold (None: no file) since the buffer held the same, the latest last: the buffer is not the file's text then,
    until its editor has read it again or somebody types.
    """

    uri: str
    absolute: str | None
    version: int
    text: str
    language: str
    touched: bool = False
    changed: int = 0
    overtaken_by: tuple[str | None, ...] = ()


Happened: TypeAlias = Literal["opened", "changed", "saved", "closed"]
Listener: TypeAlias = Callable[[Buffer, Happened], None]


class Documents:
    """Open buffers by URI. ``order`` numbers their changes, together with those of other editors.

    ``notebooks`` knows which of them are cells of what, and in which order.
    """

    def __init__(self, order: Iterator[int] | None = None) -> None:
        self.notebooks = Notebooks()
        self._order = order or itertools.count(1)
        self._buffers: dict[str, Buffer] = {}
        self._watchers: dict[str, list[asyncio.Queue[Buffer | None]]] = {}
        self._listeners: list[Listener] = []

    def text(self, uri: str) -> str | None:
        """Return an open buffer's text, or None when it is not open."""
        buffer = self._buffers.get(uri)
        return None if buffer is None else buffer.text

    def get(self, uri: str) -> Buffer | None:
        """Return an open buffer."""
        return self._buffers.get(uri)

    def at(self, absolute: str) -> Buffer | None:
        """Return the buffer of a file; when it is open under two names, the one that was opened first."""
        return next((buffer for buffer in self._buffers.values() if buffer.absolute == absolute), None)

    def files(self) -> tuple[Buffer, ...]:
        """Return the buffers that are files."""
        return tuple(buffer for buffer in self._buffers.values() if buffer.absolute is not None)

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` after each thing that happens to any buffer; one that was closed is given as it was."""
        self._listeners.append(listener)

    @contextmanager
    def watch(self, uri: str) -> Iterator[asyncio.Queue[Buffer | None]]:
        """Give every later state of a buffer, one by one; None when it is closed. A state that came and went is not missed."""
        states: asyncio.Queue[Buffer | None] = asyncio.Queue()
        watchers = self._watchers.setdefault(uri, [])
        watchers.append(states)
        try:
            yield states
        finally:
            watchers.remove(states)
            if not watchers:
                del self._watchers[uri]

    def did_open(self, uri: str, version: int, text: str, language: str) -> None:
        """Take over a buffer from the disk; an empty ``language`` is told by its name."""
        path = path_of(uri)
        absolute = None if path is None else os.path.realpath(path)
        language = language or language_by_name(uri)
        self._set(Buffer(uri=uri, absolute=absolute, version=version, text=scalars(text), language=language), "opened")

    def did_change(self, uri: str, version: int | None, text: str) -> None:
        """Replace a buffer's text by what it is now; incremental changes are applied by the caller, who knows their encoding.

        Without a ``version`` it is the next one. A change of a document that is not open is the editor's mistake and has no effect.
        """
        if (buffer := self._buffers.get(uri)) is not None:
            text, version = scalars(text), buffer.version + 1 if version is None else version
            read_anew = _plain(text) in buffer.overtaken_by
            late = buffer.overtaken_by if read_anew and _plain(text) != buffer.overtaken_by[-1] else ()
            self._set(replace(buffer, version=version, text=text, touched=not read_anew, overtaken_by=late), "changed")

    def did_save(self, uri: str) -> None:
        """Note that a buffer equals its file."""
        if (buffer := self._buffers.get(uri)) is not None:
            buffer = self._buffers[uri] = replace(buffer, touched=False, overtaken_by=())
            self._happened(buffer, "saved")

    def overtake(self, absolute: str, before: str | None, after: str | None) -> None:
        """Note that a file was changed on the disk, and not by its editor: a buffer that held the same as the file is behind it now."""
        old, new = _plain(before), _plain(after)
        for buffer in self.files():
            if buffer.absolute != absolute:
                continue
            if _plain(buffer.text) == new:
                self._buffers[buffer.uri] = replace(buffer, touched=False, overtaken_by=())
            elif buffer.overtaken_by or _plain(buffer.text) == old:
                self._buffers[buffer.uri] = replace(buffer, overtaken_by=(*buffer.overtaken_by, new))

    def seen_saved(self, buffer: Buffer) -> None:
        """Note that a buffer equals its file, though its editor did not say so; a buffer that moved on does not count."""
        if buffer.touched and self._buffers.get(buffer.uri) is buffer:
            self.did_save(buffer.uri)

    def did_close(self, uri: str) -> None:
        """Give a buffer back to the disk."""
        if (buffer := self._buffers.pop(uri, None)) is not None:
            self._tell(uri, None)
            self._happened(buffer, "closed")

    def close_all(self) -> None:
        """Give every buffer back to the disk: the editor is gone, and its unsaved text with it."""
        for uri in tuple(self._buffers):
            self.did_close(uri)

    def _set(self, buffer: Buffer, happened: Happened) -> None:
        buffer = self._buffers[buffer.uri] = replace(buffer, changed=next(self._order))
        self._tell(buffer.uri, buffer)
        self._happened(buffer, happened)

    def _tell(self, uri: str, state: Buffer | None) -> None:
        for states in self._watchers.get(uri, ()):
            states.put_nowait(state)

    def _happened(self, buffer: Buffer, happened: Happened) -> None:
        for listener in self._listeners:
            listener(buffer, happened)


def _plain(text: str | None) -> str | None:
    return None if text is None else text.removeprefix(BYTE_ORDER_MARK)
