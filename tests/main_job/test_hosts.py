"""Hosts and models over the whole way: an editor, the real server, and an Ollama on loopback."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lsp_client import ResponseError
from raw_http_server import Reply, Request, Step, json_reply, raw_http_server
from served import served

WITHIN_S = 60.0


def line(**said: Any) -> bytes:
    return json.dumps(said).encode() + b"\n"


def ollama(*pull: Step) -> Callable[[Request], Reply]:
    """Return an Ollama that has one model, and fetches others as ``pull`` says."""
    names = ["old:1b"]

    def reply(request: Request) -> Reply:
        match request.path:
            case "/api/pull":
                names.append(request.json()["model"])
                return Reply(steps=pull, content_type="application/x-ndjson")
            case "/api/tags":
                return json_reply({"models": [{"model": name} for name in names]})
            case "/api/show":
                return json_reply({"capabilities": ["completion"]})
            case _:
                return json_reply({})

    return reply


def settings(url: str) -> dict[str, Any]:
    return {"discovery": False, "model": "box/old:1b", "providers": {"box": {"type": "ollama", "baseUrl": url}}}


async def test_a_model_is_installed_marked_and_still_a_favourite_of_the_next_server(tmp_path: Path) -> None:
    pull = (line(status="pulling", digest="a", total=10_000_000, completed=5_000_000), line(status="success"))
    async with raw_http_server(ollama(*pull)) as host:
        async with served(tmp_path, settings(host.url)) as editor:
            client = editor.client
            installed = await client.request("agent/model/install", {"model": "box/new:4b", "workDoneToken": "t"})
            assert (installed["model"]["id"], installed["model"]["installed"]) == ("box/new:4b", True)
            told = [params["value"] for method, params in client.notifications if method == "$/progress" and params["token"] == "t"]
            assert (told[0]["kind"], told[-1]["kind"]) == ("begin", "end")
            assert (await client.request("agent/model/favourite", {"model": "box/new:4b"}))["favourite"] is True
            with pytest.raises(ResponseError) as refused:
                await client.request("agent/model/favourite", {"model": "box/none"})
            assert refused.value.data["code"] == "unknown_model"
        async with served(tmp_path, settings(host.url)) as editor:
            found = await editor.client.request("agent/model/search", {"query": ""})
            assert {model["id"]: model["favourite"] for model in found["models"]} == {"box/old:1b": False, "box/new:4b": True}
            assert found["next"] is None


async def test_a_cancelled_installation_stops_at_the_host(tmp_path: Path) -> None:
    async with raw_http_server(ollama(line(status="pulling"), asyncio.Event())) as host, served(tmp_path, settings(host.url)) as editor:
        client = editor.client
        request = await client.ask("agent/model/install", {"model": "box/new:4b", "workDoneToken": "t"})
        await client.eventually(lambda: any(method == "$/progress" and "pulling" in str(params) for method, params in client.notifications))
        pull = next(exchange for exchange in host.exchanges if exchange.request.path == "/api/pull")
        await client.notify("window/workDoneProgress/cancel", {"token": "t"})
        with pytest.raises(ResponseError) as refused:
            await client.result(request)
        assert refused.value.code == -32800
        await asyncio.wait_for(pull.client_closed.wait(), WITHIN_S)


async def test_a_check_says_how_long_it_took_and_how_many_models_there_are(tmp_path: Path) -> None:
    async with raw_http_server(ollama()) as host, served(tmp_path, settings(host.url)) as editor:
        await editor.client.request("agent/model/list", {})
        check = await editor.client.request("agent/provider/check", {"provider": "box"})
        assert (check["state"], check["models"], check["action"]) == ("ready", 1, None)
        assert isinstance(check["latencyMs"], int)
        other = {"type": "anthropic", "base_url": host.url, "api_key": "env:NOT_SET_ANYWHERE"}
        await editor.client.request("agent/settings/set", {"key": "providers.other", "value": other})
        lacking = await editor.client.request("agent/provider/check", {"provider": "other"})
        assert (lacking["state"], lacking["action"]) == ("auth_required", "coterie.configureProviderKey")
        assert "NOT_SET_ANYWHERE" in lacking["text"]


async def test_a_provider_is_put_aside_and_taken_back(tmp_path: Path) -> None:
    async with raw_http_server(ollama()) as host, served(tmp_path, settings(host.url)) as editor:
        client = editor.client
        row = await client.request("agent/provider/disconnect", {"provider": "box"})
        assert (row["id"], row["state"]) == ("box", "disconnected")
        await client.expect("agent/provider/changed", lambda params: params["providers"][0]["state"] == "disconnected")
        await client.expect("agent/status/changed", lambda params: params["providers"][0]["state"] == "disconnected")
        with pytest.raises(ResponseError, match="disconnected") as refused:
            await editor.start("Say something")
        assert (refused.value.code, refused.value.data["code"]) == (-32803, "provider_disconnected")
        assert host.exchanges == [], "nothing was asked of it"

        assert (await client.request("agent/provider/connect", {"id": "box"}))["state"] == "ready"
        await client.expect("agent/provider/changed", lambda params: params["providers"][0]["state"] == "ready")
        check = await client.request("agent/provider/check", {"providerId": "box"})
        assert (check["provider"], check["state"]) == ("box", "ready")
        with pytest.raises(ResponseError) as refused:
            await client.request("agent/provider/check", {"provider": "gone"})
        assert refused.value.data["code"] == "unknown_provider"
