"""Nothing is configured, and the real server finds a box on this machine: it is listed as found, and does the work."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import finding_server
from lsp_client import ResponseError
from raw_http_server import json_reply, raw_http_server
from served import served
from swap_box import NOT_FOUND, Box, row, swap_box

LOOK = {"COTERIE_DISCOVERY": "true", "OLLAMA_HOST": "", "LLAMA_SWAP_URL": "", "PATH": "/usr/bin:/bin"}


def command(*places: str) -> tuple[str, ...]:
    """Return the server that looks at these places."""
    return (sys.executable, finding_server.__file__, *places)


async def test_a_box_that_nobody_named_is_found_listed_and_works(tmp_path: Path) -> None:
    box = Box([row("one"), row("two", status="loaded")], {"two": "ready"}, {"two": 32_768})
    async with swap_box(box), raw_http_server(lambda _: NOT_FOUND) as other:
        places = (f"{other.url}=llama_swap,llama_cpp", f"{box.server.url}=llama_swap,llama_cpp")
        async with served(tmp_path, {}, env=LOOK, argv=command(*places)) as play:
            assert box.asked == [], "nothing is asked before the first request"
            run_id, end = await play.play("Say who you are")
            assert end["state"] == "succeeded", end
            [message] = [event for event in play.events(run_id, "message") if event["role"] == "assistant"]
            assert (message["text"], message["model"]) == ("I am two.", "llama_swap/two")
            listed = await play.client.request("agent/provider/list", {})
            assert [(each["id"], each["type"], each["origin"], each["state"]) for each in listed["providers"]] == [
                ("llama_swap", "llama_swap", "found", "ready")
            ]
            status = await play.client.request("agent/status", {})
            assert [each["id"] for each in status["providers"]] == ["llama_swap"]
            told = [params["providers"] for method, params in play.client.notifications if method == "agent/provider/changed"]
            assert any([each["id"] for each in rows] == ["llama_swap"] for rows in told)


async def test_who_asks_is_told_of_all_hosts_and_new_ones(tmp_path: Path) -> None:
    box = Box([row("one")])
    async with swap_box(box), raw_http_server(lambda _: json_reply({"data": []})) as far:
        options = {"providers": {"far": {"type": "openai_compatible", "baseUrl": f"{far.url}/v1"}}}
        async with served(tmp_path, options, env=LOOK, argv=command(f"{box.server.url}=llama_swap")) as play:
            listed = await play.client.request("agent/provider/list", {})
            assert [each["id"] for each in listed["providers"]] == ["far"], "a host is named, so nothing is looked for"
            looked = await play.client.request("agent/provider/check", {})
            assert (looked["provider"], looked["state"]) == ("", "ready")
            assert {line.partition(":")[0] for line in looked["text"].splitlines()} == {"far", "llama_swap"}
            listed = await play.client.request("agent/provider/list", {})
            assert [(each["id"], each["origin"]) for each in listed["providers"]] == [("far", "settings"), ("llama_swap", "found")]


@pytest.mark.parametrize("options", [{"discovery": False}, {}], ids=["switched off", "nothing there"])
async def test_who_finds_nothing_says_what_to_do(tmp_path: Path, options: Mapping[str, Any]) -> None:
    box = Box([row("one")])
    async with swap_box(box), raw_http_server(lambda _: NOT_FOUND) as other:
        url = box.server.url if options else other.url
        environment = {**LOOK, "COTERIE_DISCOVERY": ""}
        async with served(tmp_path, options, env=environment, argv=command(f"{url}=llama_swap,llama_cpp,ollama,lm_studio")) as play:
            with pytest.raises(ResponseError) as refused:
                await play.client.request("agent/run/start", {"prompt": "hello"})
            assert refused.value.data["code"] == "no_provider"
            status = await play.client.request("agent/status", {})
            assert [each["code"] for each in status["degraded"] if each["code"] == "no_provider"] == ["no_provider"]
        assert box.asked == []
