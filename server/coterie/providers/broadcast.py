"""A stream that several follow: read once, by one task, and closed when the last of them leaves.

`resilience.sharing` shares calls by it, `catalogue` shares installations. Who comes second is told what is kept of the beginning.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from coterie.base.tasks import TaskSupervisor

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Followed(Generic[_T]):
    """A stream that one has joined; ``is_first`` says that it was begun for this one."""

    events: AsyncGenerator[_T, None]
    is_first: bool


class Broadcasts(Generic[_T]):
    """The streams that are under way, by key. ``keep`` is how much of a stream late followers and slow ones get; None: all of it."""

    def __init__(self, tasks: TaskSupervisor, *, keep: int | None = None) -> None:
        self._tasks = tasks
        self._keep = keep
        self._running: dict[str, _Broadcast[_T]] = {}

    @asynccontextmanager
    async def joined(self, key: str, start: Callable[[], AsyncIterator[_T]], *, name: str) -> AsyncIterator[Followed[_T]]:
        """Follow the stream of a key, which is begun by ``start`` unless it is under way. The task that reads it is called ``name``."""
        broadcast = self._running.get(key)
        is_first = broadcast is None or broadcast.ended
        if broadcast is None or broadcast.ended:
            broadcast = self._running[key] = _Broadcast(self._keep)
            broadcast.task = self._tasks.spawn(broadcast.read(start()), name=name)
        broadcast.listeners += 1
        try:
            async with aclosing(broadcast.events()) as events:
                yield Followed(events, is_first)
        finally:
            broadcast.listeners -= 1
            if not broadcast.listeners:
                if self._running.get(key) is broadcast:
                    del self._running[key]
                await broadcast.close()


class _Broadcast(Generic[_T]):
    """One stream: one task reads it, any number of listeners follow."""

    def __init__(self, keep: int | None) -> None:
        self.listeners = 0
        self.task: asyncio.Task[None] | None = None
        self.ended = False
        self._kept: deque[_T] = deque(maxlen=keep)
        self._count = 0
        self._failure: Exception | None = None
        self._more = asyncio.Condition()

    async def read(self, stream: AsyncIterator[_T]) -> None:
        """Read the stream to its end for those who listen."""
        try:
            async with aclosing(stream) as events:  # type: ignore[type-var]
                async for event in events:
                    self._kept.append(event)
                    self._count += 1
                    await self._tell()
        except Exception as failure:  # noqa: BLE001 - raised where the stream is waited for
            self._failure = failure
        self.ended = True
        await self._tell()

    async def events(self) -> AsyncGenerator[_T, None]:
        """Yield what is kept of the stream, then what comes. Raises what the stream raised."""
        told = 0
        while True:
            while (behind := min(self._count - told, len(self._kept))) > 0:
                told = self._count - behind + 1
                yield self._kept[-behind]
            if self.ended:
                break
            async with self._more:
                while not self._goes_on_behind(told):
                    await self._more.wait()
        if self._failure is not None:
            raise self._failure

    def _goes_on_behind(self, told: int) -> bool:
        return self.ended or told < self._count

    async def close(self) -> None:
        """End the stream, and wait until it is closed."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()
