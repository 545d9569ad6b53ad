"""Split a byte stream into server-sent events, or into the lines of newline-delimited JSON.

`transport` feeds it what the socket gives. Lines end at CR, LF or CRLF and nowhere else: splitting decoded text into lines would also cut
at U+2028 and U+0085, which stand unescaped inside JSON. Nothing is decoded before an event is whole, so a chunk may end anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
LARGEST_EVENT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event: the joined ``data`` lines, and the ``event`` field (empty: ``message``).

    ``whole`` says that it is none of a stream, but all that a host answered, which was asked for a stream and does not know them.
    """

    data: str
    name: str = ""
    whole: bool = False


class Splitter(Protocol):
    """Cuts what the socket gives."""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the events that ``chunk`` completes. Raises `ValueError` when one grows past the limit."""
        ...

    def close(self) -> list[ServerSentEvent]:
        """Return the events that the end of the stream completes."""
        ...


class LineSplitter:
    """Each line that is not blank is an event. JSON escapes line ends within strings, so a line feed is always an end."""

    def __init__(self, limit: int = LARGEST_EVENT) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the lines that ``chunk`` completes. Raises `ValueError` when one grows past the limit."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > self._limit:
            message = f"a line of more than {self._limit} bytes"
            raise ValueError(message)
        return [ServerSentEvent(line.decode(errors="replace")) for line in lines if line.strip()]

    def close(self) -> list[ServerSentEvent]:
        """Return the last line, where its end was left out."""
        last, self._rest = self._rest, b""
        return [ServerSentEvent(last.decode(errors="replace"))] if last.strip() else []


class EventSplitter:
    """Holds what is not yet a whole event. ``limit`` bounds an event's bytes, so that no host can fill the memory."""

    def __init__(self, limit: int = LARGEST_EVENT) -> None:
        self._limit = limit
        self._line = bytearray()
        self._data: list[bytes] = []
        self._name = b""
        self._size = 0
        self._at_start = True
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the events that ``chunk`` completes. Raises `ValueError` when one grows past the limit."""
        if self._after_cr and chunk.startswith(b"\n"):
            # The CR that ended the last chunk was the first half of a CRLF.
            chunk = chunk[1:]
            self._after_cr = False
        if not chunk:
            return []
        if self._is_between_events() and (data := _only_event(chunk)) is not None and len(data) <= self._limit:
            return [ServerSentEvent(data.decode(errors="replace"))]
        self._after_cr = chunk.endswith(b"\r")
        *ended, rest = _LINE_END.split(chunk)
        events = []
        for piece in ended:
            self._grow(piece)
            if (event := self._end_line()) is not None:
                events.append(event)
        self._grow(rest)
        return events

    def _is_between_events(self) -> bool:
        return not (self._at_start or self._after_cr or self._size or self._line or self._data or self._name)

    def close(self) -> list[ServerSentEvent]:
        """Return the event that the end of the stream completes: some hosts leave out the last blank line."""
        return [event for _ in range(2) if (event := self._end_line()) is not None]

    def _grow(self, piece: bytes) -> None:
        self._line += piece
        self._size += len(piece)
        if self._size > self._limit:
            message = f"an event of more than {self._limit} bytes"
            raise ValueError(message)

    def _end_line(self) -> ServerSentEvent | None:
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value
        else:
            # A comment (an empty field name) or a field we have no use for: it must not count towards the event's size.
            self._size -= len(line)
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        data, name = self._data, self._name
        self._data, self._name, self._size = [], b"", 0
        if not data:
            return None
        return ServerSentEvent(b"\n".join(data).decode(errors="replace"), name.decode(errors="replace"))


def _only_event(chunk: bytes) -> bytes | None:
    """Return the data of a chunk that is one unnamed event of one line, as nearly all are that carry a model's words."""
    if chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") and b"\r" not in chunk and chunk.count(b"\n") == 2:  # noqa: PLR2004 - see above
        return chunk[6:-2]
    return None
