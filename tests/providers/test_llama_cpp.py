"""The server of llama.cpp: its window without loading anything, waiting for a model, exact counts, gaps."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, UsageReported, Waiting
from coterie.domain.suggestions import FillRequest, Snippet
from coterie.domain.usage import Usage
from coterie.providers.config import Timeouts
from coterie.providers.llama_cpp import LlamaCpp
from coterie.providers.transport import Transport
from provider_calls import REQUEST, gather, host, provider_of, words
from raw_http_server import RawHttpServer, Reply, Request, json_reply, raw_http_server, sse

LOADING = json_reply({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, status=503)
GAP = FillRequest(model="one", prefix="def add(a, b):\n    return ", suffix="\n", max_tokens=64, stop=("\n\n",))
PROPS = json_reply({"default_generation_settings": {"n_ctx": 16_384}})


def said(text: str) -> Reply:
    """Answer a conversation."""
    chunk = {
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2},
    }
    return Reply(steps=(sse(chunk), sse("[DONE]")))


def model(name: str, status: str | None = None) -> dict[str, Any]:
    """Return a row of the list of models."""
    return {"id": name, "meta": {"n_ctx_train": 131_072}, **({"status": {"value": status}} if status else {})}


def server_of(*models: Mapping[str, Any], **paths: Reply) -> Callable[[Request], Reply]:
    """Return a server with models; other paths by their last part."""

    def reply(request: Request) -> Reply:
        path = request.path.partition("?")[0]
        return json_reply({"data": list(models)}) if path == "/v1/models" else paths[path.rpartition("/")[2].replace("-", "_")]

    return reply


def asked(server: RawHttpServer) -> list[str]:
    """Return the paths that were asked for."""
    return [exchange.request.path for exchange in server.exchanges]


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
async def test_the_address_may_end_in_v1_or_not(suffix: str) -> None:
    async with (
        raw_http_server(server_of(completions=said("Hello."))) as server,
        provider_of(host("llama_cpp", server.url + suffix)) as provider,
    ):
        assert words(await gather(provider)) == "Hello."
        assert asked(server) == ["/v1/chat/completions"]


async def test_the_window_of_a_server_of_one_model() -> None:
    async with raw_http_server(server_of(model("one"), props=PROPS)) as server, provider_of(host("llama_cpp", server.url)) as provider:
        [view] = await provider.installed_models()
    assert (view.id, view.context_tokens, view.state) == ("work/one", 16_384, "loaded")


@pytest.mark.proves("llama_cpp", "models")
async def test_a_router_is_asked_about_its_models_without_having_them_loaded() -> None:
    models = [model("a/b c", "loaded"), model("two", "unloaded"), model("three", "loading"), model("four", "sleeping")]
    async with raw_http_server(server_of(*models, props=PROPS)) as server, provider_of(host("llama_cpp", server.url)) as provider:
        views = await provider.installed_models()
        assert asked(server) == ["/v1/models", "/props?model=a%2Fb%20c&autoload=false"]
    assert [(view.state, view.context_tokens) for view in views] == [
        ("loaded", 16_384),
        ("available", None),
        ("loading", None),
        ("available", None),
    ]


async def test_a_server_that_tells_no_window_leaves_the_settings() -> None:
    old = server_of(model("one"), props=json_reply({"error": {"message": "no"}}, status=404))
    async with raw_http_server(old) as server:
        for settings, window in (({}, 131_072), ({"context_tokens": 8_192}, 8_192)):
            async with provider_of(host("llama_cpp", server.url, **settings)) as provider:
                [view] = await provider.installed_models()
                assert view.context_tokens == window


class Pauses:
    """Waits for nothing, and counts."""

    def __init__(self) -> None:
        self.count = 0

    async def pause(self, _: float) -> None:
        """Count."""
        self.count += 1


async def test_a_model_that_is_being_loaded_is_waited_for() -> None:
    pauses, transport = Pauses(), Transport()
    async with raw_http_server([LOADING, LOADING, said("Hello.")]) as server:
        provider = LlamaCpp(host("llama_cpp", server.url), transport, pause=pauses.pause)
        try:
            events = [event async for event in provider.stream(REQUEST)]
        finally:
            await transport.aclose()
    assert [event.code for event in events if isinstance(event, Waiting)] == ["loading"], "said once"
    assert words(events) == "Hello."
    assert pauses.count == 2


async def test_nobody_waits_for_ever() -> None:
    pauses, transport = Pauses(), Transport()
    impatient = Timeouts(first_token_s=0.0001)
    async with raw_http_server(lambda _: LOADING) as server:
        provider = LlamaCpp(host("llama_cpp", server.url, timeouts=impatient), transport, pause=pauses.pause)
        try:
            with pytest.raises(ProviderError) as failure:
                _ = [event async for event in provider.stream(REQUEST)]
        finally:
            await transport.aclose()
    assert failure.value.kind == "transient"


@pytest.mark.proves("llama_cpp", "count_tokens")
async def test_tokens_are_counted_by_the_models_own_template() -> None:
    answers = server_of(apply_template=json_reply({"prompt": "<|user|>say hello"}), tokenize=json_reply({"tokens": [1, 2, 3]}))
    async with raw_http_server(answers) as server, provider_of(host("llama_cpp", server.url)) as provider:
        assert await provider.count_tokens(REQUEST) == 3
        templated, tokenized = (exchange.request.json() for exchange in server.exchanges)
    assert [message["role"] for message in templated["messages"]] == ["system", "user"]
    assert [tool["function"]["name"] for tool in templated["tools"]] == ["edit_file"]
    assert tokenized["content"] == "<|user|>say hello"


async def test_a_server_too_old_to_count_says_nothing() -> None:
    answers = server_of(apply_template=json_reply({"error": {"message": "File Not Found"}}, status=404))
    async with raw_http_server(answers) as server, provider_of(host("llama_cpp", server.url)) as provider:
        assert await provider.count_tokens(REQUEST) is None


@pytest.mark.proves("llama_cpp", "fim")
async def test_a_gap_is_filled() -> None:
    last = {"content": "", "stop": True, "tokens_evaluated": 20, "tokens_predicted": 3}
    answer = Reply(steps=(sse({"content": "a + ", "stop": False}), sse({"content": "b", "stop": False}), sse(last)))
    async with raw_http_server(server_of(infill=answer)) as server, provider_of(host("llama_cpp", server.url)) as provider:
        assert provider.capabilities.fim
        events = [event async for event in provider.fill(GAP)]
        [sent] = [exchange.request.json() for exchange in server.exchanges]
    assert words(events) == "a + b"
    assert [event.usage for event in events if isinstance(event, UsageReported)] == [Usage(input=20, cache_read=0, cache_write=0, output=3)]
    assert events[-1] == Finished("stop")
    assert (sent["input_prefix"], sent["input_suffix"], sent["n_predict"], sent["stop"]) == (GAP.prefix, GAP.suffix, 64, ["\n\n"])


async def test_other_files_are_given_to_the_server_which_knows_how_to_show_them() -> None:
    last = {"content": "a", "stop": True}
    async with (
        raw_http_server(server_of(infill=Reply(steps=(sse(last),)))) as server,
        provider_of(host("llama_cpp", server.url)) as provider,
    ):
        _ = [event async for event in provider.fill(replace(GAP, snippets=(Snippet("b.py", "X = 1\n"),)))]
        [sent] = [exchange.request.json() for exchange in server.exchanges]
    assert sent["input_extra"] == [{"filename": "b.py", "text": "X = 1\n"}]
    assert sent["input_prefix"] == GAP.prefix


async def test_a_model_whose_file_knows_no_gaps_is_asked_by_the_tokens_of_its_family() -> None:
    refusal = json_reply({"error": {"code": 501, "message": "Infill is not supported by this model"}}, status=501)
    answer = Reply(steps=(sse({"choices": [{"text": "a + b", "finish_reason": "stop"}]}), sse("[DONE]")))
    answers = server_of(infill=refusal, completions=answer)
    async with raw_http_server(answers) as server, provider_of(host("llama_cpp", server.url)) as provider:
        for _ in range(2):
            assert words([event async for event in provider.fill(replace(GAP, model="starcoder2-3b"))]) == "a + b"
        asked = [(exchange.request.path, exchange.request.json()) for exchange in server.exchanges]
    assert [path for path, _ in asked] == ["/infill", "/v1/completions", "/v1/completions"]
    assert asked[1][1]["prompt"] == f"<fim_prefix>{GAP.prefix}<fim_suffix>{GAP.suffix}<fim_middle>"
    assert asked[0][1]["stop"] == asked[1][1]["stop"] == ["\n\n", "<|endoftext|>", "<file_sep>"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            json_reply(
                {"error": {"code": 501, "message": "Infill is not supported by this model", "type": "not_supported_error"}}, status=501
            ),
            "no_fim",
        ),
        (json_reply({"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}, status=404), "no_fim"),
        (json_reply({"error": {"code": 400, "message": "the request exceeds the available context size"}}, status=400), "context_overflow"),
        (Reply(steps=(sse({"content": "a"}),)), "provider_failed"),
        (Reply(steps=(sse("no JSON"),)), "provider_failed"),
        (LOADING, "provider_failed"),
    ],
    ids=["no model for it", "too old", "too long", "no end", "garbage", "loading"],
)
async def test_gaps_that_are_not_filled(answer: Reply, code: str) -> None:
    async with raw_http_server(server_of(infill=answer)) as server, provider_of(host("llama_cpp", server.url)) as provider:
        with pytest.raises(ProviderError) as failure:
            _ = [event async for event in provider.fill(GAP)]
    assert failure.value.code == code


async def test_who_gives_up_closes_the_connection() -> None:
    answer = Reply(steps=(sse({"choices": [{"delta": {"content": "I "}}]}), asyncio.Event()))
    async with raw_http_server([answer]) as server, provider_of(host("llama_cpp", server.url)) as provider:
        async with aclosing(provider.stream(REQUEST)) as events:  # type: ignore[type-var]
            async for _ in events:
                break
        await server.exchanges[0].client_closed.wait()


@pytest.mark.proves("llama_cpp", "unload")
async def test_a_router_unloads() -> None:
    async with (
        raw_http_server(server_of(unload=json_reply({"success": True}))) as server,
        provider_of(host("llama_cpp", server.url)) as provider,
    ):
        await provider.unload_model("one")
        [exchange] = server.exchanges
    assert (exchange.request.path, exchange.request.json()) == ("/models/unload", {"model": "one"})
