"""Chat channels and their messages: the `ChannelStore` that ``features.channels`` uses.

Stored is only whether a channel is archived; that it is ``active`` follows from the runs of every living server (see ``recovery``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coterie.base.errors import InvalidParamsError
from coterie.domain.channels import Channel, ChannelMessage, ChannelPage, Fork, KeptRun
from coterie.domain.store_ports import ChannelField
from coterie.domain.wire import adapter
from coterie.storage.database import Database
from coterie.storage.messages import put_message
from coterie.storage.owner import Owner
from coterie.storage.recovery import settle

if TYPE_CHECKING:
    import sqlite3

_INSERT = """INSERT INTO channels (title, folder, archived, updated_at, agent, model, channel_id)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_UPDATES: Mapping[ChannelField, str] = {
    "title": "UPDATE channels SET title = ? WHERE channel_id = ?",
    "folder": "UPDATE channels SET folder = ? WHERE channel_id = ?",
    "state": "UPDATE channels SET archived = ? WHERE channel_id = ?",
    "updated_at": "UPDATE channels SET updated_at = ? WHERE channel_id = ?",
    "agent": "UPDATE channels SET agent = ? WHERE channel_id = ?",
    "model": "UPDATE channels SET model = ? WHERE channel_id = ?",
}
_INSERT_FORK = "INSERT INTO channel_forks (channel_id, origin, kept) VALUES (?, ?, ?)"
_COPY_MARKS = """INSERT INTO context_marks (channel_id, target, kind, at)
    SELECT ?, target, kind, at FROM context_marks WHERE channel_id = ? ORDER BY number"""
_CHANNELS = """SELECT * FROM (
    SELECT number, channel_id, title, folder, updated_at, agent, model, CASE
        WHEN EXISTS (SELECT 1 FROM live_runs WHERE live_runs.channel_id = channels.channel_id) THEN 'active'
        WHEN archived THEN 'archived'
        ELSE 'idle'
    END AS state FROM channels
)"""
_ONE = f"{_CHANNELS} WHERE channel_id = ?"
# ``instr`` of an empty query is 1: it is in everything.
_MANY = f"""{_CHANNELS} AS channel
    WHERE (:folder IS NULL OR folder = :folder)
    AND (:state IS NULL OR state = :state)
    AND (
        instr(casefold(title), casefold(:query))
        OR EXISTS (SELECT 1 FROM messages WHERE messages.channel_id = channel.channel_id AND instr(casefold(text), casefold(:query)))
    )
    ORDER BY updated_at DESC, number DESC"""  # noqa: S608 - built of the constant above
_HOLDING = """SELECT channel_id, message FROM messages
    WHERE instr(casefold(text), casefold(:query))
    ORDER BY number DESC LIMIT :limit"""
_PAGE = """SELECT message FROM messages
    WHERE channel_id = :channel_id AND (:before IS NULL OR number < :before)
    ORDER BY number DESC LIMIT :limit"""


