"""An editor without a screen: holds buffers, applies edits in one of several manners, and lets a fake person type at set points.

It implements `domain.client_ports.Editor` and tells `workspace.documents` what real editors tell by notifications, in the order in which a
pipe would carry them. Nothing here waits for time: what arrives late arrives at a later turn of the event loop.

The manners:

- ``strict``: refuses an edit for another version; tells of its changes before it answers.
- ``late``: the same, but answers first and tells later.
- ``coalescing``: the same, but tells of all that happened at once, as editors do that gather changes for a while.
- ``silent``: says that it applied every edit and applies none.
- ``careless``: ignores versions and puts an edit at its line numbers in whatever text is there by then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

from coterie.base.text import LineIndex
from coterie.domain.edits import BufferEdit, Draft

Manner = Literal["strict", "late", "coalescing", "silent", "careless"]
Point = Literal["in_flight", "applied"]
"""When the person may type: while an edit is on its way to the editor, and right after it was applied."""


class Listener(Protocol):
    """Who is told of documents."""

    def did_open(self, uri: str, version: int, text: str, language: str) -> None: ...
    def did_change(self, uri: str, version: int, text: str) -> None: ...
    def did_save(self, uri: str) -> None: ...
    def did_close(self, uri: str) -> None: ...


class FakeEditor:
    """The editor; ``at_point`` is called when an edit reaches a point and may `type`."""

    def __init__(self, manner: Manner = "strict") -> None:
        self.manner: Manner = manner
        self.texts: dict[str, str] = {}
        self.labels: list[str] = []
        self.at_point: Callable[[Point], None] = lambda _: None
        self._listener: Listener | None = None
        self._versions: dict[str, int] = {}
        self._untold: deque[tuple[str, int, str]] = deque()

    def attach(self, listener: Listener) -> None:
        """Tell this listener from now on."""
        self._listener = listener

    @property
    def listener(self) -> Listener:
        """Who is told."""
        assert self._listener is not None, "attach a listener first"
        return self._listener

    def open(self, uri: str, text: str) -> None:
        """Open a document and tell of it."""
        self.texts[uri] = text
        self._versions[uri] = 1
        self.listener.did_open(uri, 1, text, "plaintext")

    def close(self, uri: str) -> None:
        """Close a document and tell of it."""
        self.tell()
        del self.texts[uri]
        self.listener.did_close(uri)

    def type(self, uri: str, offset: int, text: str) -> None:
        """Insert what the person types. The server learns of it by `tell`."""
        old = self.texts[uri]
        self._change(uri, old[:offset] + text + old[offset:])

    def reload(self, uri: str, text: str) -> None:
        """Show what the file holds now, as editors do that find it changed, and tell of it."""
        self._change(uri, text)
        self.tell()

    def tell(self) -> None:
        """Let every change that is on its way arrive."""
        if self.manner == "coalescing":
            latest = {uri: (version, text) for uri, version, text in self._untold}
            self._untold = deque((uri, *state) for uri, state in latest.items())
        while self._untold:
            self.listener.did_change(*self._untold.popleft())

    async def apply(self, edit: BufferEdit) -> str | None:
        """Apply an edit in the editor's manner; see `domain.client_ports.Editor`."""
        self.labels.append(edit.label)
        self.at_point("in_flight")
        refusal = None
        if self.manner != "careless" and self._versions[edit.uri] != edit.version:
            refusal = "the document has changed"
        elif self.manner != "silent":
            self._change(edit.uri, self._edited(edit))
            self.at_point("applied")
        if self.manner == "silent":
            refusal = None
        if self.manner == "late":
            asyncio.get_running_loop().call_soon(self.tell)
        else:
            self.tell()
        return refusal

    def _change(self, uri: str, text: str) -> None:
        self.texts[uri] = text
        self._versions[uri] += 1
        self._untold.append((uri, self._versions[uri], text))

    def _edited(self, edit: BufferEdit) -> str:
        """Put an edit where its positions say, in the text of now."""
        text, meant = self.texts[edit.uri], LineIndex(edit.text)
        for change in reversed(edit.changes):
            index = LineIndex(text)
            start, end = (index.offset(meant.position(offset, "utf-16"), "utf-16") for offset in (change.start, change.end))
            text = text[:start] + change.text + text[end:]
        return text


class Intents(list[Draft]):
    """An `OnIntent` that remembers what was announced, and lets something happen before the effect."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    async def __call__(self, draft: Draft) -> None:
        """Take an announcement."""
        self.append(draft)
        self._meanwhile()
