"""Hosts that nobody named: known by an answer that no other program gives, bounded in time, and never before a host that somebody named."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from coterie.base.errors import RequestError
from coterie.config.addresses import LocalHost, UsualPlace, usual_places
from coterie.domain.model_ports import DiscoveryReason
from coterie.providers.config import ProviderConfig
from coterie.providers.discovery import Discovery
from coterie.providers.registry import ProviderRegistry
from coterie.providers.transport import Transport
from provider_calls import host
from raw_http_server import RawHttpServer, Reply, Request, json_reply, raw_http_server
from swap_box import Box, row, swap_box

PATIENT_S = 60.0
"""What is there has to be found on the slowest machine."""
NOWHERE: Mapping[str, str] = {"PATH": "", "HOME": "/nonexistent"}
ALL: tuple[LocalHost, ...] = ("ollama", "llama_swap", "llama_cpp", "lm_studio")
NOT_FOUND = json_reply({"error": "not found"}, status=404)
LOADING = json_reply({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, status=503)

OLLAMA = {"/api/tags": json_reply({"models": []})}
LLAMA_CPP = {
    "/props": json_reply({"default_generation_settings": {"n_ctx": 4096}}),
    "/v1/models": json_reply({"data": [{"id": "m.gguf", "owned_by": "llamacpp"}]}),
    "/api/tags": json_reply({"models": [{"name": "m.gguf"}], "data": [{"id": "m.gguf"}]}),
}
LM_STUDIO = {
    "/v1/models": json_reply({"data": [{"id": "m", "object": "model", "owned_by": "organization_owner"}]}),
}
NEW_LM_STUDIO = {
    "/v1/models": json_reply({"data": [{"id": "m"}]}),
    "/api/v0/models": json_reply({"data": [{"id": "m", "type": "llm", "compatibility_type": "gguf", "state": "loaded"}]}),
}
LLAMA_SWAP = {"/running": json_reply({"running": []}), "/v1/models": json_reply({"data": [row("one")]})}


@asynccontextmanager
async def listening(paths: Mapping[str, Reply], *, otherwise: Reply = NOT_FOUND) -> AsyncIterator[RawHttpServer]:
    """Have a program listen on some port."""

    def reply(request: Request) -> Reply:
        return paths.get(request.path, otherwise)

    async with raw_http_server(reply) as server:
        yield server


async def found(*places: UsualPlace, environ: Mapping[str, str] = NOWHERE, bound_s: float = PATIENT_S) -> list[tuple[str, str, str, str]]:
    """Return name, type, address and origin of what is found."""
    transport = Transport()
    try:
        configs = await Discovery(places, environ, bound_s=bound_s).around(transport)
    finally:
        await transport.aclose()
    return [(config.id, config.type, config.base_url, config.origin) for config in configs]


@pytest.mark.parametrize("kinds", [ALL, tuple(reversed(ALL))], ids=["in one order", "in the other"])
@pytest.mark.parametrize(
    ("paths", "name", "kind", "suffix"),
    [
        (OLLAMA, "ollama", "ollama", ""),
        (LLAMA_CPP, "llama_cpp", "llama_cpp", ""),
        ({"/props": LOADING}, "llama_cpp", "llama_cpp", ""),
        (LLAMA_SWAP, "llama_swap", "llama_swap", ""),
        (LM_STUDIO, "lm_studio", "openai_compatible", "/v1"),
        (NEW_LM_STUDIO, "lm_studio", "openai_compatible", "/v1"),
    ],
    ids=["ollama", "llama.cpp", "llama.cpp that loads", "llama-swap", "LM Studio", "LM Studio of another version"],
)
async def test_a_host_is_known_by_what_only_it_says(
    paths: Mapping[str, Reply], name: str, kind: str, suffix: str, kinds: tuple[LocalHost, ...]
) -> None:
    async with listening(paths) as server:
        assert await found(UsualPlace(server.url, kinds)) == [(name, kind, f"{server.url}{suffix}", "found")]


@pytest.mark.parametrize(
    "otherwise",
    [
        NOT_FOUND,
        Reply(steps=(b"<html><body>It works!</body></html>",), content_type="text/html"),
        Reply(steps=(b"OK",), content_type="text/plain"),
        json_reply({}),
        json_reply({"data": [{"id": "gpt", "owned_by": "somebody"}]}),
        json_reply({"models": "none", "running": "yes", "default_generation_settings": 1}),
        json_reply({"error": "Unexpected endpoint or method."}),
        json_reply({"error": {"message": "busy"}}, status=503),
        Reply(steps=("cut",)),
    ],
    ids=["nothing", "a web page", "words", "an empty object", "a strange list", "other types", "an error", "busy", "a cut"],
)
async def test_any_other_program_is_no_host(otherwise: Reply) -> None:
    async with listening({}, otherwise=otherwise) as server:
        assert await found(UsualPlace(server.url, ALL)) == []


async def test_nothing_listens() -> None:
    async with listening({}) as server:
        gone = server.url
    assert await found(UsualPlace(gone, ALL)) == []


async def test_who_never_answers_is_not_waited_for() -> None:
    async with listening({}, otherwise=Reply(steps=(b"{", asyncio.Event()))) as server:
        assert await found(UsualPlace(server.url, ALL), bound_s=0.05) == []


async def test_no_question_loads_a_model_or_changes_anything() -> None:
    async with listening({}) as server:
        await found(UsualPlace(server.url, ALL))
        requests = [exchange.request for exchange in server.exchanges]
    assert {request.method for request in requests} == {"GET"}
    assert not any("?" in request.path for request in requests)


async def test_several_of_a_kind_have_names_of_their_own_and_one_machine_is_one_host() -> None:
    async with listening(LLAMA_SWAP) as one, listening(LLAMA_SWAP) as other:
        port = other.url.rpartition(":")[2]
        local = one.url.replace("127.0.0.1", "localhost")
        names = await found(
            UsualPlace(one.url, ("llama_swap",)), UsualPlace(local, ("llama_swap",)), UsualPlace(other.url, ("llama_swap",))
        )
    assert [name for name, *_ in names] == ["llama_swap", f"llama_swap-{port}"]


async def test_a_place_that_the_environment_names_counts_although_it_is_down() -> None:
    async with listening({}) as server:
        gone = server.url
    assert await found(UsualPlace(gone, ("llama_swap",), is_said=True)) == [("llama_swap", "llama_swap", gone, "environment")]


async def test_the_claude_program_is_found_and_not_started(tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\ntouch started\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert await found(environ={"PATH": str(tmp_path), "HOME": "/nonexistent"}) == [("claude_code", "claude_code", "", "found")]
    assert [path.name for path in tmp_path.iterdir()] == ["claude"]


def test_the_usual_places() -> None:
    def addresses(environ: Mapping[str, str]) -> list[tuple[str, bool]]:
        return [(place.address, place.is_said) for place in usual_places(environ)]

    shared = [("http://127.0.0.1:8080", False), ("http://127.0.0.1:9292", False), ("http://127.0.0.1:1234", False)]
    assert addresses({}) == [("http://127.0.0.1:11434", False), *shared]
    said = {"OLLAMA_HOST": "0.0.0.0:5", "LLAMA_SWAP_URL": "http://box:9"}
    assert addresses(said) == [("http://127.0.0.1:5", True), ("http://box:9", True), *shared]


class Look:
    """A registry that looks at given places, and what it was told to look for."""

    def __init__(self, places: Sequence[UsualPlace], configs: Sequence[ProviderConfig] = (), *, default_model: str | None = None) -> None:
        self.is_wanted = True
        self.changes = 0
        discovery = Discovery(places, NOWHERE, wanted=lambda: self.is_wanted, bound_s=PATIENT_S)
        self.registry = ProviderRegistry(configs, default_model=default_model, discovery=discovery)
        self.registry.on_change(self._changed)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return the ids and origins of what is registered."""
        return [(view.id, view.origin) for view in self.registry.list()]

    async def discover(self, reason: DiscoveryReason = "listing") -> list[str]:
        """Look around, and return the ids of what is registered then."""
        await self.registry.discover(reason)
        return [name for name, _ in self.rows]

    def _changed(self) -> None:
        self.changes += 1


