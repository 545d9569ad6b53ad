"""Somebody who hears what clients are told, and is no client: the base of the use cases that follow runs. And who is heard by such ones."""

from __future__ import annotations

from collections.abc import Callable

from coterie.domain.channels import ChannelChanged
from coterie.domain.events import AgentEvent
from coterie.domain.preferences import SettingsChanged
from coterie.domain.status import ProviderView, Status


class Watched:
    """Something whose changes others want to hear of."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def watch(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change."""
        self._listeners.append(listener)

    def unwatch(self, listener: Callable[[], None]) -> None:
        """Call it no more."""
        self._listeners.remove(listener)

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()


class Listener:
    """Implements `coterie.domain.client_ports.Audience` for who only wants to hear.

    Joins the hub before the client, so that it knows first.
    """

    can_answer = False

    def tell(self, event: AgentEvent) -> None:
        """Hear an event."""

    def channel_changed(self, change: ChannelChanged) -> None:
        """Hear nothing: what became of a channel is in its runs' events."""

    def status_changed(self, status: Status) -> None:
        """Hear nothing."""

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Hear nothing."""

    def settings_changed(self, change: SettingsChanged) -> None:
        """Hear nothing."""

    async def ready(self) -> None:
        """Keep up always."""
