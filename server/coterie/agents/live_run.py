"""A run that goes on in this process: the one writer of its journal and the one source of its events.

Everything that happens is written here first and told after, in one order: sequence numbers rise strictly on the wire and in the journal.
`agents.coordinator` makes one per live run; the loop, the team and the effects report to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from coterie.agents.history import History
from coterie.base.ids import now
from coterie.base.tasks import whole
from coterie.domain.client_ports import Audience
from coterie.domain.events import AgentEvent, Event, MessageDelta, MessageEvent, ThoughtDelta, UsageEvent
from coterie.domain.records import Entry, EventRecord, Record
from coterie.domain.runs import RunEvents, RunRow
from coterie.domain.store_ports import RunStore
from coterie.domain.usage import Usage

_BLOCK = 256
"""Sequence numbers set aside at once: deltas take numbers without being journalled."""


class LiveRun:
    """Writes and tells.

    `history` is what the journal says so far; `deciding` is held by whoever carries out what a person decided about the run's changes, and
    while its end is journalled: one verdict at a time.
    """

    def __init__(self, row: RunRow, store: RunStore, audience: Audience, history: History | None = None) -> None:
        self.row = row
        self.history = history or History()
        self.deciding = asyncio.Lock()
        self._store = store
        self._audience = audience
        self._order = asyncio.Lock()
        self._next = 0
        self._reserved = 0
        self._streaming: dict[str, tuple[int, MessageEvent]] = {}
        self._watchers: list[Callable[[], None]] = []

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.row.run_id

    async def record(self, *records: Record, texts: Sequence[str] = (), durable: bool = False) -> None:
        """Journal records in one transaction, then tell the events among them. Not interrupted half-way by a cancellation."""
        if records:
            async with self._order:
                await self._write(records, texts, durable=durable)

    async def _write(self, records: Sequence[Record], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        # The store completes what it was asked for, so what is known and told has to follow whoever is cancelled.
        await whole(self._written(records, texts, durable=durable))

    async def _written(self, records: Sequence[Record], texts: Sequence[str], *, durable: bool) -> None:
        entries = [Entry(await self._number(), now(), record) for record in records]
        await self._store.append(self.run_id, entries, texts, durable=durable)
        for entry in entries:
            self.history.add(entry)
            if isinstance(entry.record, EventRecord):
                self._tell(entry.seq, entry.at, entry.record.event)
        for look in tuple(self._watchers):
            look()

    @contextmanager
    def watched(self, look: Callable[[], None]) -> Iterator[None]:
        """Have ``look`` called after whatever is journalled meanwhile. It never blocks."""
        self._watchers.append(look)
        try:
            yield
        finally:
            self._watchers.remove(look)

    async def event(self, *events: Event, durable: bool = False) -> None:
        """Journal and tell events."""
        await self.record(*map(_as_record, events), durable=durable)

    async def add_usage(self, used: Usage) -> None:
        """Add what a call used to the run's sum, which steps that run side by side share, and tell the sum."""
        async with self._order:
            total = self.history.usage + used
            await self._write(
                [
                    _as_record(
                        UsageEvent(
                            input=total.input,
                            cache_read=total.cache_read,
                            cache_write=total.cache_write,
                            output=total.output,
                            usd=total.usd,
                        )
                    )
                ]
            )

    async def delta(self, event: MessageDelta | ThoughtDelta, so_far: MessageEvent | None = None) -> None:
        """Tell a piece of a message. ``so_far`` is the message up to and with it, for clients that catch up."""
        async with self._order:
            seq = await self._number()
            if so_far is not None:
                self._streaming[so_far.message_id] = (seq, so_far)
            self._tell(seq, now(), event)
        await self._audience.ready()

    def settled(self, message_id: str) -> None:
        """Forget the partial message: it is in the journal, or void."""
        self._streaming.pop(message_id, None)

    async def text(self, digest: str) -> str:
        """Return a text that the journal keeps."""
        return await self._store.text(digest)

    async def events(self, after: int) -> RunEvents:
        """Return what was told after ``after``, without gap or repeat; a message in progress comes as a partial one."""
        async with self._order:
            entries = await self._store.read(self.run_id, after)
            told = [(entry.seq, entry.at, entry.record.event) for entry in entries if isinstance(entry.record, EventRecord)]
            told += [(seq, now(), message) for seq, message in self._streaming.values() if seq > after]
            told.sort(key=lambda event: event[0])
            highest = max([self.history.last, *(seq for seq, _, _ in told)])
            return RunEvents(events=tuple(self._addressed(*event) for event in told), last=highest)

    def standing(self) -> tuple[AgentEvent, ...]:
        """Return the events that say how the run stands now, to a client that comes while it goes on."""
        history = self.history
        said: list[Event] = [] if history.spoken.prompt is None else [history.spoken.prompt]
        said += [step for step in history.steps.values() if step.state == "running"]
        said += [call for call in history.calls.values() if call.state == "running"]
        said.append(history.state)
        said += [approval for approval in history.approvals.values() if approval.state == "pending"]
        return tuple(self._addressed(history.last, now(), event) for event in said)

    async def _number(self) -> int:
        if self._next == self._reserved:
            self._next = await self._store.reserve(self.run_id, _BLOCK)
            self._reserved = self._next + _BLOCK
        self._next += 1
        return self._next - 1

    def _tell(self, seq: int, at: str, event: Event) -> None:
        self._audience.tell(self._addressed(seq, at, event))

    def _addressed(self, seq: int, at: str, event: Event) -> AgentEvent:
        folder = self.row.request.folder
        return AgentEvent(seq=seq, at=at, run_id=self.run_id, channel_id=self.row.channel_id, folder=folder, event=event)


def _as_record(event: Event) -> EventRecord:
    return EventRecord(event=event)
