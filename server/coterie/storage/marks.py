"""What people decided about the pieces of a channel's conversation. Only added to: the latest decision about a piece counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coterie.base.ids import now
from coterie.domain.inspection import Mark
from coterie.storage.database import Database

if TYPE_CHECKING:
    import sqlite3


class ContextMarks:
    """Implements `coterie.domain.store_ports.MarkStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, channel_id: str, mark: Mark) -> None:
        """Keep a decision."""
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT INTO context_marks (channel_id, target, kind, at) VALUES (?, ?, ?, ?)", (channel_id, mark.target, mark.kind, now())
            )
        )

    async def of(self, channel_id: str) -> tuple[Mark, ...]:
        """Return the decisions about a channel, the latest last."""

        def select(connection: sqlite3.Connection) -> tuple[Mark, ...]:
            rows = connection.execute("SELECT target, kind FROM context_marks WHERE channel_id = ? ORDER BY number", (channel_id,))
            return tuple(Mark(target=target, kind=kind) for target, kind in rows)

        return await self._database.run(select)
