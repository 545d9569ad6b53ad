"""Ghost text in a notebook, through the real server: the cells above are the prefix, those below the suffix, in their order of now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsp_client import BARE, LspClient
from raw_http_server import RawHttpServer, Reply, raw_http_server, sse
from served import served

DONE = sse("[DONE]")
SAID = Reply(steps=(sse({"choices": [{"text": "mean()\n", "finish_reason": "stop"}]}), DONE))
LANGUAGES = {"a": "python", "b": "markdown", "c": "python", "d": "python"}
TEXTS = {"a": "import pandas\n", "b": "# A title", "c": "total = frame.", "d": "print(total)"}


class Notebook:
    """A notebook in an editor: cells are known by a letter."""

    def __init__(self, client: LspClient, path: Path) -> None:
        self.client = client
        self.uri = path.as_uri()
        self.texts = dict(TEXTS)

    def cell(self, name: str) -> str:
        return f"vscode-notebook-cell:{self.uri.removeprefix('file://')}#{name}"

    def item(self, name: str) -> dict[str, Any]:
        return {"uri": self.cell(name), "languageId": LANGUAGES[name], "version": 1, "text": self.texts[name]}

    def kinds(self, names: str) -> list[dict[str, Any]]:
        return [{"kind": 1 if LANGUAGES[name] == "markdown" else 2, "document": self.cell(name)} for name in names]

    async def open(self, names: str) -> None:
        document = {"uri": self.uri, "version": 1, "notebookType": "jupyter-notebook", "cells": self.kinds(names)}
        cells = [self.item(name) for name in names]
        await self.client.notify("notebookDocument/didOpen", {"notebookDocument": document, "cellTextDocuments": cells})

    async def move(self, start: int, gone: int, come: str, *, opened: str = "", closed: str = "") -> None:
        structure = {
            "array": {"start": start, "deleteCount": gone, "cells": self.kinds(come)},
            "didOpen": [self.item(name) for name in opened],
            "didClose": [{"uri": self.cell(name)} for name in closed],
        }
        await self._change({"structure": structure})

    async def write(self, name: str, text: str) -> None:
        self.texts[name] = text
        await self._change({"textContent": [{"document": {"uri": self.cell(name), "version": 2}, "changes": [{"text": text}]}]})

    async def _change(self, cells: dict[str, Any]) -> None:
        params = {"notebookDocument": {"uri": self.uri, "version": 2}, "change": {"cells": cells}}
        await self.client.notify("notebookDocument/didChange", params)

    async def suggested(self, name: str) -> list[str]:
        line = self.texts[name].rpartition("\n")[2]
        params = {
            "textDocument": {"uri": self.cell(name)},
            "position": {"line": self.texts[name].count("\n"), "character": len(line)},
            "context": {"triggerKind": 2},
        }
        return [item["insertText"] for item in (await self.client.request("textDocument/inlineCompletion", params))["items"]]


def options(host: RawHttpServer) -> dict[str, Any]:
    return {
        "completionModel": "work/coder",
        "providers": {"work": {"type": "openai_compatible", "baseUrl": f"{host.url}/v1", "fim": True}},
    }


async def asked(host: RawHttpServer, number: int) -> tuple[str, str]:
    body = (await host.wait_for_exchange(number)).request.json()
    return body["prompt"], body["suffix"]


async def test_a_cell_is_filled_in_with_those_above_and_below(tmp_path: Path) -> None:
    async with (
        raw_http_server(lambda _: SAID) as host,
        served(tmp_path, options(host), capabilities=BARE) as place,
    ):
        notebook = Notebook(place.client, place.project / "a.ipynb")
        await notebook.open("abcd")
        assert await notebook.suggested("c") == ["mean()"]
        assert await asked(host, 0) == ("import pandas\n\ntotal = frame.", "\n\nprint(total)\n")

        await notebook.suggested("c")
        assert len(host.exchanges) == 1, "nothing has changed"

        await notebook.write("a", "import polars\n")
        assert await notebook.suggested("c") == ["mean()"]
        assert await asked(host, 1) == ("import polars\n\ntotal = frame.", "\n\nprint(total)\n")

        await notebook.move(0, 1, "", closed="a")
        await notebook.move(2, 1, "", closed="d")
        await notebook.move(0, 0, "d", opened="d")
        assert await notebook.suggested("c") == ["mean()"]
        assert await asked(host, 2) == ("print(total)\n\ntotal = frame.", "")

        params = {"notebookDocument": {"uri": notebook.uri}}
        await place.client.notify("notebookDocument/didSave", params)
        await place.client.notify("notebookDocument/didClose", {**params, "cellTextDocuments": [{"uri": notebook.cell("c")}]})
        assert await notebook.suggested("c") == []


async def test_the_cells_of_a_notebook_that_is_kept_back_are_kept_back_too(tmp_path: Path) -> None:
    async with (
        raw_http_server(lambda _: SAID) as host,
        served(tmp_path, options(host), capabilities=BARE) as place,
    ):
        notebook = Notebook(place.client, place.project / ".env" / "a.ipynb")
        await notebook.open("abcd")
        assert await notebook.suggested("c") == []
        assert host.exchanges == []
