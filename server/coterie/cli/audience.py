"""The command line as the core's audience: events wait in a queue until the command writes them."""

from __future__ import annotations

import asyncio

from coterie.domain.channels import ChannelChanged
from coterie.domain.events import AgentEvent
from coterie.domain.preferences import SettingsChanged
from coterie.domain.status import ProviderView, Status


class QueueAudience:
    """Implements `coterie.domain.client_ports.Audience`. ``can_answer`` says whether a person sits at the terminal."""

    def __init__(self, *, can_answer: bool) -> None:
        self._can_answer = can_answer
        self._events: asyncio.Queue[AgentEvent] = asyncio.Queue()

    @property
    def can_answer(self) -> bool:
        """Whether approvals can be put to somebody."""
        return self._can_answer

    def tell(self, event: AgentEvent) -> None:
        """Keep an event for `next`."""
        self._events.put_nowait(event)

    def channel_changed(self, change: ChannelChanged) -> None:
        """Say nothing: a command shows one run."""

    def status_changed(self, status: Status) -> None:
        """Say nothing: ``doctor`` shows the status."""

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Say nothing: ``doctor`` and ``models`` ask."""

    def settings_changed(self, change: SettingsChanged) -> None:
        """Say nothing: a command shows one run."""

    async def ready(self) -> None:
        """Let the command write what waits: it shares the loop with the run, so one turn is enough."""
        await asyncio.sleep(0)

    async def next(self) -> AgentEvent:
        """Return the next event, once there is one."""
        return await self._events.get()
