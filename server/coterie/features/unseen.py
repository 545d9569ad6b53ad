"""What recent runs have changed and nobody has accepted yet: one for all clients of a process.

``app.shared`` owns it and lets it follow every run; each client's ``changes`` shows what lies in its own folders. What a person has
accepted stands in the journals of the runs, so the next server knows it, too (`Unseen.look_back`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from coterie.agents.coordinator import Coordinator
from coterie.base.errors import RequestError, StorageError
from coterie.domain.events import AgentEvent, ChangeEvent
from coterie.domain.records import SeenRecord
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import RunStore
from coterie.features.listener import Listener, Watched
from coterie.features.reviews import LATEST, has_ended_lately

MOST: Final = 10
"""How many journals are read for what earlier runs have changed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnseenChange:
    """A change that stands in a file, of a run that works in ``folder``."""

    run_id: str
    folder: str | None
    change: ChangeEvent


class Unseen(Watched, Listener):
    """The changes, the latest run's last."""

    def __init__(self, runs: RunStore, coordinator: Coordinator) -> None:
        super().__init__()
        self._runs = runs
        self._coordinator = coordinator
        self._order = asyncio.Lock()
        self._known: dict[str, UnseenChange] = {}  # by change
        self._looked_at: set[str] = set()  # the runs that need not be read any more

    def known(self) -> tuple[UnseenChange, ...]:
        """Return the changes, oldest first."""
        return tuple(self._known.values())

    async def look_back(self, concerns: Callable[[str | None], bool]) -> None:
        """Take up what recent runs have changed in the folders that ``concerns`` names."""
        async with self._order:
            before = len(self._known)
            try:
                rows = [row for row in await self._runs.rows(limit=LATEST) if has_ended_lately(row) and concerns(row.request.folder)]
                for row in rows[:MOST]:
                    earlier = await self._of(row)
                    self._known = {**earlier, **self._known}
            except StorageError as reason:
                log.info("earlier changes cannot be read: %s", reason)
            if len(self._known) > before:
                self._changed()

    async def _of(self, row: RunRow) -> dict[str, UnseenChange]:
        """Return what an earlier run has changed, unless it is known."""
        if row.run_id in self._looked_at:
            return {}
        history = await self._coordinator.history(row.run_id)
        if row.run_id in self._looked_at:
            return {}  # something was told of it meanwhile
        self._looked_at.add(row.run_id)
        standing = [each for each in history.changes.values() if each.state == "applied" and each.change_id not in history.seen]
        return {each.change_id: UnseenChange(row.run_id, row.request.folder, each) for each in standing}

    async def accept(self, changes: Iterable[UnseenChange]) -> None:
        """Note that a person has looked at changes, in every client and for good."""
        accepted: dict[str, list[str]] = {}
        for each in changes:
            del self._known[each.change.change_id]
            accepted.setdefault(each.run_id, []).append(each.change.change_id)
        self._changed()
        for run_id, change_ids in accepted.items():
            try:
                await self._coordinator.note(run_id, SeenRecord(change_ids=tuple(change_ids)))
            except (RequestError, StorageError) as reason:
                log.info("that changes of %s are accepted is kept until the end of this server only: %s", run_id, reason)

    @override
    def tell(self, event: AgentEvent) -> None:
        """Follow changes."""
        if isinstance(event.event, ChangeEvent) and event.run_id is not None:
            if event.event.state == "applied":
                self._looked_at.add(event.run_id)
                self._known[event.event.change_id] = UnseenChange(event.run_id, event.folder, event.event)
            else:
                self._known.pop(event.event.change_id, None)
