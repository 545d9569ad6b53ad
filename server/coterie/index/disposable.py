"""A SQLite file of which nothing is worth repairing: one that is damaged, or was made by another version, is removed and begun anew.

Changes come in transactions, so a process that is killed leaves the last whole state, and readers of other processes see one state for as
long as their transaction lasts. What must survive a power cut is kept elsewhere. Blocks; `cache` says what is in such a file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

_BUSY_S = 10.0
_SIGNS_OF_DAMAGE = (sqlite3.Error, ValueError, TypeError, LookupError)
"""What reading raises when a byte is another one: SQLite sees it, or a text is none, a number is a text, a named row is gone."""


class DamagedCacheError(Exception):
    """What the file holds cannot be what was written into it. `DisposableDatabase.discard` is the way out."""


class DisposableDatabase:
    """An open file. ``tables`` are the statements that make an empty one, ``version`` is another one whenever they change.

    Used from one thread. Raises `TimeoutError` where others keep the file to themselves for long, `OSError` where it cannot be made.
    """

    def __init__(self, path: Path, tables: str, version: int) -> None:
        self._path = path
        self._tables = tables
        self._version = version
        self._inode = -1
        self._connection = self._open()

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Do a statement, within a `transaction`; the rows are its result."""
        return self._connection.execute(statement, values)

    def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        """Do a statement for each row of values, within a `transaction`."""
        self._connection.executemany(statement, values)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def discard(self) -> None:
        """Begin with nothing."""
        self.close()
        self._remove()
        self._connection = self._open()

    @contextmanager
    def transaction(self, begin: Literal["BEGIN", "BEGIN IMMEDIATE"]) -> Iterator[None]:
        """Do all within one transaction, or nothing of it. Raises `DamagedCacheError` where the file shows itself to be damaged."""
        if _inode(self._path) != self._inode:  # another process has found it damaged and begun anew
            self.close()
            self._connection = self._open()
        try:
            self._connection.execute(begin)
            yield
            self._connection.execute("COMMIT")
        except BaseException as failure:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            if isinstance(failure, _SIGNS_OF_DAMAGE):
                raise self._reason(failure) from failure
            raise

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._prepared()
        except _SIGNS_OF_DAMAGE as failure:
            if _is_busy(failure):
                raise self._reason(failure) from failure
            self._remove()
        try:
            return self._prepared()
        except _SIGNS_OF_DAMAGE as failure:
            raise self._reason(failure) from failure

    def _reason(self, failure: Exception) -> Exception:
        if _is_busy(failure):
            return TimeoutError(f"{self._path}: another process has kept it to itself for {_BUSY_S:.0f} seconds")
        return DamagedCacheError(f"{self._path}: {failure}")

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _prepared(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=_BUSY_S)
        try:
            with suppress(PermissionError):
                self._path.chmod(0o600)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN IMMEDIATE")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in {0, self._version}:
                raise sqlite3.DatabaseError("another version")  # noqa: TRY301 - one way out for all that makes a file unusable
            if version == 0:
                for statement in self._tables.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {self._version}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._inode = _inode(self._path)
        return connection


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return -1


def _is_busy(failure: Exception) -> bool:
    # Python's own failures to read what SQLite says have no code.
    code: int = getattr(failure, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
