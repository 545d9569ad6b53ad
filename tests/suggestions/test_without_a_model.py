"""Ghost text of the project itself, on the real server's pipes: no host is configured, and no network is there."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from lsp_client import BARE, BOUND_S, LspClient
from raw_http_server import json_reply, raw_http_server
from served import served

MODULE = "from __future__ import annotations\n\nimport logging\n\nlogger = logging.getLogger(__name__)\n"
BEGUN = MODULE.partition("logging.g")[0]
REST = "logging.getLogger(__name__)"
INVOKED, AUTOMATIC = 1, 2


def fill(tmp_path: Path) -> None:
    """Make a project whose files begin alike."""
    project = tmp_path / "project"
    project.mkdir()
    for number in range(8):
        (project / f"part{number}.py").write_text(MODULE, encoding="utf-8")


async def asked(client: LspClient, uri: str, kind: int = AUTOMATIC) -> Sequence[Any]:
    """Ask at the end of a buffer."""
    text = client.buffers[uri].text
    params = {"textDocument": {"uri": uri}, "position": client.position(text, len(text)), "context": {"triggerKind": kind}}
    items: Sequence[Any] = (await client.request("textDocument/inlineCompletion", params))["items"]
    return items


async def eventually(client: LspClient, uri: str, kind: int = AUTOMATIC) -> Sequence[Any]:
    async with asyncio.timeout(BOUND_S):
        while True:
            if items := await asked(client, uri, kind):
                return items
            await asyncio.sleep(0.02)


def predictors(server: int) -> list[psutil.Process]:
    """Return the processes that predict for a server."""
    return [
        child for child in psutil.Process(server).children(recursive=True) if any("prediction_process" in part for part in child.cmdline())
    ]


def has_numpy(process: psutil.Process) -> bool:
    return any("numpy" in mapped.path for mapped in process.memory_maps())


@pytest.mark.parametrize("settings", [{}, {"completionModel": "none"}], ids=["no model is named", "none is wanted"])
async def test_the_project_suggests_what_it_would_write(tmp_path: Path, settings: dict[str, Any]) -> None:
    fill(tmp_path)
    async with served(tmp_path, settings, capabilities=BARE) as editor:
        client, uri = editor.client, (tmp_path / "project" / "new.py").as_uri()
        await client.open(uri, BEGUN)
        assert await asked(client, uri) == [], "nothing is waited for"
        explained = await client.request("agent/suggestion/explain", {"uri": uri})
        assert (explained["stage"], explained["reason"]) == ("predictor", "building")

        [item] = await eventually(client, uri)
        assert item["insertText"] == REST
        [argument] = item["command"]["arguments"]
        assert argument["source"] == "predictor"
        explained = await client.request("agent/suggestion/explain", {"uri": uri})
        assert (explained["stage"], explained["source"], explained["suggestionId"]) == ("offered", "predictor", argument["suggestionId"])

        end = len(client.buffers[uri].text)
        await client.type(uri, end, end, "logging.")
        [rest] = await asked(client, uri)
        assert (rest["insertText"], rest["command"]) == (REST.removeprefix("logging."), item["command"])
        half = {"suggestionId": argument["suggestionId"], "length": len("logging.getLogger(")}
        assert (await client.request("agent/suggestion/accepted", half))["state"] == "partly_accepted"
        taken = {key: rest["command"][key] for key in ("command", "arguments")}
        assert (await client.request("workspace/executeCommand", taken))["state"] == "accepted"


async def test_a_cell_of_a_notebook_is_code_of_the_project(tmp_path: Path) -> None:
    fill(tmp_path)
    async with served(tmp_path, {}, capabilities=BARE) as editor:
        client, notebook = editor.client, tmp_path / "project" / "new.ipynb"
        above, here = (f"vscode-notebook-cell:{notebook}#{name}" for name in ("above", "here"))
        head, line = BEGUN.rsplit("\n", 1)
        await client.notify(
            "notebookDocument/didOpen",
            {
                "notebookDocument": {
                    "uri": notebook.as_uri(),
                    "version": 1,
                    "notebookType": "jupyter-notebook",
                    "cells": [{"kind": 2, "document": cell} for cell in (above, here)],
                },
                "cellTextDocuments": [
                    {"uri": cell, "languageId": "python", "version": 1, "text": text} for cell, text in ((above, head), (here, line))
                ],
            },
        )
        at = {"textDocument": {"uri": here}, "position": {"line": 0, "character": len(line)}, "context": {"triggerKind": AUTOMATIC}}
        async with asyncio.timeout(BOUND_S):
            while True:
                if items := (await client.request("textDocument/inlineCompletion", at))["items"]:
                    break
                await asyncio.sleep(0.02)
        assert [item["insertText"] for item in items] == [REST]


async def test_a_model_that_cannot_be_asked_leaves_its_place_to_the_project(tmp_path: Path) -> None:
    fill(tmp_path)
    async with raw_http_server(lambda _: json_reply({"error": {"message": "no"}}, status=401)) as host:
        settings = {
            "completionModel": "work/coder",
            "providers": {"work": {"type": "openai_compatible", "baseUrl": f"{host.url}/v1", "fim": True}},
        }
        async with served(tmp_path, settings, capabilities=BARE) as editor:
            client, uri = editor.client, (tmp_path / "project" / "new.py").as_uri()
            await client.open(uri, BEGUN)
            [item] = await eventually(client, uri, INVOKED)
            assert (item["insertText"], item["command"]["arguments"][0]["source"]) == (REST, "predictor")
            assert "did not accept the key" in (await client.expect("window/showMessage"))["message"]


@pytest.mark.parametrize("leaving", ["in order", "killed"])
async def test_its_process_is_replaced_when_it_dies_and_ends_with_the_server(tmp_path: Path, leaving: str) -> None:
    fill(tmp_path)
    async with served(tmp_path, {}, capabilities=BARE) as editor:
        client, uri = editor.client, (tmp_path / "project" / "new.py").as_uri()
        assert client.process is not None
        await client.open(uri, BEGUN)
        assert predictors(client.process.pid) == [], "it starts with the first need"
        await eventually(client, uri)
        [first] = predictors(client.process.pid)
        assert has_numpy(first)
        assert not has_numpy(psutil.Process(client.process.pid)), "what is heavy is done elsewhere"
        os.kill(first.pid, signal.SIGKILL)
        await client.type(uri, 0, 0, "import os\n")
        await eventually(client, uri)
        [second] = predictors(client.process.pid)
        assert second.pid != first.pid
        if leaving == "killed":
            client.process.kill()
            await client.process.wait()
    assert psutil.wait_procs([second], BOUND_S)[1] == []