class Channels:
    """The channels of a database. ``owner`` is this server's identity."""

    def __init__(self, database: Database, owner: Owner) -> None:
        self._database = database
        self._owner = owner

    async def create(self, channel: Channel) -> None:
        """Insert a channel."""
        await self._database.write(lambda connection: connection.execute(_INSERT, _values(channel)))

    async def fork(self, channel: Channel, fork: Fork, messages: Sequence[ChannelMessage]) -> None:
        """Insert a channel that begins with these messages, and with what people decided about the pieces of the other one's."""

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(_INSERT, _values(channel))
            kept = adapter(tuple[KeptRun, ...]).dump_json(fork.kept, by_alias=True).decode()
            connection.execute(_INSERT_FORK, (channel.channel_id, fork.channel_id, kept))
            for message in messages:
                put_message(connection, channel.channel_id, message)
            connection.execute(_COPY_MARKS, (channel.channel_id, fork.channel_id))

        await self._database.write(insert)

    async def fork_of(self, channel_id: str) -> Fork | None:
        """Return where a channel comes from; None where it was opened."""

        def select(connection: sqlite3.Connection) -> Fork | None:
            row = connection.execute("SELECT origin, kept FROM channel_forks WHERE channel_id = ?", (channel_id,)).fetchone()
            return None if row is None else Fork(channel_id=row[0], kept=adapter(tuple[KeptRun, ...]).validate_json(row[1]))

        return await self._database.run(select)

    async def get(self, channel_id: str) -> Channel | None:
        """Return a channel."""

        def select(connection: sqlite3.Connection) -> Channel | None:
            settle(connection, self._owner)
            row = connection.execute(_ONE, (channel_id,)).fetchone()
            return None if row is None else _channel(row)

        return await self._database.run(select)

    async def update(self, channel: Channel, *fields: ChannelField) -> None:
        """Write these fields of a channel; what others have written of the rest stays."""
        values = dict(zip(_UPDATES, _values(channel), strict=False))

        def write(connection: sqlite3.Connection) -> None:
            for field in fields:
                connection.execute(_UPDATES[field], (values[field], channel.channel_id))

        await self._database.write(write)

    async def list(self, *, folder: str | None = None, state: str | None = None, query: str | None = None) -> tuple[Channel, ...]:
        """Return channels, latest first. ``query`` searches titles and messages. ``active`` is one with a live run of any live process."""

        def select(connection: sqlite3.Connection) -> tuple[Channel, ...]:
            settle(connection, self._owner)
            wanted = {"folder": folder, "state": state, "query": query or ""}
            return tuple(_channel(row) for row in connection.execute(_MANY, wanted))

        return await self._database.run(select)

    async def search(self, query: str, *, limit: int) -> tuple[tuple[str, ChannelMessage], ...]:
        """Return the messages that hold ``query`` in whatever case, latest first, with their channels' ids."""

        def select(connection: sqlite3.Connection) -> tuple[tuple[str, ChannelMessage], ...]:
            read = adapter(ChannelMessage).validate_json
            rows = connection.execute(_HOLDING, {"query": query, "limit": limit})
            return tuple((channel_id, read(message)) for channel_id, message in rows)

        return await self._database.run(select)

    async def version(self) -> int:
        """Return a number that is another one once another server has written anything; what this one writes does not change it."""

        def select(connection: sqlite3.Connection) -> int:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            return int(version)

        return await self._database.run(select)

    async def delete(self, channel_id: str) -> None:
        """Remove a channel and its messages; its runs keep their journals."""

        def remove(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM messages WHERE channel_id = ?", (channel_id,))
            connection.execute("DELETE FROM context_marks WHERE channel_id = ?", (channel_id,))
            connection.execute("DELETE FROM channels WHERE channel_id = ?", (channel_id,))

        await self._database.write(remove)

    async def post(self, channel_id: str, message: ChannelMessage) -> None:
        """Append a message, or replace the one with its id; sets the channel's ``updated_at``."""
        await self._database.write(lambda connection: put_message(connection, channel_id, message))

    async def history(self, channel_id: str, *, before: str | None = None, limit: int = 50) -> ChannelPage:
        """Return the messages before the message ``before`` (default: the latest), oldest first.

        Raises `InvalidParamsError` when the channel has no message ``before``.
        """

        def select(connection: sqlite3.Connection) -> ChannelPage:
            number = None if before is None else _number(connection, channel_id, before)
            # One more than wanted tells whether there are more.
            wanted = {"channel_id": channel_id, "before": number, "limit": limit + 1}
            rows = connection.execute(_PAGE, wanted).fetchall()
            read = adapter(ChannelMessage).validate_json
            return ChannelPage(messages=tuple(read(text) for (text,) in reversed(rows[:limit])), more=len(rows) > limit)

        return await self._database.run(select)


def _values(channel: Channel) -> tuple[object, ...]:
    """Return what is stored of a channel, as `_INSERT` and `_UPDATES` have it, with its id behind."""
    archived = channel.state == "archived"
    return (channel.title, channel.folder, archived, channel.updated_at, channel.agent, channel.model, channel.channel_id)


def _channel(row: tuple[Any, ...]) -> Channel:
    _, channel_id, title, folder, updated_at, agent, model, state = row
    return Channel(channel_id=channel_id, title=title, folder=folder, state=state, updated_at=updated_at, agent=agent, model=model)


def _number(connection: sqlite3.Connection, channel_id: str, message_id: str) -> int:
    row = connection.execute("SELECT number FROM messages WHERE channel_id = ? AND message_id = ?", (channel_id, message_id)).fetchone()
    if row is None:
        raise InvalidParamsError(f"`before` must be the id of a message of the channel; there is no message {message_id}.")
    return int(row[0])
