"""Looks at hosts from time to time while they are in use, for those that are better known to be down before a task is given to them.

`registry` says which host is used and does the looking. Nothing is looked at before its first use, and nothing any more once it has not
been used for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from coterie.base.tasks import TaskSupervisor

IN_USE_S = 900.0
"""A host counts as in use for so long after its latest use."""


class HealthWatch:
    """Looks at each host of one registry. ``look`` says whether to look again; ``clock`` gives seconds that only grow."""

    def __init__(
        self,
        look: Callable[[str], Awaitable[bool]],
        *,
        clock: Callable[[], float] = monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._look = look
        self._clock = clock
        self._pause = pause
        self._used: dict[str, float] = {}
        self._watched: set[str] = set()
        self._tasks = TaskSupervisor("health of hosts")

    def used(self, provider: str, every_s: float) -> None:
        """Look at a host every so many seconds from now on, for a while."""
        self._used[provider] = self._clock()
        if provider not in self._watched and not self._tasks.closed:
            self._watched.add(provider)
            self._tasks.spawn(self._watch(provider, every_s), name=f"watch {provider}")

    async def aclose(self) -> None:
        """Look at nothing any more."""
        await self._tasks.aclose()

    async def _watch(self, provider: str, every_s: float) -> None:
        try:
            while self._clock() - self._used[provider] < IN_USE_S:
                await self._pause(every_s)
                if not await self._look(provider):
                    break
        finally:
            self._watched.discard(provider)
