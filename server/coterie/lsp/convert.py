"""LSP's shapes to ours and back: what a client can do, its folders, its changes of documents, our edits of its buffers.

Used by ``session``, ``outbound`` and ``handlers``. The ``initialize`` request is read here field by field and forgivingly: an unknown
capability of a newer client must never keep it out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls import uris

from coterie.base.text import ContentChange, Encoding, LineIndex, Position
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Folder
from coterie.features.attachment import Introduction

if TYPE_CHECKING:  # an annotation is all that needs it, and the answer to ``initialize`` waits for what is imported here
    from coterie.domain.edits import BufferEdit

ENCODINGS: Final[Mapping[str, Encoding]] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}

ANNOUNCED: Final[Mapping[str, tuple[str, ...]]] = {
    "edits": ("workspace", "applyEdit"),
    "progress": ("window", "workDoneProgress"),
    "documents": ("window", "showDocument", "support"),
    "code actions": ("textDocument", "codeAction"),
    "code lenses": ("textDocument", "codeLens"),
    "diagnostics": ("textDocument", "publishDiagnostics"),
    "hovers": ("textDocument", "hover"),
    "ghost text": ("textDocument", "inlineCompletion"),
    "settings": ("workspace", "configuration"),
}
"""What an editor can do for us, by the capability that says so."""

NOT_NOW: Final[Mapping[str, str]] = {"Eglot": "", "helix": "Not now"}
"""`Client.not_now` of those that have one, by the client's name: no capability says it."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the client said of itself."""

    encoding: Encoding
    """Of positions; the first of the client's choice that we know, UTF-16 when it names none."""
    rich: bool
    """Announced ``capabilities.experimental.coterie: true``: it gets ``agent/*`` notifications and answers approvals."""
    apply_edit: bool
    document_changes: bool
    """Takes versioned edits. Neovim does not say so, only that it takes what can stand nowhere else."""
    zero_is_no_version: bool
    """Takes an edit for version 0, that of a buffer as it was opened, whatever has been typed since (Neovim)."""
    pulls_configuration: bool
    registers_configuration: bool
    """Wants to be asked before it tells about changes of its settings."""
    process_id: int | None
    shows_progress: bool
    """Takes progress that the server begins."""
    shows_documents: bool
    refreshes_lenses: bool
    reads_contents: bool
    """Shows texts of a scheme that is the server's, which it asks for."""
    resolves_actions: bool
    """Asks for a code action's command when it is chosen."""
    not_now: str | None
    """What is to stand first among a prompt's answers where a stray Enter gives the first one; empty where it is filled in to be edited,
    and the others are not on the screen."""


def client_of(params: Json) -> Client:
    """Read the ``initialize`` request."""
    capabilities = dig(params, "capabilities")
    offered = dig(capabilities, "general", "positionEncodings")
    known = [ENCODINGS[name] for name in offered if isinstance(name, str) and name in ENCODINGS] if isinstance(offered, list) else []
    process_id = dig(params, "processId")
    resolved = dig(capabilities, "textDocument", "codeAction", "resolveSupport", "properties")
    return Client(
        encoding=known[0] if known else "utf-16",
        rich=dig(capabilities, "experimental", "coterie") is True,
        apply_edit=dig(capabilities, "workspace", "applyEdit") is True,
        document_changes=any(dig(capabilities, "workspace", "workspaceEdit", key) for key in ("documentChanges", "resourceOperations")),
        zero_is_no_version=introduction_of(params).name == "Neovim",
        pulls_configuration=dig(capabilities, "workspace", "configuration") is True,
        registers_configuration=dig(capabilities, "workspace", "didChangeConfiguration", "dynamicRegistration") is True,
        process_id=process_id if isinstance(process_id, int) and process_id > 0 else None,
        shows_progress=dig(capabilities, "window", "workDoneProgress") is True,
        shows_documents=dig(capabilities, "window", "showDocument", "support") is True,
        refreshes_lenses=dig(capabilities, "workspace", "codeLens", "refreshSupport") is True,
        reads_contents=isinstance(dig(capabilities, "workspace", "textDocumentContent"), Mapping),
        resolves_actions=isinstance(resolved, list) and "command" in resolved,
        not_now=NOT_NOW.get(introduction_of(params).name),
    )


def introduction_of(params: Json) -> Introduction:
    """Return what the ``initialize`` request says of the editor, for people."""
    capabilities = dig(params, "capabilities")
    name, version = dig(params, "clientInfo", "name"), dig(params, "clientInfo", "version")
    return Introduction(
        name=name if isinstance(name, str) and name else "unnamed editor",
        version=version if isinstance(version, str) else "",
        rich=dig(capabilities, "experimental", "coterie") is True,
        can={what: dig(capabilities, *keys) not in (None, False) for what, keys in ANNOUNCED.items()},
    )


def dig(data: Json, *keys: str) -> Json:
    """Return what stands under nested keys, or None where there is nothing."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def folders_of(params: Json) -> tuple[Folder, ...]:
    """Return the folders of an ``initialize`` request, also in the two ways of older clients."""
    if isinstance(listed := dig(params, "workspaceFolders"), list):
        folders = (folder(dig(item, "uri"), dig(item, "name")) for item in listed)
        return tuple(each for each in folders if each is not None)
    root_uri, root_path = dig(params, "rootUri"), dig(params, "rootPath")
    root = folder(root_uri if root_uri is not None or not isinstance(root_path, str) else uris.from_fs_path(root_path))
    return () if root is None else (root,)


def folder(uri: Json, name: Json = None) -> Folder | None:
    """Return a workspace folder, or None when it is not on this machine's disk."""
    path = file_path(uri)
    return None if path is None else Folder(uri=uri, name=str(name or PurePath(path).name), absolute=path)


def file_path(uri: Json) -> str | None:
    """Return the absolute path of a ``file:`` URI."""
    if not isinstance(uri, str) or not uri.startswith("file:"):
        return None
    path = uris.to_fs_path(uri)
    return os.path.abspath(path) if path else None  # noqa: PTH100 - links stay as they are: names are compared with the editor's


def content_changes(changes: Iterable[Any]) -> list[ContentChange]:
    """Return the changes of a ``textDocument/didChange``."""
    return [
        ContentChange(change.text, position(change.range.start), position(change.range.end))
        if isinstance(change, types.TextDocumentContentChangePartial)
        else ContentChange(change.text)
        for change in changes
    ]


def position(place: types.Position) -> Position:
    """Return LSP's position as ours, which has no range of allowed numbers: what is out of the text is clamped later."""
    return Position(place.line, place.character)


def workspace_edit(edit: BufferEdit, client: Client) -> Json:
    """Return an edit of one buffer as the best kind of ``WorkspaceEdit`` that the client takes."""
    index = LineIndex(edit.text)

    def place(offset: int) -> Json:
        found = index.position(offset, client.encoding)
        return {"line": found.line, "character": found.character}

    edits: Sequence[Json] = [
        {"range": {"start": place(change.start), "end": place(change.end)}, "newText": change.text} for change in edit.changes
    ]
    if client.document_changes:
        # Neovim's second version is far above 1, and it takes an edit for any that is not below its own.
        version = 1 if client.zero_is_no_version and edit.version == 0 else edit.version
        return {"documentChanges": [{"textDocument": {"uri": edit.uri, "version": version}, "edits": edits}]}
    return {"changes": {edit.uri: edits}}
