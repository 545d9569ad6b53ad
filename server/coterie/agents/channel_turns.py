"""What begins, goes on or ends in a channel comes one by one, whichever client asks for it; channels do not wait for each other.

`features.runs` and `features.channels` look how a channel stands and then act on it: between the two nobody else does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class ChannelTurns:
    """The turns of all channels of this process."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # those that somebody holds or waits for

    @asynccontextmanager
    async def of(self, channel_id: str | None) -> AsyncIterator[None]:
        """Have a channel for oneself; None is one that nobody knows yet."""
        if channel_id is None:
            yield
            return
        lock = self._locks.get(channel_id)
        if lock is None:
            lock = self._locks[channel_id] = asyncio.Lock()
        async with lock:
            yield
