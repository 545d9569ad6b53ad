"""Entries of the journal as rows: how a record becomes JSON and comes back.

What an appended event does to its run's row is here too; what it does to the run's channel, in ``messages``. Used by ``journal`` and
``recovery``, on the database's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coterie.base.errors import UnreadableRunError
from coterie.domain.events import ENDED, MessageDiscarded, MessageEvent, RunEvent, ToolCallEvent, UsageEvent
from coterie.domain.records import Entry, EventRecord, Record
from coterie.domain.usage import Usage
from coterie.domain.wire import adapter
from coterie.storage.messages import follow

if TYPE_CHECKING:
    import sqlite3


def to_json(value: object, of: object = None) -> str:
    """Return a domain value as JSON text in wire spelling; ``of`` is its declared type when that is a union."""
    return adapter(of if of is not None else type(value)).dump_json(value, by_alias=True).decode()


def append_entries(connection: sqlite3.Connection, run_id: str, entries: Sequence[Entry]) -> None:
    """Insert entries and carry the events over to the run's row and channel. Within a transaction."""
    connection.executemany(
        "INSERT INTO entries (run_id, seq, at, record) VALUES (?, ?, ?, ?)",
        [(run_id, entry.seq, entry.at, to_json(entry.record, Record)) for entry in entries],
    )
    for entry in entries:
        match entry.record:
            case EventRecord(event=RunEvent() as event):
                ended_at = entry.at if event.state in ENDED else None
                connection.execute(
                    "UPDATE runs SET state = ?, reason = ?, ended_at = ? WHERE run_id = ?", (event.state, event.reason, ended_at, run_id)
                )
            case EventRecord(event=UsageEvent() as event):
                usage = Usage(
                    input=event.input, cache_read=event.cache_read, cache_write=event.cache_write, output=event.output, usd=event.usd
                )
                connection.execute("UPDATE runs SET usage = ? WHERE run_id = ?", (to_json(usage), run_id))
            case EventRecord(event=(MessageEvent() | MessageDiscarded() | ToolCallEvent()) as event):
                follow(connection, run_id, entry.at, event)
            case _:
                pass


def read_entries(connection: sqlite3.Connection, run_id: str, after: int) -> tuple[Entry, ...]:
    """Return the entries of a run that come after the number ``after``, in order. Raises `UnreadableRunError`.

    A newer server on the same file, beside which this one goes on, may have written what nobody had thought of here.
    """
    rows = connection.execute("SELECT seq, at, record FROM entries WHERE run_id = ? AND seq > ? ORDER BY seq", (run_id, after))
    read = adapter(Record).validate_json
    try:
        return tuple(Entry(seq, at, read(record)) for seq, at, record in rows)
    except ValueError as unknown:
        raise UnreadableRunError(
            f"The journal of the run {run_id} holds what this Coterie does not know: a newer one has written it. "
            "Use the newest Coterie for this run; nothing of it is lost."
        ) from unknown


def reserve_numbers(connection: sqlite3.Connection, run_id: str, count: int) -> int:
    """Set the run's next ``count`` numbers aside and return the first. Within a transaction; the run is there."""
    (first,) = connection.execute(
        "UPDATE runs SET next_seq = next_seq + ? WHERE run_id = ? RETURNING next_seq - ?", (count, run_id, count)
    ).fetchone()
    return int(first)
