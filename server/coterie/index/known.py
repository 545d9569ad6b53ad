"""What the index knows of a file and of a past commit: values, which `cache` keeps and everything else looks at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a file is known to be unchanged without reading it."""

    size: int
    mtime_ns: int
    ctime_ns: int


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of the index; ``change`` is larger than that of every change before its last one."""

    id: int
    path: str
    length: int
    stamp: Stamp
    digest: bytes
    imports: tuple[str, ...]
    change: int = 0


@dataclass(frozen=True, slots=True)
class PastCommit:
    """A commit: the terms of what was said, and which paths it touched."""

    said: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
