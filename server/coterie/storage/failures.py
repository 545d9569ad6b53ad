"""SQLite's failures in words: what happened to the database, and what the person can do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coterie.base.errors import StorageError

if TYPE_CHECKING:
    import sqlite3

# By SQLite's primary result codes (https://sqlite.org/rescode.html), which are a promise of its file format.
_WORDS = {
    3: ("storage_unwritable", "may not be opened. Make its folder yours, or set COTERIE_HOME to another folder."),
    5: ("storage_busy", "is being written by another program and did not become free. Try again; end that program if it hangs."),
    6: ("storage_busy", "is being written by another program and did not become free. Try again; end that program if it hangs."),
    8: ("storage_unwritable", "cannot be written. Make its folder writable, or set COTERIE_HOME to another folder."),
    10: ("storage_disk", "cannot be read or written: the disk reports an error. Check the disk, then start Coterie again."),
    11: ("storage_damaged", "is damaged. Move it away (Coterie then begins an empty one) or put a copy of it in its place."),
    13: ("storage_full", "cannot grow because the disk is full. Make room and try again; what was written before is safe."),
    14: ("storage_unwritable", "cannot be opened. Make its folder writable, or set COTERIE_HOME to another folder."),
    26: ("storage_damaged", "is no database. Move it away (Coterie then begins an empty one) or put a copy of it in its place."),
}


def explained(error: sqlite3.Error, path: Path) -> StorageError | None:
    """Return what the person is told, or None when the failure is a defect of ours and none of the database's."""
    # Extended codes carry the primary one in their low byte; errors of Python's own module have none.
    words = _WORDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if words is None:
        return None
    code, text = words
    return StorageError(f"The database {path} {text}", code=code)


def unusable(error: OSError, path: Path) -> StorageError:
    """Return what the person is told when the database's folder or a file beside it cannot be used."""
    what = error.strerror or str(error)
    return StorageError(
        f"Coterie cannot keep its data in {path.parent} ({what}: {error.filename or path}). "
        "Make the folder writable, or set COTERIE_HOME to another folder.",
        code="storage_unwritable",
    )
