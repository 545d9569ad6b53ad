"""Runs that do not go on in this process, as the store keeps them: looked up, read, and owned by us for as long as we write to one.

`agents.coordinator` asks here for every run that is not live. Several servers may work on one store: none writes to a run of another's.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from coterie.agents.history import History, history_of
from coterie.agents.live_run import LiveRun
from coterie.agents.named import run_named
from coterie.base.errors import RequestError, StorageError
from coterie.base.tasks import whole
from coterie.domain.client_ports import Audience
from coterie.domain.events import RunEvent
from coterie.domain.runs import RunEvents, RunRow
from coterie.domain.store_ports import RunStore

log = logging.getLogger(__name__)


class KeptRuns:
    """Reads runs, and owns them for a while. What is written to an owned one is told to ``audience``.

    ``on_free`` is told the channel of each run that could not be given up when it was to be, and now is.
    """

    def __init__(self, store: RunStore, audience: Audience, on_free: Callable[[str], None]) -> None:
        self._store = store
        self._audience = audience
        self._on_free = on_free
        self._unreleased: dict[str, LiveRun | None] = {}  # None: of which nothing was written

    def new(self, row: RunRow) -> LiveRun:
        """Return what writes a run that is not journalled yet."""
        return LiveRun(row, self._store, self._audience)

    async def create(self, row: RunRow) -> None:
        """Journal a new run, which is ours."""
        await self._store.create(row)

    async def row(self, run_id: str) -> RunRow:
        """Return what a run is and how it stands. Raises `RequestError` ``unknown_run``, `StorageError` where it cannot be given up yet."""
        if run_id in self._unreleased:
            await self._give_up(run_id)
        return await run_named(run_id, self._store)

    async def history(self, run_id: str) -> History:
        """Return what the journal says of a run."""
        return history_of(await self._store.read(run_id))

    async def events(self, run_id: str, after: int) -> RunEvents:
        """Return what was told of a run after ``after``. Raises `RequestError` ``unknown_run``."""
        return await LiveRun(await self.row(run_id), self._store, self._audience, await self.history(run_id)).events(after)

    async def claim(self, row: RunRow) -> LiveRun:
        """Own an ended run until it is released. Raises `RequestError` ``run_active`` where another server has it, `UnreadableRunError`."""
        try:
            history = await self.history(row.run_id) if await whole(self._store.claim(row.run_id)) else None
        except BaseException:  # who is not handed it cannot give it up
            await self.release(row.run_id)
            raise
        if history is None:
            raise elsewhere()
        return LiveRun(row, self._store, self._audience, history)

    async def release(self, run_id: str, run: LiveRun | None = None) -> None:
        """Give a run up. Where that cannot be written down, it is tried again when somebody asks for the run: nobody else can have it."""
        try:
            await self._give_up(run_id, run)
        except StorageError as failure:
            log.warning("run %s stays with this server for now: %s", run_id, failure.message)

    async def _give_up(self, run_id: str, run: LiveRun | None = None) -> None:
        try:
            await self._store.release(run_id)
        except StorageError:
            self._unreleased[run_id] = run or self._unreleased.get(run_id)
            raise
        if (left := self._unreleased.pop(run_id, None)) is not None:
            await self._tell_rest(left)

    async def _tell_rest(self, run: LiveRun) -> None:
        """Tell how a run ended whose end could not be written when it did."""
        for event in (await run.events(run.history.last)).events:  # who reads it writes that it was interrupted
            if isinstance(event.event, RunEvent):
                self._audience.tell(event)
        self._on_free(run.row.channel_id)

    async def release_rest(self) -> bool:
        """Try again to give up what could not be given up; says whether any of that is free now."""
        rest = tuple(self._unreleased)  # in the order in which they ended
        for run_id in rest:
            if run_id in self._unreleased:  # else somebody may go on with it by now
                await self.release(run_id)
        return any(run_id not in self._unreleased for run_id in rest)

    @asynccontextmanager
    async def borrowed(self, run_id: str) -> AsyncIterator[LiveRun]:
        """Own an ended run for a moment. Raises `RequestError` ``unknown_run``, ``run_active``."""
        run = await self.claim(await self.row(run_id))
        try:
            yield run
        finally:
            await self.release(run_id, run)


def elsewhere() -> RequestError:
    """Return the refusal of what only the server can do that runs a run."""
    return RequestError("Another server is running this run.", code="run_active")
