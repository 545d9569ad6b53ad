"""Two machines with models of their own, over the wire: one catalogue, loading that is told, and one model at a time on each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from raw_http_server import Reply
from served import Served, served
from swap_box import Box, row, said, soon, swap_box

CAPABILITIES: dict[str, Any] = {"textDocument": {"inlineCompletion": {}}, "experimental": {"coterie": True}}


def options(big: Box, little: Box, **more: Any) -> dict[str, Any]:
    """Return settings with both machines."""
    hosts = {name: {"type": "llama_swap", "baseUrl": box.server.url} for name, box in (("big", big), ("little", little))}
    return {"model": "big/one", "providers": hosts, "retry": {"baseMs": 10, "maxMs": 50}, **more}


def warnings(play: Served, run_id: str) -> list[tuple[str, str]]:
    """Return what a run was warned of."""
    return [(event["code"], event["text"]) for event in play.events(run_id, "warning")]


async def chat(play: Served, model: str) -> str:
    """Start a run by a model, in a chat of its own, and return its id."""
    opened = await play.client.request("agent/channel/open", {"model": model})
    posted = await play.client.request("agent/channel/post", {"channelId": opened["channelId"], "text": f"Say who you are, {model}"})
    run_id: str = posted["runId"]
    return run_id


async def test_the_models_of_both_machines_are_one_catalogue_and_one_that_must_be_loaded_is_told(tmp_path: Path) -> None:
    big, little = Box([row("one"), row("two")]), Box([row("one", status="loaded")], {"one": "ready"}, {"one": 8_192})
    async with swap_box(big), swap_box(little), served(tmp_path, options(big, little)) as play:
        listed = await play.client.request("agent/model/list", {})
        assert [(each["id"], each["state"], each["contextTokens"]) for each in listed["models"]] == [
            ("big/one", "available", None),
            ("big/two", "available", None),
            ("little/one", "loaded", 8_192),
        ]
        slow, quick = await chat(play, "big/two"), await chat(play, "little/one")
        assert [(await play.ended(run))["state"] for run in (slow, quick)] == ["succeeded", "succeeded"]
        assert ("loading", "`big/two` is being loaded.") in warnings(play, slow)
        assert "loading" not in dict(warnings(play, quick))
        listed = await play.client.request("agent/model/list", {"provider": "big"})
        assert [(each["id"], each["state"]) for each in listed["models"]] == [("big/one", "available"), ("big/two", "loaded")]
        unloaded = await play.client.request("agent/model/unload", {"model": "big/two"})
        assert unloaded["state"] == "available"


async def test_runs_by_two_models_take_turns_on_one_machine_and_not_on_two(tmp_path: Path) -> None:
    gate = asyncio.Event()
    big = Box([row("one"), row("two")], windows={"one": 1, "two": 1}, answers={"one": said("I am one.", gate)})
    little = Box([row("three")])
    async with swap_box(big), swap_box(little), served(tmp_path, options(big, little)) as play:
        first = await chat(play, "big/one")
        await big.asked_for("/v1/chat/completions")
        second, elsewhere = await chat(play, "big/two"), await chat(play, "little/three")
        assert (await play.ended(elsewhere))["state"] == "succeeded"
        await play.client.eventually(lambda: "lane" in dict(warnings(play, second)))
        assert dict(warnings(play, second))["lane"] == "`big` works with `one`; this call of `two` waits."
        assert big.asked.count("/v1/chat/completions") == 1
        cancelled = await chat(play, "big/two")
        await play.client.eventually(lambda: "lane" in dict(warnings(play, cancelled)))
        await play.client.request("agent/run/cancel", {"runId": cancelled})
        gate.set()
        assert [(await play.ended(run))["state"] for run in (first, second)] == ["succeeded", "succeeded"]
        assert big.asked.count("/v1/chat/completions") == 2, "who gave up waiting was never asked for"


async def test_ghost_text_makes_way_for_a_run(tmp_path: Path) -> None:
    never = asyncio.Event()
    big = Box([row("one"), row("coder")], answers={"coder": Reply(steps=(never,))})
    little = Box()
    more = {"completion_model": "big/coder", "suggestions": {"minDelayMs": 0}}
    async with swap_box(big), swap_box(little), served(tmp_path, options(big, little, **more), capabilities=CAPABILITIES) as play:
        uri = (play.project / "new.py").as_uri()
        await play.client.open(uri, "def add(a, b):\n    return ")
        asked = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 11}, "context": {"triggerKind": 1}}
        pending = await play.client.ask("textDocument/inlineCompletion", asked)
        ghost = await big.asked_for("/infill")
        run_id = await chat(play, "big/one")
        await soon(ghost.client_closed)
        assert (await play.ended(run_id))["state"] == "succeeded"
        await play.client.notify("$/cancelRequest", {"id": pending})
        never.set()
