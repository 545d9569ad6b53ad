"""``agent/context/*``: params. Results stand in ``domain.inspection``."""

from __future__ import annotations

from coterie.domain.wire import wire


@wire
class ContextInspectParams:
    """Whose window: a channel's or a run's, one of them."""

    channel_id: str | None = None
    run_id: str | None = None


@wire
class ContextPinParams:
    """What is to stay: a piece of the channel's conversation, or a file by its URI, one of them; with ``pinned`` false no longer."""

    channel_id: str
    piece_id: str | None = None
    uri: str | None = None
    pinned: bool = True


@wire
class ContextDropParams:
    """Which piece of the channel's conversation is left out; with ``dropped`` false no longer."""

    channel_id: str
    piece_id: str
    dropped: bool = True
