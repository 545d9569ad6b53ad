"""Cuts a stream of bytes into message bodies, and puts the header before one.

pygls reads headers line by line, knows ``Content-Length`` in this spelling only, and hangs on a length it cannot read. `Decoder` takes
bytes as they come, in any cut, knows headers in any case, and goes on after a bad one. Used by ``transport`` and by nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_HEADER = 16 * 1024
LONGEST_BODY = 256 * 1024 * 1024
"""Far above any real message; a longer one is refused without being held in memory."""
MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Bytes that are no message, and why. The stream goes on behind them."""

    reason: str


def encode(body: bytes) -> bytes:
    """Return ``body`` with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Decoder:
    """Takes bytes in any cut and gives whole bodies."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None  # of the body that is being read; None: a header is
        self._to_skip = 0

    def feed(self, data: bytes) -> Iterator[bytes | BadFrame]:
        """Yield the bodies that ``data`` completes."""
        self._buffer += data
        while True:
            if self._to_skip:
                skipped = min(self._to_skip, len(self._buffer))
                del self._buffer[:skipped]
                self._to_skip -= skipped
                if self._to_skip:
                    return
            if self._length is None:
                header = self._take_header()
                if header is None:
                    return
                if isinstance(header, BadFrame):
                    yield header
                    continue
                self._length = header
            if len(self._buffer) < self._length:
                return
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._length = None
            yield body

    def _take_header(self) -> int | BadFrame | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) <= LONGEST_HEADER:
                return None
            self._buffer.clear()
            return BadFrame("a header that does not end")
        fields = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        length = content_length(fields)
        if isinstance(length, int) and length > LONGEST_BODY:
            self._to_skip = length
            return BadFrame(f"a message of {length} bytes is too long")
        return length


def content_length(fields: bytes) -> int | BadFrame:
    """Return the length that a header gives; field names are case-insensitive, other fields are ignored."""
    for line in fields.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            digits = value.strip()
            if digits.isdigit() and len(digits) <= MOST_DIGITS:
                return int(digits)
            return BadFrame("a Content-Length that is no number")
    return BadFrame("a header without Content-Length")
