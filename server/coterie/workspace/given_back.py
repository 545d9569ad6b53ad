"""Gives back what no text tells of a file: symbolic links, permissions, the place of a file that was moved; and takes away what was made.

``workspace`` calls `give_back` for `agents.undo`. Each file is known by a `mark` of how it stood: it is touched only while it stands as
the command left it, and what is taken away goes into the ``trash``. Blocks.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coterie.base.errors import ModelMistakeError
from coterie.base.leftovers import sweep
from coterie.domain.edits import LeftOut
from coterie.workspace.files import TEMPORARY_SUFFIX, clear_of_empty_folders, remove_empty_folders
from coterie.workspace.survey import Stamp, stamp_of
from coterie.workspace.trash import Trash

_TOUCHED = "It is not as the command left it: it was changed, made or deleted since. It was left as it is."


def link_mark(target: bytes) -> str:
    """Return the mark of a symbolic link."""
    return f"link {target.hex()}"


def file_mark(stamp: Stamp) -> str:
    """Return the mark of a file that is no text, whatever its permissions are."""
    return f"file {stamp.written} {stamp.size} {stamp.inode}"


def mode_mark(mode: int) -> str:
    """Return the mark of a file's permissions."""
    return f"mode {mode & 0o7777:o}"


def give_back(place: str, left_out: LeftOut, origin: str | None, trash: Trash, run_id: str, *, within: str) -> bool:
    """Make of a file what it was, and say whether it is that now: of a file that is not there no permissions can be given back.

    ``origin`` is where it was moved from. Folders that become empty go, up to ``within``.

    Raises `ModelMistakeError` where it is not as it was left, or cannot be given back, and `OSError`.
    """
    path = Path(place)
    now = _mark_at(path, of_mode=left_out.why == "mode")
    if now == left_out.was and (origin is None or os.path.lexists(origin)):
        return True
    if now is None and left_out.why == "mode":
        return False
    kind, _, value = (left_out.was or "").partition(" ")
    if left_out.now is None and kind == "link":
        clear_of_empty_folders(path)
        now = _mark_at(path, of_mode=False)
    # Where nothing is, a link takes nothing away; an undo may have been cut off between what it took away and the link.
    if now != left_out.now and not (now is None and kind == "link"):
        raise ModelMistakeError(_TOUCHED)
    if kind == "mode":
        path.chmod(int(value, 8))
        return True
    with _link_beside(path, value if kind == "link" else None, within=Path(within)) as link:
        if origin is not None:
            _move_back(path, Path(origin), within=Path(within))
        elif now is not None:
            trash.take(run_id, left_out.path, path)
        if link is not None:
            _put(link, path)
    remove_empty_folders(path.parent, Path(within))
    return True


@contextmanager
def _link_beside(path: Path, target: str | None, *, within: Path) -> Iterator[Path | None]:
    """Have a link ready beside the place where it is to come: where none can be made, nothing is taken away for it."""
    if target is None:
        yield None
        return
    link = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent, f".{path.name}.", TEMPORARY_SUFFIX)
        link.symlink_to(os.fsdecode(bytes.fromhex(target)))
        yield link
    finally:
        link.unlink(missing_ok=True)
        remove_empty_folders(path.parent, within)


def _put(link: Path, path: Path) -> None:
    if os.path.lexists(path):  # while what was there was put away, which may take a while
        raise ModelMistakeError("Another file has come where the link was that is to come again. It was left as it is.")
    try:
        link.rename(path)
    except OSError as failure:
        raise ModelMistakeError(
            f"The link that was there could not be put there again: {failure.strerror or failure}. Undo it once more; "
            "what was in its place is kept."
        ) from failure


def _move_back(path: Path, origin: Path, *, within: Path) -> None:
    clear_of_empty_folders(origin)
    if os.path.lexists(origin):
        raise ModelMistakeError("Another file is where it was before. It was left as it is.")
    try:
        origin.parent.mkdir(parents=True, exist_ok=True)
        path.rename(origin)
    except OSError:
        remove_empty_folders(origin.parent, within)
        raise


def _mark_at(path: Path, *, of_mode: bool) -> str | None:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if of_mode and stat.S_ISREG(status.st_mode):
        return mode_mark(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return link_mark(os.fsencode(os.readlink(path)))  # noqa: PTH115 - a Path would say it in other words
    return file_mark(stamp_of(status))
