"""The ports to whoever is attached: the editor that applies edits, the audience that is told what happens. Front doors implement them.

``workspace`` asks the editor; ``agents`` and ``features`` tell the audience.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # annotations are all that need them, and a start that loads none of them is a tenth shorter
    from coterie.domain.channels import ChannelChanged
    from coterie.domain.edits import BufferEdit
    from coterie.domain.events import AgentEvent
    from coterie.domain.preferences import SettingsChanged
    from coterie.domain.status import ProviderView, Status


class Editor(Protocol):
    """The attached editor, as ``workspace`` needs it (implemented by ``lsp``)."""

    async def apply(self, edit: BufferEdit) -> str | None:
        """Send ``workspace/applyEdit`` and return None when the editor says it applied it, else its reason.

        Bounded in time: raises `TimeoutError` when the editor does not answer.
        """
        ...


class Audience(Protocol):
    """Who is told (implemented by front doors). The core does not know how many clients there are."""

    @property
    def can_answer(self) -> bool:
        """Whether somebody is there who is able to answer an approval."""
        ...

    def tell(self, event: AgentEvent) -> None:
        """Tell an event of a run; never blocks."""
        ...

    def channel_changed(self, change: ChannelChanged) -> None:
        """Tell that a channel changed."""
        ...

    def status_changed(self, status: Status) -> None:
        """Tell the server's new state."""
        ...

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Tell which providers there are now, and how each is."""
        ...

    def settings_changed(self, change: SettingsChanged) -> None:
        """Tell which settings of this client are others now."""
        ...

    async def ready(self) -> None:
        """Wait while the clients cannot keep up; runs await it between pieces."""
        ...
