"""Ghost text and notebooks on the wire, the core behind it a fake that answers with what it was asked."""

from __future__ import annotations

from typing import Any

import pytest

from lsp_client import LspClient, ResponseError
from lsp_editor import editor

URI = "file:///w/a.py"
CELL = "vscode-notebook-cell:/w/a.ipynb#W1"
INVOKED, AUTOMATIC = 1, 2


async def complete(client: LspClient, line: int, character: int, uri: str = URI, kind: int = AUTOMATIC, **context: Any) -> Any:
    params = {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": kind, **context},
    }
    return (await client.request("textDocument/inlineCompletion", params))["items"]


def span(line: int, start: int, end: int) -> Any:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
async def test_a_suggestion_as_editors_take_it(encoding: str, character: int) -> None:
    async with editor() as client:
        await client.initialize(
            {"general": {"positionEncodings": [encoding]}, "textDocument": {"inlineCompletion": {"dynamicRegistration": False}}}
        )
        await client.open(URI, "x\n\U0001f600yz\n")
        [item] = await complete(client, 1, character)
        assert item == {
            "insertText": "x\n\U0001f600|None",
            "filterText": "x\n\U0001f600|None",
            "range": span(1, character, character + 1),
            "command": {
                "title": "Accept the suggestion",
                "command": "coterie.suggestion.accepted",
                "arguments": [{"suggestionId": "automatic_3", "source": "model"}],
            },
        }
        [item] = await complete(client, 1, character, kind=INVOKED)
        taken = {key: item["command"][key] for key in ("command", "arguments")}
        assert await client.request("workspace/executeCommand", taken) == {"suggestionId": "manual_3", "state": "accepted"}
        assert not [method for method, _ in client.notifications if method == "client/registerCapability"]


async def test_the_selected_entry_of_the_popup_and_places_that_are_not_there() -> None:
    async with editor() as client:
        await client.initialize()
        await client.open(URI, "a = com\n")
        [item] = await complete(client, 0, 7, selectedCompletionInfo={"range": span(0, 4, 7), "text": "compute"})
        assert item["range"] == span(0, 4, 7)
        assert item["insertText"] == "a = com|Popup(start=4, end=7, text='compute')"
        [item] = await complete(client, 9, 9)
        assert item["range"] == span(1, 0, 0)
        assert await complete(client, 0, 0, uri="file:///w/never_opened.py") == []


@pytest.mark.parametrize(
    ("method", "params", "code", "says"),
    [
        ("agent/suggestion/rejected", {"suggestionId": "unknown"}, -32803, "unknown_suggestion"),
        ("agent/suggestion/accepted", {"suggestionId": "one", "length": 0}, -32602, "invalid_params"),
        ("agent/suggestion/shown", {}, -32602, "invalid_params"),
        ("textDocument/inlineCompletion", {"textDocument": {"uri": URI}}, -32602, "invalid_params"),
        ("agent/suggestion/snooze", {"minutes": -1}, -32602, "invalid_params"),
        ("workspace/executeCommand", {"command": "coterie.suggestion.snooze", "arguments": [{"minutes": -1}]}, -32602, "invalid_params"),
    ],
)
async def test_bad_params_are_told(method: str, params: Any, code: int, says: str) -> None:
    async with editor() as client:
        await client.initialize()
        with pytest.raises(ResponseError) as refused:
            await client.request(method, params)
        assert (refused.value.code, refused.value.data["code"]) == (code, says)


async def test_the_cells_of_a_notebook_are_documents() -> None:
    notebook = {"uri": "file:///w/a.ipynb", "version": 1}

    def cell(uri: str, text: str) -> Any:
        return {"uri": uri, "languageId": "python", "version": 1, "text": text}

    async with editor() as client:
        await client.initialize()
        cells = [{"kind": 2, "document": CELL, "metadata": {"tags": [1]}}]
        document = {**notebook, "notebookType": "jupyter-notebook", "metadata": {"kernel": {"name": "py"}}, "cells": cells}
        await client.notify("notebookDocument/didOpen", {"notebookDocument": document, "cellTextDocuments": [cell(CELL, "a = 1\n")]})
        [item] = await complete(client, 0, 5, uri=CELL)
        assert item["insertText"] == "a = 1|None"

        second = CELL.replace("W1", "W2")
        structure = {
            "array": {"start": 1, "deleteCount": 0, "cells": [{"kind": 2, "document": second}]},
            "didOpen": [cell(second, "b")],
        }
        edit = {"document": {"uri": second, "version": 2}, "changes": [{"range": span(0, 1, 1), "text": " = 2"}]}
        change = {"metadata": {"x": 1}, "cells": {"structure": structure, "textContent": [edit]}}
        await client.notify("notebookDocument/didChange", {"notebookDocument": notebook, "change": change})
        [item] = await complete(client, 0, 5, uri=second)
        assert item["insertText"] == "b = 2|None"

        gone = {"array": {"start": 0, "deleteCount": 1}, "didClose": [{"uri": CELL}]}
        await client.notify("notebookDocument/didChange", {"notebookDocument": notebook, "change": {"cells": {"structure": gone}}})
        await client.notify("notebookDocument/didChange", {"notebookDocument": notebook, "change": {}})
        assert await complete(client, 0, 0, uri=CELL) == []
        await client.notify("notebookDocument/didClose", {"notebookDocument": notebook, "cellTextDocuments": [{"uri": second}]})
        assert await complete(client, 0, 0, uri=second) == []
