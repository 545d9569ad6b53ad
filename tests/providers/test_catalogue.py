"""The catalogue: searched over all hosts, installed once however many ask, and providers that a person puts aside."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from coterie.base.errors import InvalidParamsError, ProviderError, RequestError
from coterie.domain.status import InstallProgress, ProviderType
from coterie.providers.config import OWN_HOSTS, ProviderConfig
from coterie.providers.registry import ProviderRegistry
from provider_calls import host
from raw_http_server import RawHttpServer, Reply, Request, json_reply, raw_http_server

WITHIN_S = 60.0
NAMES = [f"model-{number:02}" for number in range(60)]


@asynccontextmanager
async def registry_of(*configs: ProviderConfig) -> AsyncGenerator[ProviderRegistry, None]:
    registry = ProviderRegistry(configs)
    try:
        yield registry
    finally:
        await registry.aclose()


def listing(names: Sequence[str]) -> Callable[[Request], Reply]:
    return lambda _request: json_reply({"data": [{"id": name} for name in names]})


def line(**said: Any) -> bytes:
    return json.dumps(said).encode() + b"\n"


def ollama(*pull: Any, known: Sequence[str] = ()) -> Callable[[Request], Reply]:
    """Return an Ollama that has ``known`` models, and fetches others as ``pull`` says."""

    def reply(request: Request) -> Reply:
        match request.path:
            case "/api/pull":
                return Reply(steps=pull, content_type="application/x-ndjson")
            case "/api/tags":
                return json_reply({"models": [{"model": name} for name in known]})
            case "/api/show":
                return json_reply({"capabilities": ["completion"]})
            case _:
                return json_reply({})

    return reply


def pulls(server: RawHttpServer) -> int:
    return sum(exchange.request.path == "/api/pull" for exchange in server.exchanges)


async def test_a_search_asks_all_hosts_and_goes_on_where_each_has_more() -> None:
    async with (
        raw_http_server(listing(NAMES)) as many,
        raw_http_server(listing(["other", "model-99"])) as few,
        raw_http_server(lambda _: json_reply({}, status=503)) as down,
        registry_of(
            host("openai_compatible", many.url, id="many"),
            host("anthropic", few.url, id="few"),
            host("openai_compatible", down.url, id="down"),
        ) as registry,
    ):
        first = await registry.search("")
        assert len(first.models) == 52
        assert first.next is not None
        second = await registry.search("", page=first.next)
        assert second.next is None
        assert {view.id for view in (*first.models, *second.models)} == {*(f"many/{name}" for name in NAMES), "few/other", "few/model-99"}
        assert {view.id: view.state for view in registry.list()} == {"many": "ready", "few": "ready", "down": "down"}
        assert [view.id for view in (await registry.search("model 9")).models][:1] == ["many/model-09"]
        assert [view.id for view in (await registry.search("model-99", provider="few")).models] == ["few/model-99"]
        assert (await registry.search("nothing of the kind")).models == ()
        for page in ("elsewhere", "[]", '{"many": "elsewhere"}', json.dumps({"many": "9" * 5000})):
            with pytest.raises(InvalidParamsError, match="page"):
                await registry.search("", page=page)
        with pytest.raises(RequestError, match="no provider `gone`"):
            await registry.search("", provider="gone")


async def test_the_very_name_comes_first() -> None:
    async with (
        raw_http_server(listing(["big-qwen", "qwen-coder", "qwen"])) as server,
        registry_of(host("openai_compatible", server.url)) as registry,
    ):
        assert [view.id for view in (await registry.search("qwen")).models] == ["work/qwen", "work/qwen-coder", "work/big-qwen"]


async def test_what_is_known_of_a_host_that_went_down_is_found_greyed() -> None:
    replies = [json_reply({"data": [{"id": "one"}]}), json_reply({}, status=503)]
    async with raw_http_server(replies) as server, registry_of(host("openai_compatible", server.url)) as registry:
        await registry.models()
        found = await registry.search("one")
        assert [(view.id, view.state) for view in found.models] == [("work/one", "down")]


@pytest.mark.parametrize("kind", sorted(OWN_HOSTS))
async def test_models_that_the_settings_name_are_listed_greyed_though_their_host_never_answered(kind: ProviderType) -> None:
    is_up = asyncio.Event()

    def reply(_: Request) -> Reply:
        return json_reply({"data": [{"id": "one"}], "models": [], "running": []}, status=200 if is_up.is_set() else 503)

    async with raw_http_server(reply) as server, registry_of(host(kind, server.url, models=("one",), context_tokens=4096)) as registry:
        assert [(view.id, view.context_tokens, view.state) for view in await registry.models()] == [("work/one", 4096, "down")]
        assert registry.list()[0].state == "down"
        is_up.set()
        await registry.models()
        assert registry.list()[0].state == "ready", "a list that came shows that the host is there"


async def test_an_installation_is_shared_and_ends_for_all() -> None:
    gate = asyncio.Event()
    pull = (line(status="pulling", digest="a", total=100, completed=40), gate, line(status="success"))
    async with raw_http_server(ollama(*pull)) as server, registry_of(host("ollama", server.url)) as registry:

        async def follow(begun: asyncio.Event) -> list[InstallProgress]:
            told = []
            async for progress in registry.install("work/new"):
                told.append(progress)
                begun.set()
            return told

        both_begun = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            followers = [group.create_task(follow(begun)) for begun in both_begun]
            for begun in both_begun:
                await asyncio.wait_for(begun.wait(), WITHIN_S)
            gate.set()
        assert pulls(server) == 1
        for follower in followers:
            assert follower.result()[0] == InstallProgress(text="pulling", completed=40, total=100)
            assert follower.result()[-1].text == "success"


async def test_an_installation_ends_with_the_last_who_waits_for_it() -> None:
    pull = (line(status="pulling"), asyncio.Event())
    async with raw_http_server(ollama(*pull)) as server, registry_of(host("ollama", server.url)) as registry:
        one, other = registry.install("work/new"), registry.install("work/new")
        async with aclosing(one), aclosing(other):
            await anext(one)
            await anext(other)
            await one.aclose()
            exchange = server.exchanges[0]
            assert not exchange.client_closed.is_set()
            await other.aclose()
            await asyncio.wait_for(exchange.client_closed.wait(), WITHIN_S)


@pytest.mark.parametrize(
    ("model", "code"),
    [("gone/one", "unknown_provider"), ("work/", "unknown_model"), ("work/nothing", "unknown_model"), ("remote/one", "cannot_install")],
)
async def test_what_cannot_be_installed(model: str, code: str) -> None:
    error = line(error="pull model manifest: file does not exist")
    async with (
        raw_http_server(ollama(error)) as server,
        registry_of(host("ollama", server.url), host("anthropic", server.url, id="remote")) as registry,
    ):
        with pytest.raises((RequestError, ProviderError)) as raised:
            await anext(registry.install(model))
        assert raised.value.code == code


async def test_a_disconnected_provider_is_asked_nothing_until_it_is_connected_again() -> None:
    async with raw_http_server(listing(["one"])) as server:
        config = host("openai_compatible", server.url)
        async with registry_of(config) as registry:
            await registry.models()
            heard: list[str] = []
            registry.on_change(lambda: heard.append(registry.list()[0].state))
            before = len(server.exchanges)

            assert (await registry.disconnect("work")).state == "disconnected"
            with pytest.raises(ProviderError, match="disconnected") as raised:
                registry.choose("work/one")
            assert raised.value.code == "provider_disconnected"
            with pytest.raises(ProviderError, match="disconnected"):
                await registry.unload("work/one")
            with pytest.raises(RequestError, match="No model is chosen"):
                registry.default_model()
            assert [(view.id, view.state) for view in await registry.models()] == [("work/one", "down")]
            assert [view.id for view in (await registry.search("")).models] == ["work/one"]
            assert (await registry.check("work")).state == "disconnected"
            registry.settled("work/one", None)
            registry.configure([host("openai_compatible", server.url, max_tokens=9)])
            assert registry.list()[0].state == "disconnected", "neither a late answer nor other settings connect it"
            assert len(server.exchanges) == before

            assert (await registry.connect("work")).state == "ready"
            assert registry.choose("work/one").model == "one"
            assert heard == ["disconnected", "disconnected", "ready"]


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (json_reply({"data": []}), "ready"),
        (json_reply({"error": "no such page"}, status=404), "ready"),
        (json_reply({"error": {"message": "who?"}}, status=401), "auth_required"),
        (Reply(steps=(b"<html>",)), "down"),
    ],
)
async def test_a_look_at_a_host_asks_it_though_the_settings_name_its_models(reply: Reply, state: str) -> None:
    async with raw_http_server([reply]) as server, registry_of(host("openai_compatible", server.url, models=("one",))) as registry:
        check = await registry.check("work")
        assert (check.provider, check.state) == ("work", state)
        row = registry.list()[0]
        assert (row.state, row.error) == (state, None if state == "ready" else check.text)


async def test_finding_a_model() -> None:
    async with (
        raw_http_server(ollama(known=["qwen3:latest", "other:4b"])) as server,
        raw_http_server(lambda _: json_reply({}, status=503)) as down,
        registry_of(host("ollama", server.url), host("openai_compatible", down.url, id="down")) as registry,
    ):
        assert (await registry.find("work/other:4b")).id == "work/other:4b"
        assert (await registry.find("work/qwen3")).id == "work/qwen3:latest"
        with pytest.raises(RequestError, match="has no model `gone`") as raised:
            await registry.find("work/gone")
        assert raised.value.code == "unknown_model"
        assert (await registry.find("down/one")).state == "down", "nobody can say"


async def test_providers_come_and_go_live() -> None:
    async with raw_http_server(listing(["one"])) as server, registry_of(host("openai_compatible", server.url)) as registry:
        await registry.models()
        registry.unregister("work")
        assert await registry.models() == ()
        registry.register(host("openai_compatible", server.url))
        assert [view.id for view in await registry.models()] == ["work/one"]
