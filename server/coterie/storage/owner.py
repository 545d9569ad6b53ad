"""Which server runs what, and whether it is still alive.

A server that starts or resumes a run writes its id on the run's row. The id stands for a file below ``owners/`` on which the server holds
a lock as long as it lives: the kernel drops the lock with the process however it ends, so unlike a process id it cannot be mistaken for
another's, and unlike a lease it needs no clock.

Everything here runs on the database's thread.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from coterie.base.ids import new_id, now

if TYPE_CHECKING:
    import sqlite3


class Owner:
    """This server's identity, and its view of the others'. Locks nothing before `hold`."""

    def __init__(self, folder: Path) -> None:
        self.id = new_id("owner")
        self._folder = folder
        self._lock: IO[bytes] | None = None

    def hold(self, connection: sqlite3.Connection) -> None:
        """Become visible to other servers. Within a transaction, before any row carries the id."""
        import fcntl  # noqa: PLC0415 - not loaded at server start

        if self._lock is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self._file(self.id).open("xb")
            # Nobody else knows the name yet, so this never waits.
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._lock = lock
        # Each time, because an earlier transaction that said so may have been rolled back.
        connection.execute("INSERT OR IGNORE INTO owners (owner_id, pid, since) VALUES (?, ?, ?)", (self.id, os.getpid(), now()))

    def alive(self, owner_id: str) -> bool:
        """Say whether the server of this id lives."""
        import fcntl  # noqa: PLC0415 - not loaded at server start

        if owner_id == self.id:
            return self._lock is not None
        try:
            with self._file(owner_id).open("rb") as lock:
                # Shared, so that two servers that look at the same time do not take each other for the owner.
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def bury(self, connection: sqlite3.Connection, owner_id: str) -> None:
        """Forget a dead server; its runs belong to nobody then. Within a transaction."""
        connection.execute("DELETE FROM owners WHERE owner_id = ?", (owner_id,))
        self._file(owner_id).unlink(missing_ok=True)

    def retire(self, connection: sqlite3.Connection) -> None:
        """Give up every run, and the identity with them, in an orderly shutdown. Within a transaction."""
        if self._lock is not None:
            self.bury(connection, self.id)

    def drop(self) -> None:
        """Let go of the lock: from here on this server counts as dead."""
        if self._lock is not None:
            with contextlib.closing(self._lock):
                self._lock = None

    def _file(self, owner_id: str) -> Path:
        return self._folder / f"{owner_id}.lock"
