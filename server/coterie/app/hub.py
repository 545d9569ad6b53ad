"""Everyone who is told: one audience for the core, however many clients there are.

`Shared` owns the hub; each connection's core joins it when it is built and leaves when its client does. A question can be answered as long
as somebody is there who can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from coterie.domain.channels import ChannelChanged
from coterie.domain.events import AgentEvent
from coterie.domain.ports import Audience
from coterie.domain.status import ProviderView, Status


class Hub:
    """Implements `coterie.domain.ports.Audience` for all clients together."""

    def __init__(self) -> None:
        self._audiences: list[Audience] = []
        self.on_left: Callable[[], None] = lambda: None

    def join(self, audience: Audience) -> None:
        """Tell one more client from now on."""
        self._audiences.append(audience)

    def leave(self, audience: Audience) -> None:
        """Stop telling a client; questions that nobody is left to answer are taken back."""
        if audience in self._audiences:
            self._audiences.remove(audience)
            self.on_left()

    @property
    def can_answer(self) -> bool:
        """Whether somebody is there who can answer an approval."""
        return any(audience.can_answer for audience in self._audiences)

    def tell(self, event: AgentEvent) -> None:
        """Tell everyone."""
        for audience in tuple(self._audiences):
            audience.tell(event)

    def channel_changed(self, change: ChannelChanged) -> None:
        """Tell everyone."""
        for audience in tuple(self._audiences):
            audience.channel_changed(change)

    def status_changed(self, status: Status) -> None:
        """Tell everyone."""
        for audience in tuple(self._audiences):
            audience.status_changed(status)

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Tell everyone."""
        for audience in tuple(self._audiences):
            audience.providers_changed(providers)

    async def ready(self) -> None:
        """Wait while a client cannot keep up; each is given up by its own front door when that takes too long."""
        match self._audiences:
            case []:
                pass
            case [audience]:
                await audience.ready()
            case several:
                await asyncio.gather(*(audience.ready() for audience in several))
