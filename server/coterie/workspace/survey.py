"""What lies in a folder at one moment, by the stamps of its files: cheap enough to be done around every command. Blocks.

``snapshots`` reads what has another stamp than before. What is ignored is not there; secrets and symbolic links are, since it is to be told
when a command touches them, though nobody reads the former and follows the latter.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from coterie.workspace.files import MAX_BYTES
from coterie.workspace.ignore import BINARY_ENDINGS, is_secret, rules_of
from coterie.workspace.walk import entries_below, is_too_wide

Kind: TypeAlias = Literal["text", "binary", "large", "secret", "link", "hidden"]
"""What a file is taken for: of a ``text`` the content is kept, of all others it is only known whether they changed.

Of what is ``hidden``, which may be a folder with all that is in it, not even that: it is ignored, or may not be read.
"""


class Stamp(NamedTuple):
    """What changes when a file is written, or put in another's place. Times are in nanoseconds. A tuple, as thousands are made at once."""

    written: int
    changed: int
    size: int
    inode: int
    mode: int


class Sighted(NamedTuple):
    """An entry of a folder; ``kind`` is what its name and size say, ``text`` where only the content can."""

    path: str
    absolute: str
    kind: Kind
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is looked at: files, places that are hidden, bytes of texts, and seconds for one look.

    Beyond that a command's changes are not known. What is hidden is written down with the rest: a folder counts as one place.
    """

    files: int = 20_000
    hidden: int = 20_000
    bytes: int = 64 * 1024 * 1024
    seconds: float = 10.0


class Room:
    """What is left of the bounds in one look; `reason` says which of them was met, if any."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._files = bounds.files
        self._hidden = bounds.hidden
        self._bytes = bounds.bytes
        self._end = time.monotonic() + bounds.seconds
        self.reason: str | None = None

    def takes(self, *, files: int = 0, hidden: int = 0, size: int = 0) -> bool:
        """Say whether there is room for so much more, and take it."""
        self._files -= files
        self._hidden -= hidden
        self._bytes -= size
        if self._files < 0:
            self.reason = f"the workspace has more than {self._bounds.files:,} files"
        elif self._hidden < 0:
            self.reason = f"the workspace has more than {self._bounds.hidden:,} ignored files and folders among the others"
        elif self._bytes < 0:
            self.reason = f"the workspace has more than {self._bounds.bytes // 1024**2} MB of text"
        elif time.monotonic() > self._end:
            self.reason = f"to look at the workspace takes longer than {self._bounds.seconds:g} seconds"
        return self.reason is None


_NONE = Stamp(0, 0, 0, 0, 0)


class _NoRoomError(Exception):
    """Ends a walk that meets too much that is hidden."""


def survey(root: str, room: Room, closed: Container[str] = ()) -> Iterator[Sighted]:
    """Yield what lies below a folder, but not in the ``closed`` ones, as far as there is room; last where something is hidden."""
    if is_too_wide(root):
        room.reason = "the workspace is your home as a whole"
        return
    hidden = list[str]()

    def hide(place: str) -> None:
        if not room.takes(hidden=1):
            raise _NoRoomError
        hidden.append(place)

    try:
        for entry in entries_below(root, rules_of(root), closed, hidden=hide):
            if entry.is_dir(follow_symlinks=False):
                continue
            if not room.takes(files=1):
                return
            with suppress(OSError):  # it has just gone
                stamp = stamp_of(entry.stat(follow_symlinks=False))
                yield Sighted(_path(root, entry.path), entry.path, _kind(entry.name, stamp), stamp)
    except _NoRoomError:
        return
    yield from (Sighted(_path(root, place), place, "hidden", _NONE) for place in hidden)


def sighted_again(path: str, absolute: str) -> Sighted | None:
    """Look at a file by its name, which may be hidden by now; None when it is gone. Raises `OSError`."""
    try:
        stamp = stamp_of(os.lstat(absolute))
    except (FileNotFoundError, NotADirectoryError):
        return None
    is_file = stat.S_ISREG(stamp.mode) or stat.S_ISLNK(stamp.mode)
    return Sighted(path, absolute, _kind(Path(absolute).name, stamp), stamp) if is_file else None


def lies_in(place: str, places: Container[str]) -> bool:
    """Say whether a place is one of some, or lies in one. Asked of every file around every command, so without a `Path` for each folder."""
    while place:
        if place in places:
            return True
        place = place.rpartition(os.sep)[0]
    return False


def _path(root: str, place: str) -> str:
    return os.path.relpath(place, root) if os.sep == "\\" else place[len(root) :].lstrip("/")


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp in what the system says of a file."""
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode)


def _kind(name: str, stamp: Stamp) -> Kind:
    if stat.S_ISLNK(stamp.mode):
        return "link"
    if is_secret(name):
        return "secret"
    if stamp.size > MAX_BYTES:
        return "large"
    return "binary" if name.lower().endswith(BINARY_ENDINGS) else "text"
