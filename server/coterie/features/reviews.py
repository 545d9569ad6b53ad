"""What reviewers found in recent runs and nobody has dealt with yet: one for all clients of a process.

``app.shared`` owns it and lets it follow every run; each client's ``findings`` shows what lies in its own folders. All of it stands in the
journals of the runs, also what a person said of a finding, so the next server finds it there (`Reviews.look_back`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from typing_extensions import override

from coterie.agents.coordinator import Coordinator
from coterie.agents.history import History
from coterie.base.errors import RequestError, StorageError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import AgentEvent, ArtifactEvent, ChangeEvent, RunEvent
from coterie.domain.records import FindingRecord, FindingState
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import RunStore
from coterie.domain.wire import Json
from coterie.features.listener import Listener, Watched

RECENT: Final = timedelta(days=7)
"""How old a run may be: what was found earlier points at lines that have moved."""
LATEST: Final = 50
MOST: Final = 5
"""Among how many of the latest runs reviews are looked for, and how many journals are read for them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Review:
    """What a run's latest review found and nobody has dealt with. ``undone`` are the files whose changes were taken back, as URIs."""

    run_id: str
    folder: str | None
    findings: tuple[Mapping[str, Json], ...]
    undone: frozenset[str]


class Reviews(Watched, Listener):
    """The reviews by run, the latest last."""

    def __init__(self, runs: RunStore, coordinator: Coordinator, tasks: TaskSupervisor) -> None:
        super().__init__()
        self._runs = runs
        self._coordinator = coordinator
        self._tasks = tasks
        self._order = asyncio.Lock()
        self._known: dict[str, Review] = {}
        self._mending: dict[str, tuple[tuple[str, str], ...]] = {}  # by run: what it is to mend

    def known(self) -> tuple[Review, ...]:
        """Return the reviews, oldest first."""
        return tuple(self._known.values())

    async def look_back(self, concerns: Callable[[str | None], bool]) -> None:
        """Take up what recent runs found in the folders that ``concerns`` names."""
        async with self._order:
            try:
                rows = [row for row in await self._runs.rows(limit=LATEST) if _is_recent_review(row) and concerns(row.request.folder)]
                found = [await self._review(row) for row in reversed(rows[:MOST]) if row.run_id not in self._known]
            except StorageError as reason:
                log.info("earlier reviews cannot be read: %s", reason)
                return
            earlier = {review.run_id: review for review in found if review is not None}
            self._known = {**earlier, **self._known}
        self._changed()

    def mend(self, run_id: str, places: Iterable[tuple[str, str]]) -> None:
        """Note that a run is to mend findings, each named by the run that found it and its id: when it succeeds they are gone."""
        self._mending[run_id] = tuple(places)

    async def settle(self, places: Iterable[tuple[str, str]], state: FindingState) -> None:
        """Forget findings, named as for `mend`, in every client and for good."""
        named = tuple(places)
        for run_id, finding_id in named:
            review = self._known[run_id]
            left = tuple(found for found in review.findings if found["id"] != finding_id)
            self._known[run_id] = replace(review, findings=left)
        self._changed()
        for run_id, finding_id in named:
            try:
                await self._coordinator.note(run_id, FindingRecord(finding_id=finding_id, state=state))
            except (RequestError, StorageError) as reason:
                log.info("that %s is %s is kept until the end of this server only: %s", finding_id, state, reason)

    @override
    def tell(self, event: AgentEvent) -> None:
        """Follow reviews, undone changes, and runs that mend."""
        if self._tasks.closed:
            return
        run_id = event.run_id or ""
        match event.event:
            case ArtifactEvent(type="findings"):
                self._tasks.spawn(self._take(run_id), name=f"findings of {run_id}")
            case ChangeEvent(state="undone" | "rejected") if run_id in self._known:
                self._tasks.spawn(self._take(run_id), name=f"what is left of the findings of {run_id}")
            case RunEvent(state="succeeded") if run_id in self._mending:
                self._tasks.spawn(self.settle(self._mending.pop(run_id), "mended"), name=f"what {run_id} mended")
            case _:
                pass

    async def _take(self, run_id: str) -> None:
        async with self._order:
            row = await self._runs.row(run_id)
            if row is not None and (review := await self._review(row)) is not None:
                self._known[run_id] = review
        self._changed()

    async def _review(self, row: RunRow) -> Review | None:
        history = await self._coordinator.readable(row.run_id)
        return None if history is None else _review_of(row, history)


def _review_of(row: RunRow, history: History) -> Review:
    undone = frozenset(change.uri for change in history.changes.values() if change.state in {"undone", "rejected"})
    stands = not undone or any(change.state == "applied" for change in history.changes.values())
    found = (history.latest("findings") or {}).get("findings", ()) if stands else ()
    return Review(row.run_id, row.request.folder, tuple(each for each in found if each["id"] not in history.settled), undone)


def _is_recent_review(row: RunRow) -> bool:
    return (row.workflow is not None or row.agent == "reviewer") and has_ended_lately(row)


def has_ended_lately(row: RunRow) -> bool:
    """Say whether what a run did is still worth showing."""
    return row.ended_at is not None and datetime.fromisoformat(row.ended_at) > datetime.now(UTC) - RECENT
