"""Text synchronisation. No handler waits for anything, so the order of the editor's notifications is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lsprotocol import types

from coterie.base.text import apply_changes
from coterie.lsp import convert
from coterie.lsp.omissions import NO_VERSION
from coterie.lsp.session import Handlers, Session


async def did_open(session: Session, params: types.DidOpenTextDocumentParams) -> None:
    """``textDocument/didOpen``."""
    opened(session, params.text_document)


def opened(session: Session, document: types.TextDocumentItem) -> None:
    """Take over a document, or a cell of a notebook."""
    session.documents.did_open(document.uri, document.version, document.text, document.language_id)


async def did_change(session: Session, params: types.DidChangeTextDocumentParams) -> None:
    """``textDocument/didChange``, incremental or whole."""
    changed(session, params.text_document, params.content_changes)


def changed(session: Session, document: types.VersionedTextDocumentIdentifier, changes: Iterable[Any]) -> None:
    """Change a document, or a cell of a notebook."""
    uri = document.uri
    text = session.documents.text(uri)
    if text is None:
        session.window.log("warning", f"{uri} changed but is not open; the change is ignored.")
        return
    version = None if document.version == NO_VERSION else document.version
    session.documents.did_change(uri, version, apply_changes(text, convert.content_changes(changes), session.client.encoding))


async def did_save(session: Session, params: types.DidSaveTextDocumentParams) -> None:
    """``textDocument/didSave``."""
    session.documents.did_save(params.text_document.uri)


async def did_close(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    """``textDocument/didClose``."""
    session.documents.did_close(params.text_document.uri)


HANDLERS: Handlers = {
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
}
