"""The one connection to the database, and the one thread that uses it.

``journal``, ``channels`` and ``usage`` hand in functions; each runs from its beginning to its end on the database's thread. So a
transaction never waits for the event loop while it holds the write lock (another server on the same home may be waiting), nothing
sees half of it, and a caller that is cancelled leaves it whole. That is why this is the standard library's ``sqlite3`` on a thread, not a
wrapper that awaits statement by statement.

Nothing is opened, and ``sqlite3`` not imported, before the first call.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from coterie.base.errors import StorageError
from coterie.storage.failures import explained, unusable
from coterie.storage.functions import install
from coterie.storage.mounts import MOUNTS, refuse_network
from coterie.storage.schema import migrate, version_of

if TYPE_CHECKING:
    import sqlite3

_T = TypeVar("_T")


@contextmanager
def transaction(connection: sqlite3.Connection, *, durable: bool = False) -> Iterator[None]:
    """Take the write lock for a block, commit at its end, roll back when it raises.

    ``durable`` waits for the disk: what is committed survives a power cut, where otherwise it survives only the end of the process.
    """
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Database:
    """A SQLite file. Several servers may have it open; each waits ``busy_timeout_s`` for the others' transactions."""

    def __init__(self, path: Path, *, mounts: Path = MOUNTS, busy_timeout_s: float = 30.0) -> None:
        self.path = path
        self._mounts = mounts
        self._busy_timeout_s = busy_timeout_s
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None  # touched on the thread only
        self._closed = False
        self.problem: StorageError | None = None
        """Why the latest call could not use the file; None when it could, and before the first one.

        Where something could not be written, as on a full disk, it stays until something is: to read the file is no sign of that.
        """
        self.on_problem: Callable[[], None] = lambda: None
        """Called on the event loop when `problem` says something else than before."""
        self._is_unwritten = False  # whether `problem` is of that kind; touched on the thread only
        self._said: str | None = None  # by `problem`, when that was looked at last

    @property
    def begun(self) -> bool:
        """Whether anything was ever kept. Where that cannot be told, using the file will say why."""
        if self._thread is not None:
            return True
        try:
            self.path.stat()
        except FileNotFoundError:
            # A link that leads nowhere (to a disk that is not there) is no sign that nothing was kept.
            return any(place.is_symlink() and not place.exists() for place in (self.path, self.path.parent))
        except OSError:  # among them: the folder is a file
            return True
        return True

    async def run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run ``work`` on the database's thread. Raises `StorageError`.

        Calls are served in the order in which they were made, and completed also when their callers are cancelled meanwhile.
        """
        return await self._run(work, is_write=False)

    async def _run(self, work: Callable[[sqlite3.Connection], _T], *, is_write: bool) -> _T:
        if self._closed:
            raise StorageError("The database is closed, because this Coterie is shutting down.", code="storage_closed")
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="coterie-database")
        performing = asyncio.get_running_loop().run_in_executor(self._thread, self._perform, work, is_write)
        performing.add_done_callback(self._look)  # before whoever asked hears how it went, and also where they hang up
        return await asyncio.shield(performing)

    def _look(self, _: object) -> None:
        says = None if self.problem is None else self.problem.message
        if says != self._said:
            self._said = says
            self.on_problem()

    async def write(self, work: Callable[[sqlite3.Connection], _T], *, durable: bool = False) -> _T:
        """Run ``work`` as one transaction. Raises `StorageError`, and then nothing of it has happened."""

        def commit(connection: sqlite3.Connection) -> _T:
            with transaction(connection, durable=durable):
                return work(connection)

        return await self._run(commit, is_write=True)

    @property
    def opened(self) -> bool:
        """Whether any call was made, so that there may be something to close."""
        return self._thread is not None

    async def aclose(self) -> None:
        """Complete what was asked for, close the file and end the thread. May be called twice."""
        self._closed = True
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(thread, self._close))
        finally:
            thread.shutdown(wait=False)

    def _perform(self, work: Callable[[sqlite3.Connection], _T], is_write: bool) -> _T:  # noqa: FBT001 - handed on by position
        try:
            done = self._done(work)
        except StorageError as error:
            self.problem, self._is_unwritten = error, is_write and self._connection is not None
            raise
        if is_write or not self._is_unwritten:
            self.problem = None
        return done

    def _done(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do something with the open file. Raises `StorageError`, and what is a defect of ours as it is."""
        import sqlite3  # noqa: PLC0415 - not loaded at server start

        try:
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except sqlite3.Error as error:
            if (problem := explained(error, self.path)) is None:
                raise
            raise problem from error
        except OSError as error:
            raise unusable(error, self.path) from error

    def _open(self) -> sqlite3.Connection:
        """Open the file, which is made when it is not there, and bring it to this version."""
        import fcntl  # noqa: PLC0415 - not loaded at server start
        import sqlite3  # noqa: PLC0415 - not loaded at server start

        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_network(folder, self._mounts)
        # Conversations and files' texts are nobody else's business; the log files inherit this mode.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        # Entering WAL mode does not honour the busy timeout, so two servers that start at once take turns.
        with (folder / "opening.lock").open("wb") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=self._busy_timeout_s)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # First of all, because a file that a newer Coterie made is left as it is.
        version = version_of(connection, self.path)
        connection.execute("PRAGMA foreign_keys = ON")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StorageError(
                f"The file system of {self.path} does not support SQLite's write-ahead log. Set COTERIE_HOME to a folder on a local disk.",
                code="storage_unsupported",
            )
        install(connection)
        migrate(connection, version)

    def _close(self) -> None:
        if self._connection is not None:
            with closing(self._connection):
                self._connection = None
