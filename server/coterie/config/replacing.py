"""Puts another text in the place of a file of settings, whole or not at all, and never over what was not read.

``features.preferences`` writes settings by it, ``app.literal_keys`` a reference in the place of a key that stood in the open; the text
comes from ``rewriting`` and ``literals``. Several servers, and a person in an editor, may write the same file: servers wait for each other,
and what somebody else saved meanwhile is read again. Everything here blocks.
"""

from __future__ import annotations

import contextlib
import os
from codecs import BOM_UTF8
from collections.abc import Callable
from errno import EACCES
from pathlib import Path

from coterie.base.errors import SettingsError
from coterie.base.kept_file import alone
from coterie.base.leftovers import sweep
from coterie.base.small_file import read_small
from coterie.config.paths import LARGEST_FILE

FRESH_SUFFIX = ".coterie-new"
"""Nobody else's: a person may keep a ``config.toml.20260102.new``."""
_ASKING_PATIENCE_S = 5.0
_ATTEMPTS = 20
"""How often a file is read again that somebody else has written meanwhile; a person cannot be that quick."""


def rewrite(file: Path, lock: Path, change: Callable[[str], str | None]) -> bool:
    """Put in the place of a file what ``change`` makes of its text, whole or not at all; None, or the same text, leaves it alone.

    A file that is not there is made, with its folder; a byte order mark stays, and ``change`` does not see it. Returns whether there is
    another text now. Raises `OSError`, also where the person has made the file one that is not written; `SettingsError` when it is no text,
    is a link that leads in a circle, or does not hold still; and what ``change`` raises.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with alone(lock):
        file = _followed(file)
        for _ in range(_ATTEMPTS):
            before = _content(file)
            mark, said = _text(file, before)
            text = change(said)
            if text is None or text == said:
                return False
            if _replaced(file, before, mark + text.encode()):
                return True
    raise SettingsError(f"{file} is being written by something else all the time, so nothing was written to it.")


def can_rewrite(file: Path, lock: Path, change: Callable[[str], str | None], within_s: float = _ASKING_PATIENCE_S) -> bool:
    """Say whether `rewrite` would write what ``change`` makes of the file, as that is now; not where the lock is not to be had."""
    try:
        file = _followed(file)
        lock.parent.mkdir(parents=True, exist_ok=True)
        with alone(lock, within_s):
            change(_text(file, _content(file))[1])
    except (OSError, SettingsError):
        return False
    place = next((each for each in file.parents if each.exists()), None)
    return place is not None and place.is_dir() and os.access(place, os.W_OK | os.X_OK) and not _is_read_only(file)


def _followed(file: Path) -> Path:
    """Return what is written when the file is: a link to where a person keeps their settings stays one."""
    real = Path(os.path.realpath(file))
    if real.is_symlink():
        raise SettingsError(f"{file} is a link that leads in a circle, so nothing was written to it.")
    return real


def _text(file: Path, content: bytes | None) -> tuple[bytes, str]:
    """Return the byte order mark that a file begins with, where it has one, and what it says."""
    content = content or b""
    mark = BOM_UTF8 if content.startswith(BOM_UTF8) else b""
    try:
        return mark, content.removeprefix(mark).decode()
    except UnicodeDecodeError as failure:
        raise SettingsError(f"{file} is no UTF-8 text, so nothing was written to it.") from failure


def _is_read_only(file: Path) -> bool:
    """Say whether nobody may write to the file: it would be replaced all the same, and whoever made it so means it."""
    return file.exists() and file.stat().st_mode & 0o222 == 0


def _content(file: Path) -> bytes | None:
    try:
        return read_small(file, LARGEST_FILE)
    except FileNotFoundError:
        return None


def _replaced(file: Path, before: bytes | None, content: bytes) -> bool:
    """Put new content in place unless the file is no longer as it was ``before``; say whether it was put there."""
    if _is_read_only(file):
        raise PermissionError(EACCES, "it is read-only")
    file.parent.mkdir(parents=True, exist_ok=True)
    sweep(file.parent, f"{file.name}.", FRESH_SUFFIX)
    fresh = file.with_name(f"{file.name}.{os.getpid()}{FRESH_SUFFIX}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        if before is not None:
            with contextlib.suppress(FileNotFoundError):
                fresh.chmod(file.stat().st_mode & 0o777)
        if _content(file) != before:
            return False
        fresh.replace(file)
        return True
    finally:
        fresh.unlink(missing_ok=True)
