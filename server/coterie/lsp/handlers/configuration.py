"""Changed settings and changed workspace folders, applied in the order in which they came."""

from __future__ import annotations

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from coterie.domain.wire import Json
from coterie.lsp import convert
from coterie.lsp.session import Handlers, Session

SECTION = "coterie"
PULL_TIMEOUT_S = 10.0


async def did_change_configuration(session: Session, params: types.DidChangeConfigurationParams) -> None:
    """Take the editor's settings anew. An editor that has none under our section changes nothing."""
    async with session.settling:
        settings = await pull(session) if session.client.pulls_configuration else convert.dig(params.settings, SECTION)
        if isinstance(settings, dict):
            await session.attached.reconfigure(settings)


async def pull(session: Session) -> Json:
    """Ask the editor for its settings; None when it does not give them."""
    try:
        answer = await session.wire.ask("workspace/configuration", {"items": [{"section": SECTION}]}, within_s=PULL_TIMEOUT_S)
    except (TimeoutError, JsonRpcException) as refusal:
        session.window.log("warning", f"The editor did not give its settings: {str(refusal) or 'no answer'}.")
        return None
    return answer[0] if isinstance(answer, list) and answer else None


async def did_change_folders(session: Session, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Work in these folders from now on."""
    for removed in params.event.removed:
        session.folders.pop(removed.uri, None)
    for added in params.event.added:
        if (folder := convert.folder(added.uri, added.name)) is not None:
            session.folders[folder.uri] = folder
    folders = tuple(session.folders.values())
    async with session.settling:
        await session.attached.set_folders(folders)


HANDLERS: Handlers = {
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: did_change_folders,
}
