"""Somebody who hears what clients are told, and is no client: the base of the use cases that follow runs."""

from __future__ import annotations

from coterie.domain.channels import ChannelChanged
from coterie.domain.events import AgentEvent
from coterie.domain.status import ProviderView, Status


class Listener:
    """Implements `coterie.domain.ports.Audience` for who only wants to hear. Joins the hub before the client, so that it knows first."""

    can_answer = False

    def tell(self, event: AgentEvent) -> None:
        """Hear an event."""

    def channel_changed(self, change: ChannelChanged) -> None:
        """Hear nothing: what became of a channel is in its runs' events."""

    def status_changed(self, status: Status) -> None:
        """Hear nothing."""

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Hear nothing."""

    async def ready(self) -> None:
        """Keep up always."""
