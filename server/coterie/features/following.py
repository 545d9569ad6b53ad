"""A channel's transcript that keeps up: its history first, then every event that comes, none of them lost in between.

``chat_documents`` and ``chat_readings`` have one for each channel that they show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from coterie.domain.events import AgentEvent
from coterie.domain.store_ports import ChannelStore
from coterie.features.transcript import Transcript

INTERVAL_S: Final = 0.25
"""How long whoever shows a transcript waits before it shows more."""
HISTORY: Final = 200


class Following:
    """One channel's transcript. ``active`` finds the run that goes on in a channel."""

    def __init__(self, channel_id: str, channels: ChannelStore, *, active: Callable[[str], str | None]) -> None:
        self.transcript = Transcript()
        self._channel_id = channel_id
        self._channels = channels
        self._active = active
        self._backlog: list[AgentEvent] | None = []  # what came before the history is read; None after that
        self._order = asyncio.Lock()

    def hear(self, event: AgentEvent) -> bool:
        """Take an event of the channel into account; say whether the transcript knows of it now already."""
        if self._backlog is not None:
            self._backlog.append(event)
            return False
        self.transcript.add(event.run_id or "", event.event)
        return True

    async def caught_up(self) -> Transcript:
        """Return the transcript with all that was said so far. Raises `StorageError`; who asks again tries again."""
        async with self._order:
            if self._backlog is None:
                return self.transcript
            page = await self._channels.history(self._channel_id, limit=HISTORY)
            for message in page.messages:
                self.transcript.recall(message)
            self.transcript.run_id = self._active(self._channel_id)
            backlog, self._backlog = self._backlog, None
            for event in backlog:
                self.transcript.add(event.run_id or "", event.event)
            return self.transcript
