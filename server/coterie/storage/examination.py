"""Looks at the database from outside, for ``coterie doctor``: whether it is sound, whose it is, and who writes it now. Changes nothing.

``app.wiring`` calls it. It may run beside servers that use the database, and on one that no server can open.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.base.errors import StorageError
from coterie.domain.status import DatabaseView
from coterie.storage.failures import explained, unusable
from coterie.storage.mounts import refuse_network
from coterie.storage.owner import Owner
from coterie.storage.schema import version_of
from coterie.storage.store import FILE

if TYPE_CHECKING:
    import sqlite3

BUSY_S = 5.0
_WRITE_LOCK = 120
"""The byte of the shared-memory file whose lock makes a connection the writer (https://sqlite.org/walformat.html)."""
_FLOCK = "@hhqqi4x"
"""Linux's ``struct flock``: type, whence, start, length, process."""


def examine(folder: Path) -> DatabaseView:
    """Look at the database of a data folder. Blocks, for as long as reading all of it takes."""
    path = folder / FILE
    try:
        begun = path.exists()
        _refuse_unwritable(folder)
    except OSError as error:
        return DatabaseView(path=path, problem=unusable(error, path).message)
    if not begun:
        return DatabaseView(path=path)
    import sqlite3  # noqa: PLC0415 - not loaded at server start

    # Asked before we open it: closing the file gives up what this process itself has locked in it.
    writer = _writer(path)
    try:
        refuse_network(folder)
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            version = _sound_version(connection, path)
            servers = _servers(connection, Owner(folder / "owners")) if version else ()
    except sqlite3.Error as error:
        told = explained(error, path)
        return DatabaseView(path=path, problem=str(error) if told is None else told.message, writer=writer)
    except StorageError as error:
        return DatabaseView(path=path, problem=error.message, writer=writer)
    except OSError as error:
        return DatabaseView(path=path, problem=unusable(error, path).message, writer=writer)
    return DatabaseView(path=path, schema_version=version, size=path.stat().st_size, servers=servers, writer=writer)


def _refuse_unwritable(folder: Path) -> None:
    """Raise `OSError` when nothing can be kept in a folder, which need not be there yet."""
    place = next(each for each in (folder, *folder.parents) if each.exists())
    reason = 0 if os.access(place, os.W_OK | os.X_OK) else errno.EACCES
    reason = reason if place.is_dir() else errno.ENOTDIR
    if reason:
        raise OSError(reason, os.strerror(reason), str(place))


def _sound_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema's number. Raises `StorageError` for a database that is damaged, or newer than this Coterie."""
    version = version_of(connection, path)
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StorageError(f"The database {path} is damaged: {found}", code="storage_damaged")
    return version


def _servers(connection: sqlite3.Connection, owner: Owner) -> tuple[int, ...]:
    """Return the process ids of the servers that have runs and live."""
    owners = connection.execute("SELECT owner_id, pid FROM owners ORDER BY since").fetchall()
    return tuple(pid for owner_id, pid in owners if owner.alive(owner_id))


def _writer(path: Path) -> int | None:
    """Return the process that has a transaction open which writes; None when there is none, or where the system does not tell."""
    if sys.platform != "linux":
        return None
    import fcntl  # noqa: PLC0415 - not loaded at server start

    question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _WRITE_LOCK, 1, 0)
    try:
        with path.with_name(f"{path.name}-shm").open("rb+") as shared_memory:
            kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(shared_memory, fcntl.F_GETLK, question))
    except OSError:
        return None
    return pid if kind != fcntl.F_UNLCK and pid > 0 else None
