"""The server's end of the index's process (see `process`): implements the port `coterie.domain.ports.Index`.

The child (`coterie.base.child`) is started on first need. When it dies, whoever waits asks a new one, which finds what the old one had
written; a folder is brought up to date again without being asked for. It ends with this process, because its input does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from coterie.base.child import Child
from coterie.base.errors import RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.retrieval import Definitions, Question, Ranking
from coterie.domain.wire import Json, from_wire, to_wire

COMMAND = (sys.executable, "-P", "-m", "coterie.index", "serve")
log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Is told of a folder how many files are read, of how many."""


class IndexProcess:
    """Owns the child. Used from one event loop; constructing it starts nothing."""

    def __init__(
        self, caches: Path, *, command: Sequence[str] = COMMAND, told: Progress = lambda _folder, _done, _files: None, nice: int = 5
    ) -> None:
        self._told = told
        self._tasks = TaskSupervisor("index")
        self._child = Child(
            (*command, str(caches)), name="The index", code="index_unavailable", nice=nice, news=self._news, reborn=self._watch_again
        )
        self._watched: dict[str, None] = {}

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid

    def watch(self, folder: str) -> None:
        """See the port."""
        if not self._tasks.closed and folder not in self._watched:
            self._watched[folder] = None
            self._tasks.spawn(self._quietly({"op": "watch", "folder": folder}), name=f"index of {folder}")

    async def refresh(self, folder: str) -> None:
        """See the port."""
        self._watched[folder] = None
        await self._child.call({"op": "watch", "folder": folder})

    def saved(self, folder: str, paths: Sequence[str]) -> None:
        """See the port."""
        if not self._tasks.closed:
            self._tasks.spawn(self._quietly({"op": "saved", "folder": folder, "paths": list(paths)}), name="index of what was saved")

    async def rank(self, folder: str, question: Question) -> Ranking:
        """See the port."""
        return from_wire(Ranking, await self._child.call({"op": "rank", "folder": folder, "question": to_wire(question)}))

    async def definitions(self, folder: str, name: str, limit: int) -> Definitions:
        """See the port."""
        return from_wire(Definitions, await self._child.call({"op": "define", "folder": folder, "name": name, "limit": limit}))

    async def settled(self) -> None:
        """Wait until what was noted is done."""
        await self._tasks.settled()

    async def aclose(self) -> None:
        """End the child; what it has not done by then the next one does."""
        await self._tasks.aclose()
        await self._child.aclose()

    async def _quietly(self, request: Mapping[str, Json]) -> None:
        try:
            await self._child.call(request)
        except RequestError as failure:
            log.warning("%s", failure.message)

    def _watch_again(self) -> None:
        if not self._tasks.closed:
            for folder in self._watched:
                self._tasks.spawn(self._quietly({"op": "watch", "folder": folder}), name=f"index of {folder}, again")

    def _news(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"folder": str(folder), "done": int(done), "files": int(files)}:
                self._told(folder, done, files)
            case _:
                raise ValueError(message)
