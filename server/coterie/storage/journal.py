"""Runs and their append-only journals: the `RunStore` that ``agents`` writes and ``features`` reads.

Entries are inserted and never changed (triggers in ``schema`` see to it); a run's row is a summary that each appended event brings up to
date in the same transaction. How records become rows: ``entries``. Runs of servers that died: ``recovery``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from coterie.base.errors import InvalidParamsError, StorageError
from coterie.domain.edits import digest_of
from coterie.domain.events import RunState
from coterie.domain.records import Entry
from coterie.domain.runs import RunRequest, RunRow
from coterie.domain.usage import Usage
from coterie.domain.wire import adapter
from coterie.storage.database import Database, transaction
from coterie.storage.entries import append_entries, read_entries, reserve_numbers, to_json
from coterie.storage.owner import Owner
from coterie.storage.recovery import settle, sweep

if TYPE_CHECKING:
    import sqlite3

_COLUMNS = "run_id, channel_id, request, workflow, agent, state, reason, started_at, ended_at, usage"
_ONE = f"SELECT {_COLUMNS} FROM runs WHERE run_id = ?"  # noqa: S608 - built of the constant above
# An empty list of states (as JSON) stands for all of them.
_MANY = f"""SELECT {_COLUMNS} FROM runs
    WHERE (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
    AND (:channel_id IS NULL OR channel_id = :channel_id)
    AND (:before IS NULL OR number < :before)
    ORDER BY number DESC LIMIT :limit"""  # noqa: S608 - built of the constant above

_GRANTING = f"""SELECT {_COLUMNS} FROM runs
    WHERE state IN ('queued', 'running', 'waiting', 'interrupted', 'failed')
    AND EXISTS (SELECT 1 FROM entries WHERE entries.run_id = runs.run_id AND substr(record, 1, 15) = '{{"kind":"grant"')
    ORDER BY number DESC"""  # noqa: S608 - built of the constant above


class Journal:
    """The runs of a database. ``owner`` is this server's identity."""

    def __init__(self, database: Database, owner: Owner) -> None:
        self._database = database
        self._owner = owner

    async def create(self, row: RunRow) -> None:
        """Insert a run, owned by this process."""

        def insert(connection: sqlite3.Connection) -> None:
            sweep(connection, self._owner)
            self._owner.hold(connection)
            connection.execute(
                f"INSERT INTO runs ({_COLUMNS}, owner_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
                (
                    row.run_id,
                    row.channel_id,
                    to_json(row.request),
                    row.workflow,
                    row.agent,
                    row.state,
                    row.reason,
                    row.started_at,
                    row.ended_at,
                    to_json(row.usage),
                    self._owner.id,
                ),
            )

        await self._database.write(insert, durable=True)

    async def append(self, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        """Append entries and keep texts under their digests, in one transaction; completed even when the caller is cancelled.

        A `RunEvent` entry also sets the run's row, a `UsageEvent` its usage; a `MessageEvent` is posted to the run's channel and an ended
        `ToolCallEvent` joins the message that made it. ``durable`` waits for the disk (intents).
        """

        def insert(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT OR IGNORE INTO texts (digest, content) VALUES (?, ?)",
                [(digest_of(text), text.encode("utf-8", "surrogatepass")) for text in texts],
            )
            append_entries(connection, run_id, entries)

        await self._database.write(insert, durable=durable)

    async def read(self, run_id: str, after: int = 0) -> tuple[Entry, ...]:
        """Return the entries with ``seq`` > ``after``, in order."""

        def select(connection: sqlite3.Connection) -> tuple[Entry, ...]:
            settle(connection, self._owner)
            return read_entries(connection, run_id, after)

        return await self._database.run(select)

    async def text(self, digest: str) -> str:
        """Return a kept text by the digest that `digest_of` gives."""

        def select(connection: sqlite3.Connection) -> str:
            row = connection.execute("SELECT content FROM texts WHERE digest = ?", (digest,)).fetchone()
            if row is None:
                raise StorageError(f"The database has no text {digest}.", code="storage_damaged")
            content: bytes = row[0]
            return content.decode("utf-8", "surrogatepass")

        return await self._database.run(select)

    async def reserve(self, run_id: str, count: int) -> int:
        """Set ``count`` sequence numbers aside for this process and return the first: never given twice, also after a crash.

        Durable, because clients see numbers of deltas that no entry keeps.
        """
        return await self._database.write(lambda connection: reserve_numbers(connection, run_id, count), durable=True)

    async def row(self, run_id: str) -> RunRow | None:
        """Return a run's row; one whose owner is dead reads ``interrupted``, reason ``server_stopped``."""

        def select(connection: sqlite3.Connection) -> RunRow | None:
            settle(connection, self._owner)
            row = connection.execute(_ONE, (run_id,)).fetchone()
            return None if row is None else _row(row)

        return await self._database.run(select)

    async def rows(
        self,
        *,
        states: Sequence[RunState] = (),
        channel_id: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> tuple[RunRow, ...]:
        """Return rows, newest first, older than the run ``before``. Raises `InvalidParamsError` when there is no such run.

        To ask makes no database where there is none: an editor that comes asks for what is left to be done.
        """
        if before is None and not self._database.begun:
            return ()

        def select(connection: sqlite3.Connection) -> tuple[RunRow, ...]:
            settle(connection, self._owner)
            wanted = {
                "states": json.dumps(list(states)),
                "channel_id": channel_id,
                "before": None if before is None else _number(connection, before),
                "limit": limit,
            }
            return tuple(_row(row) for row in connection.execute(_MANY, wanted))

        return await self._database.run(select)

    async def granting(self) -> tuple[RunRow, ...]:
        """Return the rows of runs that go on, or can be resumed, and in which a person ever granted something; newest first."""
        if not self._database.begun:
            return ()

        def select(connection: sqlite3.Connection) -> tuple[RunRow, ...]:
            settle(connection, self._owner)
            return tuple(map(_row, connection.execute(_GRANTING)))

        return await self._database.run(select)

    async def claim(self, run_id: str) -> bool:
        """Become the owner of an ended run, to resume or undo it; False while another live process owns it, or there is no such run."""

        def take(connection: sqlite3.Connection) -> bool:
            settle(connection, self._owner)
            with transaction(connection, durable=True):
                row = connection.execute("SELECT owner_id FROM runs WHERE run_id = ?", (run_id,)).fetchone()
                if row is None or (row[0] is not None and row[0] != self._owner.id and self._owner.alive(row[0])):
                    return False
                sweep(connection, self._owner)
                self._owner.hold(connection)
                connection.execute("UPDATE runs SET owner_id = ? WHERE run_id = ?", (self._owner.id, run_id))
                return True

        return await self._database.run(take)

    async def release(self, run_id: str) -> None:
        """Give up ownership. A run that is released before it has ended is interrupted by whoever looks next."""

        def give_up(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE runs SET owner_id = NULL WHERE run_id = ? AND owner_id = ?", (run_id, self._owner.id))

        await self._database.write(give_up)


def _number(connection: sqlite3.Connection, run_id: str) -> int:
    row = connection.execute("SELECT number FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise InvalidParamsError(f"`before` must be the id of a run that was listed; there is no run {run_id}.")
    return int(row[0])


def _row(row: tuple[Any, ...]) -> RunRow:
    run_id, channel_id, request, workflow, agent, state, reason, started_at, ended_at, usage = row
    return RunRow(
        run_id=run_id,
        channel_id=channel_id,
        request=adapter(RunRequest).validate_json(request),
        workflow=workflow,
        agent=agent,
        state=state,
        reason=reason,
        started_at=started_at,
        ended_at=ended_at,
        usage=adapter(Usage).validate_json(usage),
    )
