"""What all clients of one process share: the store, the live runs, the open questions, who is told, and what is open.

A process that serves one editor has one `Shared` and one core; the daemon has one `Shared` and a core for each connection. A run outlives
the connection that it came from: its base stays until it ends.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.agents.coordinator import Coordinator
from coterie.agents.pending import Approvals
from coterie.app.hub import Hub
from coterie.app.succession import Succession
from coterie.base.redaction import Redaction
from coterie.base.tasks import TaskSupervisor
from coterie.features.channel_news import ChannelNews
from coterie.features.channel_watch import ChannelWatch
from coterie.features.listener import Watched
from coterie.features.prediction_client import PredictionProcess
from coterie.features.reviews import Reviews
from coterie.features.unseen import Unseen
from coterie.index.client import IndexProcess
from coterie.providers.cost_map import CostMap
from coterie.providers.lanes import Lanes
from coterie.providers.model_host import ModelHost
from coterie.storage.store import Store
from coterie.workspace.overlays import Overlays
from coterie.workspace.snapshots import Snapshots
from coterie.workspace.trash import Trash

if TYPE_CHECKING:
    from coterie.providers.recorder import Recording


class _Storage(Watched):
    """Whether the store can be used; whoever watches is told when that is otherwise than before."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        store.on_problem(self._changed)


class Shared:
    """Owns what outlives a connection. ``data`` is the folder of the database, ``redaction`` what the process's log goes through.

    ``return_s`` is how long questions wait for clients to come back; 0 where the process ends with its client.
    """

    def __init__(self, data: Path, redaction: Redaction | None = None, *, return_s: float = 0.0) -> None:
        self.data = data
        self.hub = Hub(return_s)
        self.overlays = Overlays()
        self.snapshots = Snapshots(data / "snapshots")
        self.trash = Trash(data / "undone")
        self.tasks = TaskSupervisor("shared")
        self.redaction = redaction or Redaction()
        self.store = Store(data)
        self.storage = _Storage(self.store)
        self.model_host = ModelHost()
        self.lanes = Lanes()
        self.succession = Succession()
        self.predictions = PredictionProcess()
        self._cost_maps: dict[Path, CostMap] = {}
        self._indexes: dict[Path, IndexProcess] = {}
        self._recording: Recording | None = None
        self.approvals = Approvals(self.hub)
        self.news = ChannelNews(self.store.channels, self.hub, self.tasks, pending=self.approvals.count)
        self.channel_watch = ChannelWatch(self.store.channels, self.news.list)
        self.approvals.on_change = self.news.touched
        self.hub.on_left = self.attendance_changed
        self.coordinator = Coordinator(self.store.runs, self.hub, self.news.touched)
        self.storage.watch(self._storage_changed)
        self.reviews = Reviews(self.store.runs, self.coordinator, self.tasks)
        self.unseen = Unseen(self.store.runs, self.coordinator)
        for each in (self.reviews, self.unseen):
            self.hub.join(each)

    def _storage_changed(self) -> None:
        """Note that the store can be used again: what is over, and could not be written to be, is told now."""
        if self.store.problem is None and not self.tasks.closed:
            self.tasks.spawn(self.coordinator.let_go(), name="give up what is over")

    def attendance_changed(self) -> None:
        """Note that a client left, or cannot answer after all: who is left is asked what it was asked, if anybody is."""
        self.approvals.attendance_changed()
        self.hub.catch_up(self.coordinator.standing())

    def cost_map(self, cache: Path) -> CostMap:
        """Return prices and limits, of which all clients with the same cache folder have one copy."""
        return self._cost_maps.setdefault(cache, CostMap(cache))

    def index(self, cache: Path) -> IndexProcess:
        """Return the index, of which all clients with the same cache folder share one process."""
        return self._indexes.setdefault(cache, IndexProcess(cache))

    def recording(self, path: Path) -> Recording:
        """Return the recording of this process, which all clients make together."""
        from coterie.providers.recorder import Recording  # noqa: PLC0415 - few sessions are recorded

        self._recording = self._recording or Recording(path, self.redaction)
        return self._recording

    async def aclose(self) -> None:
        """Interrupt what runs, journal it, let every core end, and close the store."""
        self.hub.expect_nobody()
        await self.coordinator.aclose()
        await self.channel_watch.aclose()
        await self.tasks.settled()
        await self.tasks.aclose()
        await self.model_host.aclose()
        await self.predictions.aclose()
        for index in self._indexes.values():
            await index.aclose()
        await asyncio.to_thread(self.snapshots.close)
        await self.store.aclose()
