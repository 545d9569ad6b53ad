"""Params of LSP's own methods with odd values: refused in words that name the place, and never read as something that nobody sent."""

from typing import Any

import pytest
from lsprotocol import types

from coterie.lsp.omissions import completed
from coterie.lsp.shapes import misfit
from lsp_pump import Pump

URI = "file:///p/a.py"
START = {"line": 0, "character": 0}
WHERE = {"textDocument": {"uri": URI}, "position": START, "context": {"triggerKind": 1}}


def changed(*changes: Any) -> dict[str, Any]:
    return {"textDocument": {"uri": URI, "version": 2}, "contentChanges": list(changes)}


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("textDocument/inlineCompletion", [], "they are a list, and should be an object"),
        ("textDocument/codeLens", {}, "`textDocument` is missing"),
        ("textDocument/inlineCompletion", {**WHERE, "textDocument": None}, "`textDocument` is null, and should be an object"),
        (
            "textDocument/inlineCompletion",
            {**WHERE, "textDocument": {"uri": 7}},
            "`textDocument.uri` is an integer, and should be a string",
        ),
        (
            "textDocument/inlineCompletion",
            {**WHERE, "position": {**START, "line": "x"}},
            "`position.line` is a string, and should be an integer",
        ),
        ("textDocument/didChange", changed() | {"contentChanges": {}}, "`contentChanges` is an object, and should be a list"),
        ("textDocument/didChange", changed("x"), "`contentChanges.0` is a string, and should be an object"),
        ("textDocument/didChange", changed({"text": "a"}, {}), "`contentChanges.1.text` is missing"),
        ("textDocument/didChange", changed({"text": None}), "`contentChanges.0.text` is null, and should be a string"),
        ("textDocument/didChange", changed({"text": "a", "range": {"start": START}}), "`contentChanges.0.range.end` is missing"),
        (
            "textDocument/didOpen",
            {"textDocument": {"uri": URI, "text": ["a"], "languageId": "", "version": 1}},
            "`textDocument.text` is a list, and should be a string",
        ),
        ("workspace/executeCommand", {"command": "coterie.ask", "arguments": "x"}, "`arguments` is a string, and should be a list"),
        ("window/workDoneProgress/cancel", {"token": {}}, "`token` is an object, and should be an integer or a string"),
        (
            "textDocument/inlineCompletion",
            {**WHERE, "context": {"triggerKind": 9}},
            "`context.triggerKind` is an integer, and should be one of 1, 2",
        ),
        (
            "notebookDocument/didOpen",
            {"notebookDocument": {"uri": URI, "notebookType": "x", "version": 1, "cells": [{"kind": 7, "document": URI}]}},
            "`notebookDocument.cells.0.kind` is an integer, and should be one of 1, 2",
        ),
        (
            "textDocument/codeAction",
            {"textDocument": {"uri": URI}, "range": {"start": START, "end": START}, "context": {"diagnostics": [], "only": [[]]}},
            "`context.only.0` is a list, and should be a string",
        ),
    ],
)
async def test_what_does_not_fit_is_named_with_what_should_stand_there(pump: Pump, method: str, params: Any, says: str) -> None:
    pump.ask(1, method, params)
    error = (await pump.answer(1))["error"]
    assert (error["code"], error["message"]) == (-32602, f"The params of {method} do not fit: {says}.")


@pytest.mark.parametrize("changes", [{}, [None], [{"text": None}], [{"text": "b", "range": {}}], "b"])
async def test_a_change_that_does_not_fit_is_logged_and_changes_nothing(pump: Pump, changes: Any) -> None:
    pump.tell("textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": "a"}})
    pump.tell("textDocument/didChange", changed() | {"contentChanges": changes})
    pump.ask(1, "agent/status")
    await pump.answer(1)
    (told,) = [each["params"]["message"] for each in pump.sent.messages if each.get("method") == "window/logMessage"]
    assert told.startswith("textDocument/didChange: The params of textDocument/didChange do not fit: `contentChanges")
    assert told.endswith("Nothing of it was taken over: Coterie has the document as it was told of it before.")
    assert pump.server.session.documents.text(URI) == "a"


async def test_null_stands_for_no_changes(pump: Pump) -> None:
    pump.tell("textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": "a"}})
    pump.tell("textDocument/didChange", changed() | {"contentChanges": None})
    pump.ask(1, "agent/status")
    await pump.answer(1)
    assert [each for each in pump.sent.messages if each.get("method") == "window/logMessage"] == []
    assert pump.server.session.documents.text(URI) == "a"


@pytest.mark.parametrize("version", [3, 3.0])
def test_what_fits_is_no_misfit(version: float) -> None:
    params = changed({"text": "a", "range": {"start": START, "end": START}, "rangeLength": None}, {"text": ""})
    params["textDocument"]["version"] = version
    assert misfit(params, types.DidChangeTextDocumentParams) is None


HERE = {"start": START, "end": START}


async def test_odd_diagnostics_of_another_server_are_no_reason_to_offer_nothing(pump: Pump) -> None:
    odd = [None, {"message": "no place"}, {"range": HERE, "message": None}, {"range": HERE, "message": "m", "source": 5, "tags": {}}]
    pump.tell("textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": "a"}})
    pump.ask(1, "textDocument/codeAction", {"textDocument": {"uri": URI}, "range": HERE, "context": {"diagnostics": odd}})
    assert "error" not in await pump.answer(1)


@pytest.mark.parametrize(
    ("diagnostic", "read"),
    [
        (
            {"range": HERE, "message": "m", "data": 1},
            [{"range": HERE, "message": "m", "data": 1}],
        ),
        ({"range": HERE, "message": {"kind": "markdown", "value": "m"}}, [{"range": HERE, "message": "m"}]),
        ({"range": HERE, "message": "m", "severity": 0, "codeDescription": {"href": None}}, [{"range": HERE, "message": "m"}]),
        ({"range": HERE}, []),
        ("x", []),
    ],
)
def test_what_is_odd_in_a_diagnostic_is_left_out(diagnostic: Any, read: list[Any]) -> None:
    params = completed("textDocument/codeAction", {"context": {"diagnostics": [diagnostic]}})
    assert params == {"context": {"diagnostics": read}}


@pytest.mark.parametrize("event", [{"added": [{"uri": URI, "name": None}], "removed": None}, {"added": [{"uri": URI}]}])
def test_a_folder_without_a_name_is_one_and_null_stands_for_none(event: Any) -> None:
    params = completed("workspace/didChangeWorkspaceFolders", {"event": event})
    assert params == {"event": {"added": [{"uri": URI, "name": ""}], "removed": []}}
    assert misfit(params, types.DidChangeWorkspaceFoldersParams) is None


def test_a_word_that_is_none_of_those_that_are_allowed_is_told_them() -> None:
    assert misfit({"value": "all"}, types.SetTraceParams) == "`value` is a string, and should be one of off, messages, verbose"
