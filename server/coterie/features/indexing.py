"""Keeps the index in step with one client: its folders are watched while it is here, its buffers are what is answered from.

``app`` builds one for each client and starts it when the client is ready. Front doors `watch` how a build goes; ``status`` shows it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Final, TypeAlias

from coterie.base.tasks import TaskSupervisor
from coterie.domain.code_ports import Index
from coterie.domain.retrieval import BuildNews
from coterie.domain.status import IndexView
from coterie.workspace.documents import Buffer, Documents, Happened
from coterie.workspace.walk import is_too_wide

START_S: Final = 1.0
"""The editor's own start comes first, and other servers' too."""
PAUSE_S: Final = 0.2
"""How long keys are gathered before the index reads a buffer again."""
LARGEST: Final = 400_000
"""Characters; a larger text is not worth reading at every pause."""

Later: TypeAlias = Callable[[float, Callable[[], None]], object]


class Indexing:
    """One client's. ``roots`` are its folders as they are now, ``buffered`` the text that a file has in any editor.

    ``changed`` is called when a build that was told of is done, and when something is wrong with an index, or no longer.
    """

    def __init__(
        self,
        index: Index,
        documents: Documents,
        *,
        roots: Callable[[], Collection[str]],
        buffered: Callable[[str], Awaitable[str | None]],
        later: Later,
        changed: Callable[[], None],
    ) -> None:
        self._index = index
        self._roots = roots
        self._buffered = buffered
        self._later = later
        self._changed = changed
        self._tasks = TaskSupervisor("indexing")
        self._started = False
        self._watched: frozenset[str] = frozenset()
        self._news: dict[str, BuildNews] = {}
        self._due: set[str] = set()  # files of which the index is told soon
        self._told: set[str] = set()  # files of which it knows a buffer
        self._listener: Callable[[BuildNews], None] = lambda _: None
        self._unlisten = index.listen(self._heard)
        documents.listen(self._happened)

    def watch(self, listener: Callable[[BuildNews], None]) -> None:
        """Call ``listener`` with how the builds of the client's folders go."""
        self._listener = listener

    def start(self) -> None:
        """Begin, once the client has had the time to start."""
        self._later(START_S, self._start)

    def folders_changed(self) -> None:
        """Watch the folders that the client has open now, and no others."""
        if not self._started:
            return
        wanted = frozenset(root for root in self._roots() if not is_too_wide(root))
        for root in sorted(wanted - self._watched):
            self._index.watch(root)
        for root in sorted(self._watched - wanted):
            self._index.unwatch(root)
            self._news.pop(root, None)
        self._watched = wanted

    def view(self) -> IndexView | None:
        """Say how the index of the client's folders stands, None before there is any, or where there can be none."""
        known = [news for news in self._news.values() if news.failed is None]
        if not known:
            return None
        return IndexView(
            files=sum(news.files for news in known), done=sum(news.done for news in known), complete=all(news.complete for news in known)
        )

    @property
    def unwatched(self) -> str | None:
        """Why the index does not follow the disk by itself, if it does not."""
        return next((news.unwatched for news in self._news.values() if news.unwatched is not None), None)

    @property
    def failed(self) -> str | None:
        """Why there is no index, if there is none."""
        return next((news.failed for news in self._news.values() if news.failed is not None), None)

    async def aclose(self) -> None:
        """Leave: what the client had open is forgotten, unless others have it open, too."""
        self._unlisten()
        await self._tasks.aclose()
        for absolute in sorted(self._told):
            await self._tell(absolute)
        for root in sorted(self._watched):
            self._index.unwatch(root)
        self._started, self._watched = False, frozenset()

    def _start(self) -> None:
        if not self._tasks.closed:
            self._started = True
            self.folders_changed()
            for absolute in tuple(self._due):
                self._tell_soon(absolute)

    def _heard(self, news: BuildNews) -> None:
        if news.folder in self._watched:
            before = self._news.get(news.folder)
            self._news[news.folder] = news
            self._listener(news)
            if _standing(news) != (_FINE if before is None else _standing(before)):
                self._changed()

    def _happened(self, buffer: Buffer, happened: Happened) -> None:
        absolute = buffer.absolute
        if absolute is None or self._tasks.closed:
            return
        if happened == "saved":
            for root, path in self._places(absolute):
                self._index.saved(root, [path])
        if absolute not in self._due:
            self._due.add(absolute)
            if self._started:
                self._later(PAUSE_S, lambda: self._tell_soon(absolute))

    def _tell_soon(self, absolute: str) -> None:
        if not self._tasks.closed:
            self._tasks.spawn(self._tell(absolute), name="what the index is told of a buffer")

    async def _tell(self, absolute: str) -> None:
        self._due.discard(absolute)
        text = await self._buffered(absolute)
        if text is not None and len(text) > LARGEST:
            text = None
        (self._told.discard if text is None else self._told.add)(absolute)
        for root, path in self._places(absolute):
            self._index.edited(root, path, text)

    def _places(self, absolute: str) -> list[tuple[str, str]]:
        return [(root, Path(absolute).relative_to(root).as_posix()) for root in self._watched if Path(absolute).is_relative_to(root)]


_Standing: TypeAlias = tuple[bool, str | None, str | None]
_FINE: Final[_Standing] = (True, None, None)


def _standing(news: BuildNews) -> _Standing:
    """Leave out how far a build is: that is a progress, and every step of it no change of state."""
    return news.complete, news.unwatched, news.failed
