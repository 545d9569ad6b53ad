"""The models that the person has marked: the `Favourites` that ``features.catalogue`` lays over what the hosts list.

They are kept by id alone, so that a model of a host that is down, or gone for a while, is still one when the host is back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coterie.base.ids import now
from coterie.storage.database import Database

if TYPE_CHECKING:
    import sqlite3


class Favourites:
    """Implements `coterie.domain.store_ports.Favourites`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> frozenset[str]:
        """Return the ids (``host/model``)."""

        def read(connection: sqlite3.Connection) -> frozenset[str]:
            return frozenset(model_id for (model_id,) in connection.execute("SELECT model_id FROM favourites"))

        return await self._database.run(read)

    async def mark(self, model_id: str, *, favourite: bool) -> None:
        """Mark a model, or take its mark away. To say the same again changes nothing."""

        def write(connection: sqlite3.Connection) -> None:
            if favourite:
                connection.execute("INSERT OR IGNORE INTO favourites (model_id, since) VALUES (?, ?)", (model_id, now()))
            else:
                connection.execute("DELETE FROM favourites WHERE model_id = ?", (model_id,))

        await self._database.write(write)
