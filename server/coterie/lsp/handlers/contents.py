"""Texts that the client shows and the server has: ``workspace/textDocumentContent``. A channel's, to be read only."""

from __future__ import annotations

from lsprotocol import types

from coterie.domain.channels import SCHEME
from coterie.lsp.session import Handlers, Session

OPTIONS = types.TextDocumentContentOptions(schemes=[SCHEME])


async def content(session: Session, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
    """``workspace/textDocumentContent``."""
    return types.TextDocumentContentResult(text=await session.application.readings.read(params.uri))


HANDLERS: Handlers = {types.WORKSPACE_TEXT_DOCUMENT_CONTENT: content}
