"""The server's end of the index's process (see `process`): implements the port `coterie.domain.code_ports.Index`.

The child (`coterie.base.child`) is started on first need. When it dies, whoever waits asks a new one, which finds what the old one had
written; folders are watched again and told of unsaved text without being asked for. It ends with this process, because its input does.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from coterie.base.child import Child
from coterie.base.errors import RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.overview import Overview
from coterie.domain.retrieval import BuildNews, Definitions, Question, Ranking
from coterie.domain.wire import Json, from_wire, to_wire

COMMAND = (sys.executable, "-P", "-m", "coterie.index", "serve")
Listener: TypeAlias = Callable[[BuildNews], None]

log = logging.getLogger(__name__)


class IndexProcess:
    """Owns the child. Used from one event loop; constructing it starts nothing."""

    def __init__(self, caches: Path, *, command: Sequence[str] = COMMAND) -> None:
        self._tasks = TaskSupervisor("index")
        self._child = Child((*command, str(caches)), name="The index", code="index_unavailable", news=self._news, reborn=self._begin_again)
        self._watched: Counter[str] = Counter()  # by how many
        self._edited: dict[tuple[str, str], str] = {}
        self._listeners: list[Listener] = []
        self._warned: set[str] = set()

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """See the port."""
        return self.pid is not None

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See the port."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def watch(self, folder: str) -> None:
        """See the port."""
        folder = _real(folder)
        if not self._tasks.closed:
            self._watched[folder] += 1
            if self._watched[folder] == 1:
                self._tasks.spawn(self._build(folder), name=f"index of {folder}")

    def unwatch(self, folder: str) -> None:
        """See the port."""
        folder = _real(folder)
        self._watched[folder] -= 1
        if not self._watched[folder]:
            del self._watched[folder]
            if not self._tasks.closed and self.pid is not None:
                self._tasks.spawn(self._quietly({"op": "unwatch", "folder": folder}), name=f"end of the watch of {folder}")

    async def refresh(self, folder: str) -> None:
        """See the port."""
        await self._child.call({"op": "refresh", "folder": _real(folder)})

    def saved(self, folder: str, paths: Sequence[str]) -> None:
        """See the port."""
        if not self._tasks.closed:
            self._tasks.spawn(self._quietly({"op": "saved", "folder": _real(folder), "paths": list(paths)}), name="index of what was saved")

    def edited(self, folder: str, path: str, text: str | None) -> None:
        """See the port."""
        folder = _real(folder)
        if self._tasks.closed or (text is None and (folder, path) not in self._edited):
            return
        if text is None:
            del self._edited[folder, path]
        else:
            self._edited[folder, path] = text
        self._tasks.spawn(self._tell_edit(folder, path), name="index of what was edited")

    async def rank(self, folder: str, question: Question) -> Ranking:
        """See the port."""
        return from_wire(Ranking, await self._child.call({"op": "rank", "folder": _real(folder), "question": to_wire(question)}))

    async def overview(self, folder: str, limit: int) -> Overview:
        """See the port."""
        return from_wire(Overview, await self._child.call({"op": "overview", "folder": _real(folder), "limit": limit}))

    async def definitions(self, folder: str, name: str, limit: int) -> Definitions:
        """See the port."""
        return from_wire(Definitions, await self._child.call({"op": "define", "folder": _real(folder), "name": name, "limit": limit}))

    async def settled(self) -> None:
        """Wait until what was noted is done."""
        await self._tasks.settled()

    async def aclose(self) -> None:
        """End the child; what it has not done by then the next one does."""
        await self._tasks.aclose()
        await self._child.aclose()

    async def _build(self, folder: str) -> None:
        try:
            await self._child.call({"op": "watch", "folder": folder})
        except RequestError as failure:
            log.warning("%s", failure.message)
            self._tell(BuildNews(folder=folder, done=0, files=0, complete=False, failed=failure.message))

    async def _quietly(self, request: Mapping[str, Json]) -> None:
        try:
            await self._child.call(request)
        except RequestError as failure:
            log.warning("%s", failure.message)

    async def _tell_edit(self, folder: str, path: str) -> None:
        await self._quietly({"op": "edited", "folder": folder, "path": path, "text": self._edited.get((folder, path))})

    def _begin_again(self) -> None:
        if not self._tasks.closed:
            for folder, path in self._edited:
                self._tasks.spawn(self._tell_edit(folder, path), name="index of what was edited, again")
            for folder in self._watched:
                self._tasks.spawn(self._build(folder), name=f"index of {folder}, again")

    def _news(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"news": news}:
                self._tell(from_wire(BuildNews, news))
            case {"id": None, "failure": str(failure)}:
                log.warning("the index failed: %s", failure)
            case _:
                raise ValueError(message)

    def _tell(self, news: BuildNews) -> None:
        if news.unwatched is not None and news.folder not in self._warned:
            self._warned.add(news.folder)
            log.warning("%s", news.unwatched)
        for listener in tuple(self._listeners):
            listener(news)


def _real(folder: str) -> str:
    """One folder has one index, by whatever name it is opened."""
    return os.path.realpath(folder)
