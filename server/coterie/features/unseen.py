"""What recent runs have changed, or would, and nobody has looked at yet: one for all clients of a process.

``app.shared`` owns it and lets it follow every run; each client's ``changes`` and ``hunks`` show what lies in its own folders. What a
person has decided stands in the journals of the runs, so the next server knows it, too (`Unseen.look_back`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from coterie.agents.coordinator import Coordinator
from coterie.base.errors import StorageError
from coterie.domain.events import AgentEvent, ChangeEvent
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import RunStore
from coterie.features.listener import Listener, Watched
from coterie.features.reviews import LATEST, has_ended_lately

MOST: Final = 10
"""How many journals are read for what earlier runs have changed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnseenChange:
    """A change with hunks that are open, of a run that works in ``folder``."""

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
        history = await self._coordinator.readable(row.run_id)
        if row.run_id in self._looked_at:
            return {}  # something was told of it meanwhile
        self._looked_at.add(row.run_id)
        if history is None:
            return {}
        return {each.change_id: UnseenChange(row.run_id, row.request.folder, each) for each in history.changes.values() if is_open(each)}

    def forget(self, changes: Iterable[UnseenChange]) -> None:
        """Show changes no more, in any client, for the rest of this server's life."""
        for each in changes:
            self._known.pop(each.change.change_id, None)
        self._changed()

    @override
    def tell(self, event: AgentEvent) -> None:
        """Follow changes."""
        if isinstance(event.event, ChangeEvent) and event.run_id is not None:
            if is_open(event.event):
                self._looked_at.add(event.run_id)
                self._known[event.event.change_id] = UnseenChange(event.run_id, event.folder, event.event)
            else:
                self._known.pop(event.event.change_id, None)


def is_open(change: ChangeEvent) -> bool:
    """Say whether a person may want to look at a change."""
    return change.state in {"proposed", "applied"} and any(hunk.is_open for hunk in change.hunks)
