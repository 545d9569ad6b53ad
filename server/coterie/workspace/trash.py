"""What an undo takes away of what commands wrote, kept for a while as plain files: nobody knows whether it was anywhere else. Blocks.

A command may have moved a file in from outside and changed it, or taken it out of a stash: to undo that command is right, and to lose the
file with it is not. ``workspace`` puts the present content here before each such effect, ``app.shared`` holds the one `Trash` of a process,
below the data folder. A run has one folder there, in which files lie under their own paths. The room is bounded (`Trash.bound`): beyond it
what was kept of the oldest runs goes. Several servers may share the place, of which one at a time works in it.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import IO, NamedTuple

from coterie.base.ids import new_id
from coterie.base.kept_file import alone
from coterie.domain.edits import KEPT_DAYS
from coterie.workspace.files import sync_folder

MOST_KEPT = 1024 * 1024 * 1024
"""So many bytes are kept where nobody says otherwise."""
IN_HAND_S = 600.0
"""What was kept within so many seconds stays, whatever room there is: it may be of an undo that another server has in hand."""
MOST_COPIED = 64 * 1024 * 1024
"""What is larger is only taken along where that needs no copy: on the same disk."""


class Trash:
    """The kept files below ``place``. Touches nothing before the first one. Methods may raise `OSError`, and run in several threads."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._lock = place.with_suffix(".lock")
        self._added = 0  # bytes since it was looked how many there are
        self._spare: tuple[int, int] | None = None  # of which room how many bytes may come before the next look
        self._let_go = Counter[str]()

    def folder(self, run_id: str) -> Path | None:
        """Return where the files of a run are kept; None where there are none."""
        folder = self._place / run_id
        return folder if folder.is_dir() else None

    def bound(self, run_id: str, most: int) -> None:
        """Let go of what was kept of the oldest runs, where all of it takes more than ``most`` bytes on the disk: never of ``run_id``."""
        if self._spare is not None and self._spare[0] == most and self._added <= self._spare[1]:
            return
        with self._alone():
            kept = sorted(_Kept(folder.stat().st_mtime, _size(folder), folder) for folder in self._place.iterdir() if folder.is_dir())
            size = sum(each.size for each in kept)
            for each in kept:
                if size > most and each.place.name != run_id and time.time() - each.since > IN_HAND_S:
                    shutil.rmtree(each.place, ignore_errors=True)
                    if not each.place.exists():
                        size -= each.size
                        self._let_go[run_id] += 1
            # Where all that is left is needed, it is not looked at again for each file.
            self._added, self._spare = 0, (most, max(most - size, most // 16))

    def let_go(self, run_id: str) -> int:
        """Return of how many runs what was kept went for what is kept of this one, since this was asked before."""
        return self._let_go.pop(run_id, 0)

    def put(self, run_id: str, path: str, content: bytes) -> None:
        """Keep a content under the path of its file, safe from a power cut; once, however often it is put there."""
        with self._alone():
            kept = self._free(run_id, path, content)
            if kept is not None:
                self._write(BytesIO(content), kept)
                self._added += _size(kept)

    def take(self, run_id: str, path: str, place: Path) -> None:
        """Move a file or a symbolic link here as it is, so that nothing is left of it in its place."""
        with self._alone():
            kept = self._free(run_id, path)
            assert kept is not None  # noqa: S101 - without a content nothing is there already
            try:
                place.rename(kept)
            except OSError as failure:
                if failure.errno != errno.EXDEV:
                    raise
                if place.lstat().st_size > MOST_COPIED:
                    raise OSError(errno.EFBIG, "it is too large to be kept on another disk", str(place)) from failure
                if place.is_symlink():
                    kept.symlink_to(place.readlink())
                else:
                    with place.open("rb") as source:
                        self._write(source, kept)
                    shutil.copystat(place, kept)
                try:
                    place.unlink()
                except OSError:
                    kept.unlink()  # it stays where it is, and would be kept once more with each attempt
                    raise
            sync_folder(kept.parent)
            self._added += _size(kept)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone(self._lock):
            yield

    def _write(self, source: IO[bytes], kept: Path) -> None:
        """Write a new file through to the disk, which comes to its place whole: what a full disk cut off is nobody's content."""
        partial = self._place / new_id("partial")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                shutil.copyfileobj(source, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(kept)
        finally:
            partial.unlink(missing_ok=True)
        sync_folder(kept.parent)

    def _free(self, run_id: str, path: str, content: bytes | None = None) -> Path | None:
        """Return a place where nothing is yet, with its folders made; None where this very content is kept already.

        A file may have been a folder meanwhile, and be taken back more than once: what does not fit beside the others gets a folder more.
        """
        folder = self._place / run_id
        if not folder.is_dir():
            self._sweep()
            self._spare = None  # other servers may have kept something
            folder.mkdir(mode=0o700, exist_ok=True)
        os.utime(folder)
        for number in count(1):
            kept = (folder if number == 1 else folder / f"again-{number}") / path
            if content is not None and kept.is_file() and not kept.is_symlink() and kept.read_bytes() == content:
                return None
            with suppress(FileExistsError, NotADirectoryError):
                kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not os.path.lexists(kept):
                    return kept
        raise AssertionError("numbers do not end")

    def _sweep(self) -> None:
        """Let go of what nobody came back for."""
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in self._place.iterdir():
            with suppress(OSError):  # another server does the same
                if time.time() - old.stat().st_mtime <= KEPT_DAYS * 24 * 3600:
                    continue
                if old.is_dir():
                    shutil.rmtree(old, ignore_errors=True)
                else:
                    old.unlink()  # of a server that died while it wrote


class _Kept(NamedTuple):
    """What is kept of a run: since when nothing came to it, and how many bytes it takes."""

    since: float
    size: int
    place: Path


def _size(place: Path) -> int:
    """Return how many bytes of the disk a file, or all in a folder, takes: of one with holes fewer than it has."""
    if place.is_dir() and not place.is_symlink():
        return sum(_size(entry) for entry in place.iterdir())
    status = place.lstat()
    return getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