@asynccontextmanager
async def looking(box: Box, configs: Sequence[ProviderConfig] = (), *, default_model: str | None = None) -> AsyncIterator[Look]:
    """Run a box, and a registry that may find it."""
    async with swap_box(box):
        look = Look([UsualPlace(box.server.url, ("llama_swap", "llama_cpp"))], configs, default_model=default_model)
        try:
            yield look
        finally:
            await look.registry.aclose()


def a_box() -> Box:
    """Return a box with a model that is loaded, which is not its first."""
    return Box([row("embedder"), row("one"), row("two", status="loaded")], {"two": "ready"}, {"two": 4_096})


async def test_what_is_found_is_registered_live_and_serves_who_names_no_model() -> None:
    async with looking(a_box()) as look:
        with pytest.raises(RequestError) as missing:
            look.registry.default_model()
        assert missing.value.code == "no_provider"
        assert await look.discover() == ["llama_swap"]
        assert look.rows == [("llama_swap", "found")]
        assert look.changes > 0
        assert look.registry.default_model() == "llama_swap/two", "the one that is loaded"
        assert [view.id for view in await look.registry.models()] == ["llama_swap/embedder", "llama_swap/one", "llama_swap/two"]


async def test_who_comes_amid_a_look_finds_all_of_it_done() -> None:
    async with looking(a_box()) as look:

        async def asked() -> str:
            await look.discover("missing")
            return look.registry.default_model()

        assert await asyncio.gather(look.discover(), asked(), asked()) == [["llama_swap"], "llama_swap/two", "llama_swap/two"]


