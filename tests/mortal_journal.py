"""A journal that dies at a chosen record, as its process would: for tests that try every point at which a server can end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from coterie.base.errors import StorageError
from coterie.domain.records import CallRecord, CommandIntent, EditIntent, Entry
from coterie.domain.store_ports import RunStore

Moment = Literal["before", "after"]


class MortalJournal:
    """A `RunStore` that dies at its ``at``-th append, before or after it is done, and from then on takes and gives nothing."""

    def __init__(self, store: RunStore, at: int | None, moment: Moment) -> None:
        self._store = store
        self._at = at
        self._moment = moment
        self.appends = 0
        self.announcing: list[int] = []  # the appends of which the effect comes after
        self.dead = False
        self.over = asyncio.Event()  # set by the death, or by the end of the run that came first

    async def append(self, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        """Append, or die."""
        self._check()
        self.appends += 1
        if any(isinstance(entry.record, EditIntent | CommandIntent | CallRecord) for entry in entries):
            self.announcing.append(self.appends)
        if self.appends != self._at:
            await self._store.append(run_id, entries, texts, durable=durable)
            return
        if self._moment == "after":
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
