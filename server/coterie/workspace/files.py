"""Files on disk: bytes and texts, and replacing a file as a whole or not at all.

Everything here blocks; `in_thread` is how the event loop calls it. Places are absolute with symbolic links resolved, and are looked at
again right before each effect: a command may have put a link there since.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from coterie.base.errors import ModelMistakeError
from coterie.base.leftovers import sweep

MAX_BYTES = 5_000_000
TEMPORARY_SUFFIX = ".coterie-tmp"

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def in_thread(function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run blocking work in a thread. A cancellation waits for its end, so that nobody meets a half-done effect."""
    work = asyncio.get_running_loop().run_in_executor(None, partial(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        with suppress(Exception):
            work.result()
        raise


def read_bytes(place: str, *, limit: int = MAX_BYTES) -> bytes | None:
    """Return a file's content, None when there is none. Raises `ModelMistakeError` for what is no regular file or is too large."""
    path = Path(place)
    try:
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            raise ModelMistakeError(f"{path.name} is a folder, not a file.")
        if not stat.S_ISREG(status.st_mode) or _moved(place):
            raise ModelMistakeError(f"{path.name} is not a regular file of the workspace.")
        if status.st_size > limit:
            raise ModelMistakeError(f"{path.name} is too large to read: {status.st_size:,} bytes.")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise ModelMistakeError(f"{path.name} cannot be read: {failure.strerror}.") from failure


def decoded(content: bytes, name: str) -> str:
    """Return the text of a file, a byte order mark included. Raises `ModelMistakeError` when it is not UTF-8 text."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ModelMistakeError(f"{name} is a binary file or is not encoded in UTF-8; it cannot be read or edited as text.")
    return text


def mode_of(place: str) -> int | None:
    """Return a file's permission bits, None when there is no file."""
    try:
        return stat.S_IMODE(Path(place).lstat().st_mode)
    except OSError:
        return None


def put(place: str, expected: bytes | None, content: bytes | None, *, within: str, mode: int | None = None) -> bool:
    """Replace a file's content by another (None: no file), unless it is no longer as ``expected``; say whether it was done.

    The old file or the new one is there at every moment, also when the machine stops. Mode and owner are kept; a file that is made gets
    the permission bits ``mode``. Deleting takes the folders along that become empty, up to ``within``. Raises `OSError`.
    """
    path = Path(place)
    if _moved(place) or _content(path) != expected:
        return False
    if content is None:
        path.unlink()
        remove_empty_folders(path.parent, Path(within))
        return True
    if expected is not None and not os.access(path, os.W_OK):
        raise PermissionError(13, "it is read-only")
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent, f".{path.name}.", TEMPORARY_SUFFIX)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        _write(temporary, content, None if expected is None else path.stat())
        if expected is None and mode is not None:
            temporary.chmod(mode)
        if _content(path) != expected:
            return False
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def _moved(place: str) -> bool:
    """Say whether a symbolic link now leads from this place to another."""
    return os.path.realpath(place) != place


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _write(path: Path, content: bytes, like: os.stat_result | None) -> None:
    """Write a new file through to the disk; with ``like`` nobody else can read it before it has that file's mode and owner."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o666 if like is None else 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if like is None:
        return
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(path, like.st_uid, like.st_gid)
    path.chmod(stat.S_IMODE(like.st_mode))


def sync_folder(folder: Path) -> None:
    """Make a rename last. Not every system lets a folder be opened; there the rename lasts once the system says so."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_empty_folders(folder: Path, stop: Path) -> None:
    """Remove folders that hold nothing any more: one that was made for the file looks like one that was there before it."""
    with suppress(OSError):
        while folder != stop and folder.is_relative_to(stop):
            folder.rmdir()
            folder = folder.parent


def clear_of_empty_folders(place: Path) -> None:
    """Take a folder away that holds no file, where a file is to come again: whoever made it there loses nothing. Any other one stays."""
    if place.is_symlink() or not place.is_dir():
        return
    folders = dict.fromkeys(Path(at) for at, _, _ in os.walk(place, topdown=False))
    if all(entry in folders for folder in folders for entry in folder.iterdir()):
        with suppress(OSError):  # what has just come into one stays
            for folder in folders:
                folder.rmdir()
