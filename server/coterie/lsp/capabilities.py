"""What the answer to ``initialize`` says that this server can do, known before anything that does it is loaded.

``server`` answers with `capabilities`, and registers ``handlers.STANDARD`` afterwards, by the same methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder

from coterie import __version__
from coterie.domain.schemes import CHANNELS
from coterie.lsp.command_names import announced
from coterie.lsp.convert import Client

METHODS: Final[Mapping[str, object]] = {
    types.TEXT_DOCUMENT_DID_OPEN: None,
    types.TEXT_DOCUMENT_DID_CHANGE: None,
    types.TEXT_DOCUMENT_DID_SAVE: None,
    types.TEXT_DOCUMENT_DID_CLOSE: None,
    types.NOTEBOOK_DOCUMENT_DID_OPEN: None,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE: None,
    types.NOTEBOOK_DOCUMENT_DID_SAVE: None,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE: None,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: None,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: None,
    types.WORKSPACE_TEXT_DOCUMENT_CONTENT: None,
    types.WORKSPACE_EXECUTE_COMMAND: None,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: None,
    types.TEXT_DOCUMENT_INLINE_COMPLETION: types.InlineCompletionOptions(),
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite, "coterie"], resolve_provider=True
    ),
    types.CODE_ACTION_RESOLVE: None,
    types.TEXT_DOCUMENT_HOVER: None,
    types.TEXT_DOCUMENT_CODE_LENS: types.CodeLensOptions(resolve_provider=False),
}
"""The methods of LSP that find the core built, with what pygls does not advertise of itself. Everything is said in the answer to
``initialize``, nothing registered later: every client takes that, also one that announces ``dynamicRegistration: false``."""


def capabilities(client: Client) -> types.ServerCapabilities:
    """Return what is announced to this client."""
    builder: Any = ServerCapabilitiesBuilder(
        types.ClientCapabilities(),
        set(METHODS),
        {method: options for method, options in METHODS.items() if options is not None},
        announced(rich=client.rich),
        types.TextDocumentSyncKind.Incremental,
        None,
        client.encoding,
    )
    built: types.ServerCapabilities = builder.build()
    # pygls would leave it out for want of the client's capabilities, which are not read as a whole.
    built.notebook_document_sync = types.NotebookDocumentSyncOptions([types.NotebookDocumentFilterWithNotebook(notebook="*")], save=True)
    if client.reads_contents and built.workspace is not None:
        built.workspace.text_document_content = types.TextDocumentContentOptions(schemes=[CHANNELS])  # pygls does not know it
    built.experimental = {"coterie": {"version": __version__}}
    return built
