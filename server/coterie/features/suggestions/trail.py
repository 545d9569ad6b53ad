"""Where the person was lately: the places of which ghost text was asked, and those where other documents have changed. Pure.

``snippets`` tells it of each request, and shows the model what stands at the latest of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coterie.context.nearby import changed_line
from coterie.workspace.documents import Buffer

MOST_PLACES = 24
_NEAR = 20
"""Lines within which two places are one."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place in a document; the line counts from one."""

    uri: str
    line: int


class Trail:
    """The latest places, the last one first."""

    def __init__(self) -> None:
        self._stops: list[Stop] = []
        self._seen: dict[str, Buffer] = {}

    def look(self, buffers: Iterable[Buffer], here: Stop) -> None:
        """Note what has changed since the last look, and where the person is now."""
        latest = sorted(buffers, key=lambda buffer: buffer.changed)
        for buffer in latest:
            seen = self._seen.get(buffer.uri)
            if seen is not None and seen.changed != buffer.changed and buffer.uri != here.uri:
                line = changed_line(seen.text, buffer.text)
                if line is not None:
                    self._note(Stop(buffer.uri, line))
        self._seen = {buffer.uri: buffer for buffer in latest}
        self._note(here)

    def others(self, here: Stop) -> tuple[Stop, ...]:
        """Return the places that are not this one, the latest first, of documents that are still open."""
        return tuple(stop for stop in self._stops if stop.uri in self._seen and not _is_near(stop, here))

    def _note(self, stop: Stop) -> None:
        self._stops = [stop, *(other for other in self._stops if not _is_near(stop, other))][:MOST_PLACES]


def _is_near(one: Stop, other: Stop) -> bool:
    return one.uri == other.uri and abs(one.line - other.line) < _NEAR
