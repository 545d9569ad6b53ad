"""What clients leave out where they tell about documents, put in before their params are read.

``rpc`` calls it. A notification has no answer, so a client does not learn that it was refused: without an opening there is no document, and
each edit after one that was dropped lands in a text that is not the editor's. What cannot be guessed is refused all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lsprotocol import types

from coterie.domain.wire import Json

NO_VERSION: Final = -(2**31)
"""Stands for the version that a change does not name."""


def completed(method: str, params: Json) -> Json:
    """Return the params of a method with what its client left out."""
    match method:
        case types.TEXT_DOCUMENT_DID_OPEN:
            return _at(params, "textDocument", _opened)
        case types.TEXT_DOCUMENT_DID_CHANGE:
            return _at(_at(params, "textDocument", _numbered), "contentChanges", _changes)
        case types.NOTEBOOK_DOCUMENT_DID_OPEN:
            return _at(_at(params, "notebookDocument", _numbered), "cellTextDocuments", _each(_opened))
        case types.NOTEBOOK_DOCUMENT_DID_CHANGE:
            return _at(_at(params, "notebookDocument", _numbered), "change", lambda change: _at(change, "cells", _cells))
        case _:
            return params


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
