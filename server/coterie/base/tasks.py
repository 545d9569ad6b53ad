"""The only creator of background tasks.

Each front door and each owner of background work gets a `TaskSupervisor`. A task that fails is reported once, with its name; closing
the supervisor cancels what still runs and waits for it, so that nothing outlives its owner. ``asyncio.create_task`` is banned elsewhere by
the linter.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

_T = TypeVar("_T")
log = logging.getLogger(__name__)


class TaskSupervisor:
    """Owns tasks. Used from one event loop only."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def spawn(self, work: Coroutine[Any, Any, _T], *, name: str) -> asyncio.Task[_T]:
        """Start ``work`` in the background and own it until it ends.

        Raises `RuntimeError` after `aclose`: work that starts during a shutdown would be lost without a word.
        """
        if self._closed:
            work.close()
            message = f"{self.name} is closed and takes no new task ({name})"
            raise RuntimeError(message)
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        if (failure := task.exception()) is not None:
            log.error("task %s of %s failed", task.get_name(), self.name, exc_info=failure)

    @property
    def closed(self) -> bool:
        """Whether no new task is taken any more."""
        return self._closed

    @property
    def running(self) -> int:
        """How many tasks have not ended yet."""
        return len(self._tasks)

    async def settled(self) -> None:
        """Wait until no task runs, those included that tasks start meanwhile."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def aclose(self) -> None:
        """Cancel every task and wait until all have ended. May be called twice."""
        self._closed = True
        while self._tasks:
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks.difference_update(task for task in tasks if task.done())


async def whole(work: Coroutine[Any, Any, _T]) -> _T:
    """Await something that is done whole or not at all: who is cancelled meanwhile is so only when it has ended."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):  # which is raised once, below
                await asyncio.wait([task])
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.warning("something failed for which nobody waited any more: %s", failure)
        raise


async def side_by_side(*work: Coroutine[Any, Any, _T]) -> list[_T]:
    """Await several pieces of work at once and return their results in order.

    The first failure cancels the others, waits for them, and is raised as itself: callers handle one exception, not a group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as failed:
        raise _first(failed) from None
    return [task.result() for task in tasks]


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    one = failed.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
