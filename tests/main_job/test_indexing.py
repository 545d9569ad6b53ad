"""The index in the real server: it begins by itself, follows the disk and the buffers, and is told of in the state."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from killing import check_nothing_runs
from lsp_client import BOUND_S
from model_host import Asked, answer, model_host
from raw_http_server import Reply
from served import Served, served, settings

FOUND = "calc.py:1-2 function zeppelin"


def asks(asked: Asked) -> Reply:
    """Play a model that asks until it is told: keys are gathered for a moment before the index hears of them."""
    if any(FOUND in output for _, output in asked.last.answers):
        return answer("openai_compatible", "Found.")
    return answer("openai_compatible", "", ("symbols", {"query": "zeppelin"}), number=asked.number)


async def state_when(editor: Served, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Wait until the server's state is as ``wanted``."""
    async with asyncio.timeout(BOUND_S):
        while True:
            state = dict(await editor.client.request("agent/status"))
            if wanted(state):
                return state
            await asyncio.sleep(0.05)


async def indexed(editor: Served, files: int) -> dict[str, Any]:
    """Wait until the index has so many files."""
    return await state_when(editor, lambda state: state["index"] == {"files": files, "done": files, "complete": True})


def troubles(state: dict[str, Any]) -> dict[str, str]:
    """Return what the state says is not as it should be, by code."""
    return {each["code"]: each["text"] for each in state["degraded"]}


async def test_it_is_built_when_a_folder_is_open_and_follows_the_disk(tmp_path: Path) -> None:
    async with served(tmp_path, {}) as editor:
        state = await indexed(editor, 2)
        assert not {"index_unwatched", "index_unavailable"} & set(troubles(state))
        (editor.project / "deep").mkdir()
        (editor.project / "deep/more.py").write_text("one = 1\n", encoding="utf-8")
        await indexed(editor, 3)
    await check_nothing_runs(tmp_path)


async def test_an_agent_finds_what_is_typed_and_not_saved(tmp_path: Path) -> None:
    async with model_host("openai_compatible", asks) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        await indexed(editor, 2)
        uri = (editor.project / "calc.py").as_uri()
        await editor.client.open(uri, editor.text("calc.py") or "")
        await editor.client.type(uri, 0, 0, "def zeppelin():\n    return 1\n\n\n")

        _, end = await editor.play("Where is the zeppelin?")
        assert end["state"] == "succeeded", end
    assert not any(b"zeppelin" in each.read_bytes() for each in (tmp_path / "home").rglob("*.sqlite*") if each.parent.name == "index")


async def test_a_cache_that_cannot_be_written_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/cache").touch()
    async with served(tmp_path, {}) as editor:
        await editor.client.expect("agent/status/changed", lambda state: "index_unavailable" in troubles(state))
        state = await editor.client.request("agent/status")
        assert troubles(state)["index_unavailable"].startswith("The index ")
