"""What a command printed, bounded: its beginning and its end matter most, so the middle is cut out."""

from __future__ import annotations

from collections import deque

_HEAD_SHARE = 3


class Capture:
    """Takes bytes as they come and keeps at most about ``limit`` of them: a third from the beginning, the rest from the end."""

    def __init__(self, limit: int) -> None:
        self._head_room = limit // _HEAD_SHARE
        self._tail_room = limit - self._head_room
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        """Take more output."""
        room = self._head_room - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if chunk:
            self._tail.append(chunk)
            self._tail_size += len(chunk)
        while self._tail and self._tail_size - len(self._tail[0]) >= self._tail_room:
            self._tail_size -= len(self._tail[0])
            self._dropped += len(self._tail.popleft())

    def text(self) -> str:
        """Return what was kept; what is no UTF-8 is replaced."""
        if not self._dropped:
            return (bytes(self._head) + b"".join(self._tail)).decode(errors="replace")
        head, tail = bytes(self._head).decode(errors="replace"), b"".join(self._tail).decode(errors="replace")
        return f"{head}\n[... {self._dropped} bytes cut ...]\n{tail}"


def shortened(text: str, limit: int) -> str:
    """Return ``text``, its middle cut out when it has more than ``limit`` characters."""
    if len(text) <= limit:
        return text
    head = limit // _HEAD_SHARE
    tail = limit - head
    return f"{text[:head]}\n[... {len(text) - limit} characters cut ...]\n{text[-tail:]}"
