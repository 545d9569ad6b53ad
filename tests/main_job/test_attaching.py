"""What a chat offers behind an @: files and symbols of the workspace, nothing that is ignored or secret. And what is told of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lsp_client import ResponseError
from model_host import answer, model_host
from served import Served, make_project, served, settings

PATIENCE_S = 60
"""How long the index may take on a busy machine."""


async def completed(editor: Served, query: str, **params: object) -> dict[str, Any]:
    """Return what is offered."""
    answer: dict[str, Any] = await editor.client.request("agent/attachment/complete", {"query": query, **params})
    return answer


async def files(editor: Served, query: str, **params: object) -> list[str]:
    """Return the paths that are offered."""
    return [item["detail"] for item in (await completed(editor, query, **params))["items"] if item["kind"] == "file"]


async def test_what_goes_along_with_a_message_is_told_with_it(tmp_path: Path) -> None:
    async with (
        model_host("openai_compatible", lambda _: answer("openai_compatible", "It adds.")) as host,
        served(tmp_path, settings(host.url, "openai_compatible")) as editor,
    ):
        calc = (editor.project / "calc.py").as_uri()
        attachments = [{"uri": calc}, {"uri": calc, "text": "Lines 1 to 2:\ndef add(a, b):"}, {"text": "\nProblems:\nnone"}]
        run_id = await editor.start("What does it do?", attachments=attachments)
        await editor.ended(run_id)
        [said] = [message for message in editor.events(run_id, "message") if message["role"] == "user"]
        assert said["attachments"] == [
            {"label": "calc.py", "uri": calc, "excerpt": None},
            {"label": "calc.py", "uri": calc, "excerpt": "Lines 1 to 2:"},
            {"label": "Problems:", "uri": None, "excerpt": None},
        ]
        page = await editor.client.request("agent/channel/history", {"channelId": editor.of(run_id)[0]["channelId"]})
        assert [message["attachments"] for message in page["messages"]] == [said["attachments"], []]


async def test_files_are_offered_best_first_without_ignored_and_secret_ones(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    (project / ".gitignore").write_text("made/\n", encoding="utf-8")
    for path in ("src/calculator.py", "made/calc_made.py", "docs/about calc.md", ".env", "c/a/l/c.txt"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text("x = 1\n", encoding="utf-8")
    async with served(tmp_path, {}) as editor:
        assert await files(editor, "@calc") == ["calc.py", "src/calculator.py", "test_calc.py", "docs/about calc.md", "c/a/l/c.txt"]
        [first] = (await completed(editor, "calc.p", limit=1))["items"]
        assert (first["kind"], first["label"], first["uri"]) == ("file", "calc.py", (project / "calc.py").as_uri())
        assert await files(editor, "src/calc", folder=project.as_uri()) == ["src/calculator.py"]
        assert await files(editor, "env") == []
        await editor.client.open((project / "test_calc.py").as_uri(), "pass\n")
        assert (await files(editor, ""))[0] == "test_calc.py", "what is open comes first"
        await editor.client.close((project / "test_calc.py").as_uri())
        assert [item["kind"] for item in (await completed(editor, "sel"))["items"] if item["kind"] != "file"] == ["selection"]
        for params in ({"query": "a", "limit": 201}, {"query": "a", "folder": "file:///elsewhere"}, {}):
            with pytest.raises(ResponseError) as refused:
                await editor.client.request("agent/attachment/complete", params)
            assert refused.value.data["code"] == "invalid_params"


async def test_symbols_are_offered_with_their_lines(tmp_path: Path) -> None:
    async with served(tmp_path, {}) as editor:
        symbols: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE_S):  # the index is built in the background
            while not symbols:
                symbols = [item for item in (await completed(editor, "testadd"))["items"] if item["kind"] == "symbol"]
        assert [(item["label"], item["detail"], item["symbolKind"]) for item in symbols] == [("TestAdd", "test_calc.py:6", "class")]
        assert (symbols[0]["range"]["start"]["line"], symbols[0]["range"]["end"]["line"]) == (5, 8)


async def test_a_file_that_was_made_since_is_offered_soon(tmp_path: Path) -> None:
    async with served(tmp_path, {}) as editor:
        assert await files(editor, "brand") == []
        (editor.project / "brand_new.py").write_text("x = 1\n", encoding="utf-8")
        async with asyncio.timeout(PATIENCE_S):  # the list is looked at anew
            while await files(editor, "brand") != ["brand_new.py"]:
                pass
