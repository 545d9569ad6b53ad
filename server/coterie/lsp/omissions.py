"""What clients leave out where they tell about documents and folders, put in before their params are read; what they hand on is tidied.

``rpc`` calls it. A notification has no answer, so a client does not learn that it was refused: without an opening there is no document, and
each edit after one that was dropped lands in a text that is not the editor's. What cannot be guessed is refused all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from lsprotocol import types

from coterie.domain.wire import Json
from coterie.lsp.shapes import misfit

NO_VERSION: Final = -(2**31)
"""Stands for the version that a change does not name."""


def completed(method: str, params: Json) -> Json:
    """Return the params of a method with what its client left out."""
    mend = _MENDS.get(method)
    return params if mend is None else mend(params)


def _cells(cells: Json) -> Json:
    cells = _at(cells, "structure", lambda structure: _at(structure, "didOpen", _each(_opened)))
    return _at(cells, "textContent", _each(lambda edited: _at(_at(edited, "document", _numbered), "changes", _changes)))


def _opened(document: Json) -> Json:
    """Let the name say the language (`coterie.workspace.languages`), and count versions from 0."""
    if not isinstance(document, dict):
        return document
    language, version = document.get("languageId"), document.get("version")
    return {**document, "languageId": language if isinstance(language, str) else "", "version": version if _is_number(version) else 0}


def _numbered(document: Json) -> Json:
    return {**document, "version": NO_VERSION} if isinstance(document, dict) and not _is_number(document.get("version")) else document


def _changes(changes: Json) -> Json:
    """Take null for no changes."""
    return [] if changes is None else _each(_whole_without_range)(changes)


def _readable(diagnostics: Json) -> Json:
    """Leave out what is no diagnostic, and of one what is odd: they come from any server, whose slips are no reason to offer nothing."""
    if diagnostics is None:
        return []
    return [found for each in diagnostics if (found := _diagnostic(each)) is not None] if isinstance(diagnostics, list) else diagnostics


def _diagnostic(told: Json) -> Json:
    if not isinstance(told, dict):
        return None
    message = told.get("message")
    # Where markup is allowed, its text is what counts.
    needed = {"range": told.get("range"), "message": message.get("value") if isinstance(message, dict) else message}
    if misfit(needed, types.Diagnostic) is not None:
        return None
    return {key: value for key, value in {**told, **needed}.items() if misfit({**needed, key: value}, types.Diagnostic) is None}


def _folders(event: Json) -> Json:
    """Take null for no folders, and no name for an empty one."""
    if not isinstance(event, dict):
        return event
    return {**event, **{key: [] if event.get(key) is None else _each(_called)(event[key]) for key in ("added", "removed")}}


def _called(folder: Json) -> Json:
    return {**folder, "name": ""} if isinstance(folder, dict) and folder.get("name") is None else folder


def _whole_without_range(change: Json) -> Json:
    """Take null for a range that is not there."""
    if isinstance(change, dict) and change.get("range") is None:
        return {key: value for key, value in change.items() if key != "range"}
    return change


def _at(value: Json, key: str, mend: Callable[[Json], Json]) -> Json:
    return {**value, key: mend(value[key])} if isinstance(value, dict) and key in value else value


def _each(mend: Callable[[Json], Json]) -> Callable[[Json], Json]:
    return lambda values: [mend(value) for value in values] if isinstance(values, list) else values


def _is_number(version: Json) -> bool:
    """Say whether it is a number that LSP allows; some count in times, which are none."""
    return isinstance(version, int) and not isinstance(version, bool) and -(2**31) < version < 2**31


_MENDS: Final[Mapping[str, Callable[[Json], Json]]] = {
    types.TEXT_DOCUMENT_DID_OPEN: lambda params: _at(params, "textDocument", _opened),
    types.TEXT_DOCUMENT_DID_CHANGE: lambda params: _at(_at(params, "textDocument", _numbered), "contentChanges", _changes),
    types.NOTEBOOK_DOCUMENT_DID_OPEN: lambda params: _at(_at(params, "notebookDocument", _numbered), "cellTextDocuments", _each(_opened)),
    types.NOTEBOOK_DOCUMENT_DID_CHANGE: lambda params: _at(
        _at(params, "notebookDocument", _numbered), "change", lambda change: _at(change, "cells", _cells)
    ),
    types.TEXT_DOCUMENT_CODE_ACTION: lambda params: _at(params, "context", lambda context: _at(context, "diagnostics", _readable)),
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: lambda params: _at(params, "event", _folders),
}
