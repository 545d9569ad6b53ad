"""Texts that the client shows and the server has: ``workspace/textDocumentContent``. A channel, and what its model reads."""

from __future__ import annotations

from lsprotocol import types

from coterie.lsp.session import Handlers, Session


async def content(session: Session, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
    """``workspace/textDocumentContent``."""
    contexts, readings = session.application.contexts, session.application.readings
    text = await (contexts.read(params.uri) if contexts.is_context(params.uri) else readings.read(params.uri))
    return types.TextDocumentContentResult(text=text)


HANDLERS: Handlers = {types.WORKSPACE_TEXT_DOCUMENT_CONTENT: content}
