"""Processes that are gone, and what they left beside files that they were about to replace.

Whoever puts a new file in the place of another one calls `sweep` first: ``workspace.files`` and ``config.replacing``.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def is_alive(process_id: int) -> bool:
    """Say whether there is such a process, be it somebody else's."""
    if os.name == "nt":
        return True  # where signal 0 would be Ctrl-C
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def sweep(folder: Path, prefix: str, suffix: str) -> None:
    """Remove files whose names are ``prefix``, the id of a process, and ``suffix``: of processes that are gone, or had our id before us."""
    for left in tuple(folder.iterdir()):
        owner = left.name.removeprefix(prefix).removesuffix(suffix)
        if left.name != f"{prefix}{owner}{suffix}" or not (owner.isascii() and owner.isdecimal()):
            continue
        if not is_alive(int(owner)) or int(owner) == os.getpid():
            with suppress(OSError):
                left.unlink()
