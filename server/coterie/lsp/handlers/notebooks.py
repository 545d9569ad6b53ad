"""Notebook synchronisation: each cell is a document like any other. Of the notebook itself only the order of its cells is kept."""

from __future__ import annotations

from lsprotocol import types

from coterie.lsp.handlers import documents
from coterie.lsp.session import Handlers, Session


async def did_open(session: Session, params: types.DidOpenNotebookDocumentParams) -> None:
    """``notebookDocument/didOpen``."""
    for cell in params.cell_text_documents:
        documents.opened(session, cell)
    notebook = params.notebook_document
    session.documents.notebooks.did_open(notebook.uri, [cell.document for cell in notebook.cells])


async def did_change(session: Session, params: types.DidChangeNotebookDocumentParams) -> None:
    """``notebookDocument/didChange``: cells that come and go first, then their texts."""
    if (cells := params.change.cells) is None:
        return
    if cells.structure is not None:
        array = cells.structure.array
        come = [cell.document for cell in array.cells or ()]
        session.documents.notebooks.did_move(params.notebook_document.uri, array.start, array.delete_count, come)
        for closed in cells.structure.did_close or ():
            session.documents.did_close(closed.uri)
        for opened in cells.structure.did_open or ():
            documents.opened(session, opened)
    for edited in cells.text_content or ():
        documents.changed(session, edited.document, edited.changes)


async def did_save(session: Session, params: types.DidSaveNotebookDocumentParams) -> None:
    """``notebookDocument/didSave``: all of its cells are as on disk."""
    for cell in session.documents.notebooks.cells(params.notebook_document.uri):
        session.documents.did_save(cell)


async def did_close(session: Session, params: types.DidCloseNotebookDocumentParams) -> None:
    """``notebookDocument/didClose``."""
    session.documents.notebooks.did_close(params.notebook_document.uri)
    for cell in params.cell_text_documents:
        session.documents.did_close(cell.uri)


HANDLERS: Handlers = {
    types.NOTEBOOK_DOCUMENT_DID_OPEN: did_open,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE: did_change,
    types.NOTEBOOK_DOCUMENT_DID_SAVE: did_save,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE: did_close,
}
