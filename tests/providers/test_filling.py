"""Gaps filled over the text-completions wire: what is sent, what is read, and a call that is given up."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, StreamEvent, TextDelta, UsageReported
from coterie.domain.status import ProviderType
from coterie.domain.suggestions import FillRequest
from coterie.domain.usage import Usage
from coterie.providers.config import ProviderConfig
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
    assert raised.value.kind == "bad_request"