async def test_it_is_looked_for_once_until_somebody_asks() -> None:
    box = a_box()
    async with looking(box, default_model="llama_swap/one") as look:
        await asyncio.gather(look.discover("listing"), look.discover("missing"), look.discover("listing"))
        assert box.asked == ["/running"]
        await look.discover("asked")
        assert box.asked == ["/running", "/running"]


async def test_what_settings_name_is_not_found_again() -> None:
    box = a_box()
    async with swap_box(box):
        place = UsualPlace(box.server.url, ("llama_swap",))
        by_address = host("llama_swap", box.server.url.replace("127.0.0.1", "localhost") + "/v1", id="mine")
        by_name = ProviderConfig(id="llama_swap", type="openai_compatible", base_url="http://127.0.0.1:1/v1")
        for config in (by_address, by_name):
            look = Look([place], [config], default_model="mine/one")
            assert await look.discover("asked") == [config.id]
            await look.registry.aclose()


@pytest.mark.parametrize(
    ("origin", "reason", "is_found"),
    [
        ("settings", "listing", False),
        ("settings", "missing", True),
        ("settings", "asked", True),
        ("environment", "listing", True),
    ],
)
async def test_where_settings_name_a_host_nothing_is_looked_for_without_need(
    origin: str, reason: DiscoveryReason, *, is_found: bool
) -> None:
    named = replace(host("openai_compatible", "http://127.0.0.1:1", models=("m",)), origin=origin)  # type: ignore[arg-type]
    async with looking(a_box(), [named]) as look:
        assert await look.discover(reason) == ["work", *["llama_swap"] * is_found]
        assert look.registry.default_model() == "work/m", "never before what somebody named"


async def test_the_switch() -> None:
    box = a_box()
    async with looking(box) as look:
        look.is_wanted = False
        for reason in ("listing", "missing", "asked"):
            assert await look.discover(reason) == []  # type: ignore[arg-type]
        assert box.asked == []
        look.is_wanted = True
        assert await look.discover() == ["llama_swap"]
        look.is_wanted = False
        look.registry.configure(())
        assert look.rows == []


async def test_a_found_host_stays_when_the_settings_change_and_goes_when_they_name_it() -> None:
    async with looking(a_box()) as look:
        await look.discover()
        other = host("openai_compatible", "http://127.0.0.1:1")
        look.registry.configure((other,))
        assert look.rows == [("work", "settings"), ("llama_swap", "found")]
        look.registry.configure((other, replace(other, id="llama_swap")))
        assert look.rows == [("work", "settings"), ("llama_swap", "settings")]


async def test_a_found_host_that_goes_is_down_with_its_models_and_a_new_one_is_found_when_asked() -> None:
    old = a_box()
    async with swap_box(old):
        places = [UsualPlace(old.server.url, ("llama_swap",))]
        look = Look(places)
        await look.discover()
    assert await look.discover("asked") == ["llama_swap"]
    views = await look.registry.models()
    assert [(view.id, view.state) for view in views] == [(f"llama_swap/{name}", "down") for name in ("embedder", "one", "two")]
    async with listening(OLLAMA) as ollama:
        places.append(UsualPlace(ollama.url, ("ollama",)))
        assert await look.discover() == ["llama_swap"], "not unasked"
        assert await look.discover("asked") == ["llama_swap", "ollama"]
        await look.registry.aclose()
