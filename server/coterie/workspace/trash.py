"""What an undo takes away of what commands wrote, kept for a while as plain files: nobody knows whether it was anywhere else. Blocks.

A command may have moved a file in from outside and changed it, or taken it out of a stash: to undo that command is right, and to lose the
file with it is not. ``workspace`` puts the present content here before each such effect, ``app.shared`` holds the one `Trash` of a process,
below the data folder. A run has one folder there, in which files lie under their own paths.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from contextlib import suppress
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import IO

from coterie.base.ids import new_id
from coterie.domain.edits import KEPT_DAYS
from coterie.workspace.files import sync_folder

MOST_COPIED = 64 * 1024 * 1024
"""What is larger is only taken along where that needs no copy: on the same disk."""


class Trash:
    """The kept files below ``place``. Touches nothing before the first one. Every method may raise `OSError`."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def folder(self, run_id: str) -> Path | None:
        """Return where the files of a run are kept; None where there are none."""
        folder = self._place / run_id
        return folder if folder.is_dir() else None

    def put(self, run_id: str, path: str, content: bytes) -> None:
        """Keep a content under the path of its file, safe from a power cut; once, however often it is put there."""
        kept = self._free(run_id, path, content)
        if kept is not None:
            self._write(BytesIO(content), kept)

    def take(self, run_id: str, path: str, place: Path) -> None:
        """Move a file or a symbolic link here as it is, so that nothing is left of it in its place."""
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
