"""A journal that dies at a chosen record, as its process would, and the next server that goes on: for tests that try every such point.

    journal = MortalJournal(Death(7, "before"))
    async with staged(…, wrap=journal.around) as stage:
        journal.heed(stage.listener)
        await journal.lived(stage.begin())
    async with staged(…) as stage:
        run_id = await gone_on(stage)

A life without a death comes first, to know by its journal at which records to die; `at_each` tries them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from agent_stage import WITHIN_S, Listener, Stage
from coterie.base.errors import StorageError
from coterie.domain.events import ENDED, AgentEvent, RunEvent
from coterie.domain.records import CallRecord, CommandIntent, EditIntent, Entry
from coterie.domain.store_ports import RunStore

Moment = Literal["before", "after"]

_AT_A_TIME = 4
"""Deaths that are tried side by side, because each waits for the disk."""


@dataclass(frozen=True)
class Death:
    """A server's death at its ``at``-th append, counted from 1, before or after it is done."""

    at: int
    moment: Moment


class MortalJournal:
    """A `RunStore` around another one that dies its death, and from then on takes and gives nothing. Without a death it counts."""

    def __init__(self, death: Death | None = None) -> None:
        self._death = death
        self._store: RunStore
        self.appends = 0
        self.announcing: list[int] = []  # the appends of which the effect comes after
        self.dead = False
        self.over = asyncio.Event()  # set by the death, or by the end of the run that came first

    def around(self, store: RunStore) -> RunStore:
        """Stand between the agents and ``store``."""
        self._store = store
        return cast("RunStore", self)  # by `__getattr__`, which no type sees

    def heed(self, listener: Listener) -> None:
        """Hear of a run's end, beside whoever listens already."""
        others = listener.on_event

        def hear(event: AgentEvent) -> None:
            others(event)
            if isinstance(event.event, RunEvent) and event.event.state in ENDED:
                self.over.set()

        listener.on_event = hear

    async def lived(self, beginning: Awaitable[object]) -> None:
        """Begin a run and wait for its end or for the death, which may come before it has begun."""
        try:
            await beginning
        except StorageError:
            assert self.dead
        async with asyncio.timeout(WITHIN_S):
            await self.over.wait()

    def deaths(self, first: int = 1) -> tuple[Death, ...]:
        """Return a death before each append from the ``first`` on, and one after it: every point at which this server could have died."""
        return tuple(Death(at, moment) for at in range(first, self.appends + 1) for moment in ("before", "after"))

    def telling_deaths(self) -> tuple[Death, ...]:
        """Return fewer `deaths`: after an append that announces nothing there is what there is before the next."""
        return tuple(death for death in self.deaths() if death.moment == "before" or death.at in self.announcing)

    async def append(self, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        """Append, or die."""
        self._check()
        self.appends += 1
        if any(isinstance(entry.record, EditIntent | CommandIntent | CallRecord) for entry in entries):
            self.announcing.append(self.appends)
        if self._death is None or self._death.at != self.appends:
            await self._store.append(run_id, entries, texts, durable=durable)
            return
        if self._death.moment == "after":
            await self._store.append(run_id, entries, texts, durable=durable)
        self.dead = True
        self.over.set()
        self._check()

    def __getattr__(self, name: str) -> Any:
        self._check()
        return getattr(self._store, name)

    def _check(self) -> None:
        if self.dead:
            raise StorageError("This process is dead.")


async def gone_on(stage: Stage, *, first: Callable[[], Awaitable[None]] | None = None) -> str:
    """Resume the latest run, after ``first``, where a death has left it; check that it comes to its end, and return its id."""
    [row, *_] = await stage.store.runs.rows()
    if row.state != "succeeded":
        assert row.state == "interrupted"
        if first is not None:
            await first()
        await stage.runs.resume(row.run_id)
        end = await stage.ended()
        assert end.state == "succeeded", end
    return row.run_id


async def at_each(deaths: Iterable[Death], check: Callable[[Death], Awaitable[None]]) -> None:
    """Check every death; raises all failures, each with the death that it is of."""
    some = asyncio.Semaphore(_AT_A_TIME)

    async def tried(death: Death) -> None:
        async with some:
            await check(death)

    deaths = tuple(deaths)
    outcomes = await asyncio.gather(*map(tried, deaths), return_exceptions=True)
    failures: list[BaseException] = []
    for death, outcome in zip(deaths, outcomes, strict=True):
        if outcome is not None:
            outcome.add_note(f"died {death.moment} append {death.at}")
            failures.append(outcome)
    if failures:
        raise BaseExceptionGroup("these deaths changed the end", failures)
