"""What became of the runs of a server that died.

Whoever looks first says so: every reader calls `settle`, which turns live runs without a live owner into ``interrupted`` ones, in their
rows and in their journals, so that a client that catches up learns it like any other event. Runs of servers that live are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coterie.base.ids import now
from coterie.domain.events import RunEvent
from coterie.domain.records import Entry, EventRecord
from coterie.storage.database import transaction
from coterie.storage.entries import append_entries, reserve_numbers
from coterie.storage.owner import Owner

if TYPE_CHECKING:
    import sqlite3

_STOPPED = RunEvent(
    state="interrupted",
    reason="server_stopped",
    text="The server that ran this stopped before the run had ended. Resume it to go on from the last finished step.",
)


def settle(connection: sqlite3.Connection, owner: Owner) -> None:
    """Interrupt the live runs of dead servers. Takes the write lock only where there are any."""
    if not _orphans(connection, owner):
        return
    with transaction(connection):
        # Asked again under the lock: another server may have settled them meanwhile.
        for run_id in _orphans(connection, owner):
            seq = reserve_numbers(connection, run_id, 1)
            append_entries(connection, run_id, (Entry(seq, now(), EventRecord(event=_STOPPED)),))
            connection.execute("UPDATE runs SET owner_id = NULL WHERE run_id = ?", (run_id,))
        sweep(connection, owner)


def sweep(connection: sqlite3.Connection, owner: Owner) -> None:
    """Forget the servers that are dead. Within a transaction; a live run that one still has counts as an orphan from then on."""
    for (owner_id,) in connection.execute("SELECT owner_id FROM owners").fetchall():
        if not owner.alive(owner_id):
            owner.bury(connection, owner_id)


def _orphans(connection: sqlite3.Connection, owner: Owner) -> list[str]:
    """Return the live runs that no live server owns."""
    runs = connection.execute("SELECT run_id, owner_id FROM live_runs").fetchall()
    living = {owner_id for owner_id in {owner_id for _, owner_id in runs if owner_id} if owner.alive(owner_id)}
    return [run_id for run_id, owner_id in runs if owner_id not in living]
