"""Keeps a command from making the folders of settings, and of git, that a workspace does not have yet.

What stands in them has programs outside of the sandbox run things: an editor, git, and Coterie itself. ``mounts`` makes read-only what is
there, so ``bubblewrap`` has the missing ones be there, empty, while a command runs. Commands run side by side, in several servers too, and
none may lose its mount to the end of another: each holds the folder by a shared lock, and only the last one takes it away.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_OURS_NS = 0
"""When a folder was changed last that is ours: nobody else's is that old, and whatever is put into it makes it younger."""
_ATTEMPTS = 1000
"""How often a folder is opened that others are about to take away; that takes them two calls of the system."""


@contextlib.contextmanager
def there(folders: Iterable[str]) -> Iterator[None]:
    """Have folders be there; those that were made for it, by whomever, are taken away again while they are still empty."""
    with contextlib.ExitStack() as held:
        for folder in map(Path, folders):
            if (descriptor := _hold(folder)) is not None:
                held.callback(_leave, folder, descriptor)
        yield


def _hold(folder: Path) -> int | None:
    """Return the folder, opened and locked; None where there is none, and a command cannot make one either."""
    for _ in range(_ATTEMPTS):
        try:
            folder.mkdir()
            os.utime(folder, ns=(_OURS_NS, _OURS_NS))
        except (FileExistsError, FileNotFoundError):
            pass  # it is there, or was taken away just now
        except OSError:
            return None
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError:
            return None  # it is a file
        if _locked(descriptor, alone=False) and _is(folder, descriptor):
            return descriptor
        os.close(descriptor)
    return None


def _leave(folder: Path, descriptor: int) -> None:
    """Let go of a folder; the last one takes it away, unless somebody has put something into it."""
    try:
        if _locked(descriptor, alone=True) and os.fstat(descriptor).st_mtime_ns == _OURS_NS and _is(folder, descriptor):
            with contextlib.suppress(OSError):
                folder.rmdir()
    finally:
        os.close(descriptor)


def _locked(descriptor: int, *, alone: bool) -> bool:
    """Lock a folder, or say that others hold it. Where folders cannot be locked they are shared by all, and never taken away."""
    import fcntl  # noqa: PLC0415 - there is none on Windows, where nobody comes this far

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return not alone
    return True


def _is(folder: Path, descriptor: int) -> bool:
    """Say whether what was opened is still what stands there."""
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except OSError:
        return False
