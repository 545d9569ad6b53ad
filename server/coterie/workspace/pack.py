"""A file to which contents are appended, and from which each can be read again: where ``snapshots`` keeps the texts of a workspace. Blocks.

One file, because a file for each text would take the first command in a project seconds where this takes a moment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Span:
    """Where a content lies in a pack."""

    start: int
    length: int


class Pack:
    """An open pack, made where it is not there; readable by its owner alone. Every method raises `OSError`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._is_safe = True

    def add(self, content: bytes) -> Span:
        """Append a content."""
        start, rest = self.size, memoryview(content)
        while rest:  # what a full disk has cut off is overwritten by the next
            written = os.pwrite(self._descriptor, rest, start + len(content) - len(rest))
            rest = rest[written:]
        self.size += len(content)
        self._is_safe = self._is_safe and not content
        return Span(start, len(content))

    def sync(self) -> None:
        """Wait until all of it would survive a power cut."""
        if not self._is_safe:
            os.fsync(self._descriptor)
            self._is_safe = True

    def close(self) -> None:
        """Close it. What is in it stays."""
        os.close(self._descriptor)


def content_of(pack: Path, span: Span) -> bytes:
    """Return a content of a pack, which may be another process's. Raises `OSError`."""
    with pack.open("rb") as file:
        file.seek(span.start)
        content = file.read(span.length)
    if len(content) != span.length:
        raise OSError(f"{pack} ends before its contents do")
    return content
