"""``agent/context/*``."""

from __future__ import annotations

from coterie.domain.inspection import ContextView
from coterie.lsp import protocol
from coterie.lsp.payloads.contexts import ContextDropParams, ContextInspectParams, ContextPinParams
from coterie.lsp.session import Handlers, Session


async def inspect(session: Session, params: ContextInspectParams) -> ContextView:
    """``agent/context/inspect``."""
    return await session.application.inspector.inspect(channel_id=params.channel_id, run_id=params.run_id)


async def pin(session: Session, params: ContextPinParams) -> ContextView:
    """``agent/context/pin``."""
    inspector = session.application.inspector
    return await inspector.pin(params.channel_id, piece_id=params.piece_id, uri=params.uri, pinned=params.pinned)


async def drop(session: Session, params: ContextDropParams) -> ContextView:
    """``agent/context/drop``."""
    return await session.application.inspector.drop(params.channel_id, params.piece_id, dropped=params.dropped)


HANDLERS: Handlers = {
    protocol.CONTEXT_INSPECT: inspect,
    protocol.CONTEXT_PIN: pin,
    protocol.CONTEXT_DROP: drop,
}
