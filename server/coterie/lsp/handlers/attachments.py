"""``agent/attachment/*``."""

from __future__ import annotations

from coterie.domain.completion import AttachmentItems
from coterie.lsp import protocol
from coterie.lsp.payloads.attachments import AttachmentCompleteParams
from coterie.lsp.session import Handlers, Session


async def complete(session: Session, params: AttachmentCompleteParams) -> AttachmentItems:
    """``agent/attachment/complete``."""
    return await session.application.completer.complete(params.query, folder=params.folder, limit=params.limit)


HANDLERS: Handlers = {protocol.ATTACHMENT_COMPLETE: complete}
