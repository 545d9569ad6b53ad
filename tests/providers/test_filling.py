"""Gaps filled by text completions: which way a host is asked, what is sent, what is read, and a call that is given up."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, cast

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, StreamEvent, TextDelta, UsageReported
from coterie.domain.status import ProviderType
from coterie.domain.suggestions import FillRequest, Snippet
from coterie.domain.usage import Usage
from coterie.providers.config import ProviderConfig
from coterie.providers.filling import ways_of
from coterie.providers.fim import fills
from provider_calls import KEY, host, provider_of
from raw_http_server import Reply, json_reply, raw_http_server, sse

PATIENCE = 60
GAP = FillRequest(model="coder", prefix="def f(", suffix="):\n    pass\n", max_tokens=64, stop=("\n",), extra={"seed": 7})
DONE = sse("[DONE]")


def piece(text: str, finish: str | None = None) -> bytes:
    return sse({"choices": [{"index": 0, "text": text, "finish_reason": finish}]})


async def filled(config: ProviderConfig, request: FillRequest = GAP) -> list[str]:
    async with provider_of(config) as provider:
        return [event.text async for event in provider.fill(request) if isinstance(event, TextDelta)]


@pytest.mark.proves("openai_compatible", "fim")
async def test_the_gap_goes_out_and_the_text_comes_back_in_pieces() -> None:
    reply = Reply(steps=(piece("a, "), piece("b"), piece("", "stop"), sse({"choices": [], "usage": {"prompt_tokens": 3}}), DONE))
    async with raw_http_server([reply]) as server:
        assert await filled(host("openai_compatible", server.url, fim=True)) == ["a, ", "b"]
        request = server.exchanges[0].request
    assert (request.method, request.path) == ("POST", "/v1/completions")
    assert request.headers["authorization"] == f"Bearer {KEY.value}"
    assert request.json() == {
        "model": "coder",
        "stream": True,
        "max_tokens": 64,
        "temperature": 0,
        "stream_options": {"include_usage": True},
        "stop": ["\n"],
        "seed": 7,
        "prompt": "def f(",
        "suffix": "):\n    pass\n",
    }


async def test_the_host_says_what_the_call_used() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}
    reply = Reply(steps=(piece("a", "stop"), sse({"choices": [], "usage": usage}), DONE))
    async with raw_http_server([reply]) as server, provider_of(host("openai_compatible", server.url, fim=True)) as provider:
        events = [event async for event in provider.fill(GAP)]
    assert events == [TextDelta("a"), UsageReported(Usage(input=5, cache_read=4, cache_write=0, output=2)), Finished("stop")]


async def test_nothing_to_fill_in_is_an_answer() -> None:
    async with raw_http_server([Reply(steps=(piece("", "stop"), DONE))]) as server:
        assert await filled(host("openai_compatible", server.url, fim=True)) == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(Reply(steps=(piece("a"),)), "transient", id="ended in mid-stream"),
        pytest.param(Reply(steps=(sse("no json"),)), "transient", id="no JSON"),
        pytest.param(Reply(steps=(sse({"error": {"message": "boom"}}),)), "transient", id="an error in the stream"),
        pytest.param(json_reply({"error": {"message": "no"}}, status=401), "auth_required", id="refused"),
    ],
)
async def test_failures_are_classified(reply: Reply, kind: str) -> None:
    async with raw_http_server([reply]) as server:
        with pytest.raises(ProviderError) as raised:
            await filled(host("openai_compatible", server.url, fim=True))
    assert raised.value.kind == kind


async def test_giving_up_closes_the_connection() -> None:
    async with (
        raw_http_server([Reply(steps=(piece("a"), asyncio.Event()))]) as server,
        provider_of(host("openai_compatible", server.url, fim=True)) as provider,
    ):
        pieces = cast("AsyncGenerator[StreamEvent, None]", provider.fill(GAP))
        assert await anext(pieces) == TextDelta("a")
        await pieces.aclose()
        await asyncio.wait_for(server.exchanges[0].client_closed.wait(), PATIENCE)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        pytest.param("openai_compatible", {}, id="not set"),
        pytest.param("anthropic", {"fim": True}, id="a wire that has no such call"),
        pytest.param("replay", {"fim": True, "cassette": "none.json"}, id="a recording"),
    ],
)
async def test_who_fills_no_gaps_says_so_and_refuses(kind: ProviderType, settings: dict[str, Any]) -> None:
    config = host(kind, "http://127.0.0.1:9", **settings)
    assert not config.capabilities.fim
    with pytest.raises(ProviderError) as raised:
        await filled(config)
    assert (raised.value.kind, raised.value.code) == ("bad_request", "no_fim")


QWEN = replace(GAP, model="org/Qwen2.5-Coder-7B")
REFUSED = json_reply({"error": {"message": "suffix is not supported by this model"}}, status=400)
FILLED = Reply(steps=(piece("a, b", "stop"), DONE))


@pytest.mark.proves("openai_compatible", "fim")
async def test_a_model_of_a_known_family_is_asked_by_its_tokens() -> None:
    async with raw_http_server([FILLED]) as server:
        assert await filled(host("openai_compatible", server.url), QWEN) == ["a, b"]
        request = server.exchanges[0].request
    assert request.path == "/v1/completions"
    assert request.json() == {
        "model": QWEN.model,
        "stream": True,
        "max_tokens": 64,
        "temperature": 0,
        "stream_options": {"include_usage": True},
        "stop": ["\n", "<|endoftext|>", "<|file_sep|>", "<|fim_pad|>"],
        "seed": 7,
        "prompt": "<|fim_prefix|>def f(<|fim_suffix|>):\n    pass\n<|fim_middle|>",
    }


async def test_a_family_can_be_told_and_a_host_be_kept_from_it() -> None:
    async with raw_http_server([FILLED]) as server:
        assert await filled(host("openai_compatible", server.url, fim="codellama")) == ["a, b"]
        assert server.exchanges[0].request.json()["prompt"] == "<PRE> def f( <SUF>):\n    pass\n <MID>"
    with pytest.raises(ProviderError) as raised:
        await filled(host("openai_compatible", "http://127.0.0.1:9", fim=False), QWEN)
    assert raised.value.code == "no_fim"


async def test_a_host_that_takes_no_suffix_is_asked_by_tokens_from_then_on() -> None:
    async with (
        raw_http_server([REFUSED, FILLED, FILLED]) as server,
        provider_of(host("openai_compatible", server.url, fim=True)) as provider,
    ):
        for _ in range(2):
            assert [event.text async for event in provider.fill(QWEN) if isinstance(event, TextDelta)] == ["a, b"]
        asked = [exchange.request.json() for exchange in server.exchanges]
    assert ["suffix" in body for body in asked] == [True, False, False]
    assert asked[0]["stop"] == asked[1]["stop"]


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
async def test_a_host_without_text_completions_says_so_once(status: int) -> None:
    refusal = json_reply({"error": {"message": "no"}}, status=status)
    async with raw_http_server([refusal]) as server, provider_of(host("openai_compatible", server.url)) as provider:
        for _ in range(2):
            with pytest.raises(ProviderError) as raised:
                await anext(aiter(provider.fill(QWEN)))
            assert raised.value.code == "no_fim"
        assert len(server.exchanges) == 1


async def test_a_token_in_the_answer_ends_it_though_the_host_goes_on() -> None:
    steps = (piece("a, b<|file"), piece("_sep|>other.py"), asyncio.Event())
    async with (
        raw_http_server([Reply(steps=steps)]) as server,
        provider_of(host("openai_compatible", server.url)) as provider,
    ):
        assert [event async for event in provider.fill(QWEN)] == [TextDelta("a, b"), Finished("stop")]
        await asyncio.wait_for(server.exchanges[0].client_closed.wait(), PATIENCE)


async def test_mistral_is_asked_its_own_way() -> None:
    message = sse({"choices": [{"index": 0, "delta": {"content": "a, b"}, "finish_reason": "stop"}]})
    async with raw_http_server([Reply(steps=(message, DONE))]) as server:
        assert await filled(host("openai_compatible", server.url, fim="mistral"), replace(GAP, model="codestral-latest")) == ["a, b"]
        request = server.exchanges[0].request
    assert request.path == "/v1/fim/completions"
    assert "stream_options" not in request.json()
    assert (request.json()["prompt"], request.json()["suffix"]) == (GAP.prefix, GAP.suffix)


async def test_deepseek_is_asked_its_own_way() -> None:
    async with raw_http_server([FILLED]) as server:
        assert await filled(host("openai_compatible", server.url, fim="deepseek"), replace(GAP, model="deepseek-chat")) == ["a, b"]
        request = server.exchanges[0].request
    assert request.path == "/beta/completions"
    assert (request.json()["prompt"], request.json()["suffix"]) == (GAP.prefix, GAP.suffix)


async def test_other_files_are_shown_as_comments_to_hosts_that_take_a_suffix() -> None:
    gap = replace(GAP, path="a.py", snippets=(Snippet("b.py", "X = 1\n"),))
    async with raw_http_server([FILLED]) as server:
        await filled(host("openai_compatible", server.url, fim=True), gap)
        assert server.exchanges[0].request.json()["prompt"] == "# b.py\n# X = 1\n# a.py\ndef f("


@pytest.mark.parametrize(
    ("address", "model", "fim", "ways"),
    [
        ("http://127.0.0.1:1234/v1", "coder", None, []),
        ("http://127.0.0.1:1234/v1", "qwen3-coder", None, ["tokens"]),
        ("http://127.0.0.1:1234/v1", "qwen3-coder", True, ["suffix", "tokens"]),
        ("http://127.0.0.1:1234/v1", "coder", True, ["suffix"]),
        ("http://127.0.0.1:1234/v1", "coder", "qwen", ["tokens"]),
        ("http://127.0.0.1:1234/v1", "qwen3-coder", False, []),
        ("https://api.mistral.ai/v1", "codestral-latest", None, ["mistral"]),
        ("https://codestral.mistral.ai/v1", "codestral-2501", None, ["mistral"]),
        ("https://api.mistral.ai/v1", "mistral-large-latest", None, []),
        ("https://api.deepseek.com", "deepseek-chat", None, ["deepseek"]),
        ("https://api.deepseek.com/v1", "deepseek-reasoner", None, []),
        ("https://openrouter.ai/api/v1", "qwen/qwen3-coder", None, []),
        ("https://openrouter.ai/api/v1", "qwen/qwen3-coder", "qwen", ["tokens"]),
    ],
)
def test_which_ways_there_are(address: str, model: str, fim: Any, ways: list[str]) -> None:
    config = ProviderConfig(id="work", type="openai_compatible", base_url=address, fim=fim)
    assert [way.name for way in ways_of(config, model)] == ways
    assert fills(config, model) is bool(ways)
    for way in ways_of(config, model):
        expected = {"mistral": "/v1/fim/completions", "deepseek": ".com/beta/completions"}.get(way.name, "/v1/completions")
        assert way.url(config).endswith(expected)
