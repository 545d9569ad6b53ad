"""Messages of channels as rows: how they come in, from the person's posts and from the events of runs.

Used by ``channels`` and ``entries``, on the database's thread. A message keeps its place in the channel when it is replaced.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coterie.domain.channels import ChannelMessage
from coterie.domain.events import MessageDiscarded, MessageEvent, ToolCallEvent
from coterie.domain.wire import adapter

if TYPE_CHECKING:
    import sqlite3


def put_message(connection: sqlite3.Connection, channel_id: str, message: ChannelMessage) -> None:
    """Append a message, or replace the one with its id. Within a transaction."""
    connection.execute(
        """INSERT INTO messages (channel_id, message_id, text, message) VALUES (?, ?, ?, ?)
        ON CONFLICT (channel_id, message_id) DO UPDATE SET text = excluded.text, message = excluded.message""",
        (channel_id, message.message_id, message.text, adapter(ChannelMessage).dump_json(message, by_alias=True).decode()),
    )
    # A late word on an early message does not make the channel older.
    connection.execute("UPDATE channels SET updated_at = max(updated_at, ?) WHERE channel_id = ?", (message.at, channel_id))


def follow(connection: sqlite3.Connection, run_id: str, at: str, event: MessageEvent | MessageDiscarded | ToolCallEvent) -> None:
    """Carry an event of a run over to the run's channel. Within a transaction; a run whose channel is not stored has no history.

    A message is posted, or posted anew, and keeps its calls; a discarded one goes; a call that has ended joins the message that made it.
    """
    row = connection.execute("SELECT channel_id FROM runs JOIN channels USING (channel_id) WHERE run_id = ?", (run_id,)).fetchone()
    if row is None or event.message_id is None:
        return
    channel_id: str = row[0]
    stored = _get(connection, channel_id, event.message_id)
    match event:
        case MessageEvent():
            message = ChannelMessage(
                message_id=event.message_id,
                run_id=run_id,
                role=event.role,
                text=event.text,
                at=at if stored is None else stored.at,
                agent=event.agent,
                model=event.model,
                partial=event.partial,
                tool_calls=None if stored is None else stored.tool_calls,
                attachments=event.attachments,
            )
            put_message(connection, channel_id, message)
        case MessageDiscarded():
            connection.execute("DELETE FROM messages WHERE channel_id = ? AND message_id = ?", (channel_id, event.message_id))
        case ToolCallEvent(state="succeeded" | "failed" | "denied") if stored is not None:
            others = tuple(call for call in stored.tool_calls or () if call.call_id != event.call_id)
            put_message(connection, channel_id, replace(stored, tool_calls=(*others, event)))
        case ToolCallEvent():
            pass


def _get(connection: sqlite3.Connection, channel_id: str, message_id: str) -> ChannelMessage | None:
    row = connection.execute("SELECT message FROM messages WHERE channel_id = ? AND message_id = ?", (channel_id, message_id)).fetchone()
    if row is None:
        return None
    message: ChannelMessage = adapter(ChannelMessage).validate_json(row[0])
    return message
