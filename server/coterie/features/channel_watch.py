"""Notices what other servers on the same store do to channels: a command of the shell, a window with a server of its own.

While a client has the list before it, the store is asked once a second whether anybody else has written, which costs no more than a look at
its shared memory; only then is the list read. ``app.shared`` owns the one watch of a process, ``features.channels`` says who has the list.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from coterie.base.errors import StorageError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.store_ports import ChannelStore

EVERY_S = 1.0

log = logging.getLogger(__name__)


class ChannelWatch:
    """Calls ``look`` after others have written. Asks nothing while nobody attends."""

    def __init__(
        self, channels: ChannelStore, look: Callable[[], Awaitable[object]], *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._channels = channels
        self._look = look
        self._pause = pause
        self._attending: set[object] = set()
        self._tasks = TaskSupervisor("channel watch")
        self._watching: asyncio.Task[None] | None = None

    def attend(self, client: object) -> None:
        """Watch for a client from now on, which has just read the list."""
        self._attending.add(client)
        if self._watching is None and not self._tasks.closed:
            self._watching = self._tasks.spawn(self._watch(), name="watch the channels")

    def leave(self, client: object) -> None:
        """Watch no longer for a client."""
        self._attending.discard(client)
        if not self._attending and self._watching is not None:
            self._watching.cancel()
            self._watching = None

    async def aclose(self) -> None:
        """Watch no more."""
        await self._tasks.aclose()

    async def _watch(self) -> None:
        seen: int | None = None  # so that the first look finds what came between the client's and this
        while True:
            await self._pause(EVERY_S)
            try:
                version = await self._channels.version()
                if version != seen:
                    await self._look()
                    seen = version
            except StorageError as reason:
                log.debug("the channels were not looked at: %s", reason)
