"""Where a conversation is cut, so that another one can go on from there with what was said up to it.

``features.channels`` forks a channel by it. Nothing is taken away: the old channel keeps its runs, the new one names the place in their
journals up to which they belong to its story, and `agents.before` reads them from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coterie.agents.before import Told, story, up_to
from coterie.agents.history import history_of
from coterie.base.errors import RequestError
from coterie.domain.channels import ChannelMessage, Fork, KeptRun, Staying
from coterie.domain.events import MessageEvent
from coterie.domain.records import CallRecord, Entry, EventRecord, MessageRecord
from coterie.domain.runs import Attachment
from coterie.domain.store_ports import ChannelStore, RunStore

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a fork begins with. ``left`` is the person's message that is to be said anew, with its ``attachments``."""

    fork: Fork
    kept: tuple[ChannelMessage, ...]
    left: ChannelMessage | None = None
    attachments: tuple[Attachment, ...] = ()
    staying: tuple[Staying, ...] = ()


async def cut(runs: RunStore, channels: ChannelStore, channel_id: str, message_id: str | None) -> Cut:
    """Cut before a message of the person, behind an answer, or (None) behind everything. Raises `RequestError` ``unknown_message``."""
    told, messages = await story(runs, channels, channel_id), await _messages(channels, channel_id)
    at = next((place for place, message in enumerate(messages) if message.message_id == message_id), None)
    if message_id is None:
        return Cut(fork=Fork(channel_id=channel_id, kept=await _whole(runs, told)), kept=messages)
    if at is None:
        raise RequestError(f"There is no message '{message_id}' in this channel.", code="unknown_message")
    message = messages[at]
    is_left = message.role == "user"
    place = next((place for place, each in enumerate(told) if each.row.run_id == message.run_id), len(told))
    kept = await _whole(runs, told[:place])
    own: KeptRun | None = None  # what is kept of the message's own run
    if place < len(told):
        entries = await _entries(runs, told[place])
        through = _left_from(entries, message.message_id) if is_left else _kept_through(entries, message.message_id)
        own = None if through is None else KeptRun(run_id=told[place].row.run_id, through=through)
    return Cut(
        fork=Fork(channel_id=channel_id, kept=(*kept, *([own] if own is not None else []))),
        kept=messages[:at] if is_left else messages[: at + 1],
        left=message if is_left else None,
        attachments=told[place].row.request.attachments if is_left and place < len(told) and own is None else (),
        staying=await _staying(runs, told[place:], own),
    )


async def _whole(runs: RunStore, told: Sequence[Told]) -> tuple[KeptRun, ...]:
    """Return runs as they are now: one that is resumed later goes on in its own channel alone."""
    read = [(each.row.run_id, await _entries(runs, each)) for each in told]
    return tuple(KeptRun(run_id=run_id, through=entries[-1].seq) for run_id, entries in read if entries)


def _left_from(entries: Sequence[Entry], message_id: str) -> int | None:
    """Return the last number before what a person said; None where the run began with that."""
    said = {
        entry.record.event.message_id: entry.seq
        for entry in reversed(entries)
        if isinstance(entry.record, EventRecord) and isinstance(entry.record.event, MessageEvent)
    }
    if message_id not in said or said[message_id] == min(said.values()):
        return None
    heard = (entry.seq for entry in entries if isinstance(entry.record, MessageRecord) and entry.record.message_id == message_id)
    return next(heard, said[message_id]) - 1


def _kept_through(entries: Sequence[Entry], message_id: str) -> int:
    """Return the last number that belongs to an answer: the results of its calls are part of it."""
    begun = False
    for entry in entries:
        match entry.record:
            case EventRecord(event=MessageEvent(message_id=said)) | MessageRecord(message_id=said) if said == message_id:
                begun = True
            case EventRecord(event=MessageEvent()) | CallRecord() if begun:
                return entry.seq - 1
            case _:
                pass
    return entries[-1].seq


async def _entries(runs: RunStore, told: Told) -> tuple[Entry, ...]:
    return up_to(await runs.read(told.row.run_id), told.through)


async def _messages(channels: ChannelStore, channel_id: str) -> tuple[ChannelMessage, ...]:
    messages: tuple[ChannelMessage, ...] = ()
    more = True
    while more:
        page = await channels.history(channel_id, before=messages[0].message_id if messages else None, limit=_PAGE)
        messages, more = (*page.messages, *messages), page.more
    return messages


async def _staying(runs: RunStore, told: Sequence[Told], own: KeptRun | None) -> tuple[Staying, ...]:
    """Return what the runs behind the cut have changed and is still so; ``own`` is what is kept of the first of them."""
    found = []
    for place, each in enumerate(told):
        entries = await runs.read(each.row.run_id)
        kept = history_of(up_to(entries, own.through)).changes if place == 0 and own is not None else {}
        changes = history_of(entries).changes
        paths = {change.path for change_id, change in changes.items() if change.state == "applied" and change_id not in kept}
        if paths:
            found.append(Staying(run_id=each.row.run_id, paths=tuple(sorted(paths))))
    return tuple(found)
