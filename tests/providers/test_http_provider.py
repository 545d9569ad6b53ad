"""Providers against a server that sends raw bytes: what no honest host does, and what a connection goes through."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import cast

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, StreamEvent, TextDelta, ToolCallArguments
from coterie.domain.model_ports import Provider
from coterie.domain.status import ProviderType
from coterie.providers.config import Timeouts
from coterie.providers.inflating import LARGEST_PIECE
from provider_calls import KEY, REQUEST, gather, host, provider_of, words
from raw_http_server import CUT, RawHttpServer, Reply, json_reply, raw_http_server, sse

PATIENCE = 60
BOMB = gzip.compress(b"\n" * (2 * LARGEST_PIECE))
HELLO = sse({"choices": [{"index": 0, "delta": {"content": "Hello"}}]})
STOP = sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
DONE = sse("[DONE]")
NEVER = asyncio.Event
WIRES: Sequence[ProviderType] = ("openai_compatible", "anthropic")


async def failure_of(kind: ProviderType, reply: Reply, timeouts: Timeouts | None = None) -> ProviderError:
    """Make one attempt against one reply and return how it failed; the key is never told."""
    async with raw_http_server([reply]) as server, provider_of(host(kind, server.url, timeouts=timeouts or Timeouts())) as provider:
        with pytest.raises(ProviderError) as raised:
            await gather(provider)
    assert str(KEY.value) not in str(raised.value) + repr(raised.value)
    return raised.value


@pytest.mark.parametrize("kind", WIRES)
async def test_the_request_as_it_arrives(kind: ProviderType) -> None:
    async with raw_http_server([json_reply({"error": {"message": "no"}}, status=400)]) as server:
        async with provider_of(host(kind, server.url)) as provider:
            with pytest.raises(ProviderError):
                await gather(provider)
        request = server.exchanges[0].request
    assert request.method == "POST"
    if kind == "anthropic":
        assert request.path == "/v1/messages"
        assert request.headers["x-api-key"] == KEY.value
        assert request.headers["anthropic-version"] == "2023-06-01"
    else:
        assert request.path == "/v1/chat/completions"
        assert request.headers["authorization"] == f"Bearer {KEY.value}"
    assert request.headers["content-type"] == "application/json"
    assert (request.json()["model"], request.json()["stream"]) == ("one", True)


async def test_a_character_split_over_chunks_and_line_separators_survive() -> None:
    data = sse({"choices": [{"delta": {"content": "a\u2028b\u0085é😀"}}]})
    reply = Reply(steps=(*(data[at : at + 1] for at in range(len(data))), STOP, DONE))
    async with raw_http_server([reply]) as server, provider_of(host("openai_compatible", server.url)) as provider:
        assert words(await gather(provider)) == "a\u2028b\u0085é😀"


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((HELLO, STOP), id="no end mark"),
        pytest.param((HELLO, STOP, CUT), id="cut behind the finish"),
        pytest.param((HELLO, DONE), id="no finish reason"),
        pytest.param((b": loading\n\n", HELLO.replace(b"\n", b"\r\n"), STOP, b"data: [DONE]"), id="comments, CRLF, no blank line"),
    ],
)
async def test_answers_that_end_in_their_own_way_are_whole(steps: tuple[bytes, ...]) -> None:
    async with raw_http_server([Reply(steps=steps)]) as server, provider_of(host("openai_compatible", server.url)) as provider:
        events = await gather(provider)
    assert events == [TextDelta("Hello"), Finished("stop")]


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        pytest.param(Reply(steps=(HELLO, CUT)), "transient", "connection", id="cut in mid-stream"),
        pytest.param(Reply(steps=(HELLO,)), "transient", "in the middle", id="ended in mid-stream"),
        pytest.param(Reply(), "transient", "nothing", id="empty"),
        pytest.param(Reply(steps=(b"\n \n",)), "transient", "nothing", id="blank"),
        pytest.param(Reply(steps=(b"data: {oops\n\n",)), "transient", "cannot be read", id="malformed event"),
        pytest.param(Reply(steps=(b"{malformed json: <<<",)), "transient", "cannot be read", id="malformed document"),
        pytest.param(Reply(steps=(b"<!DOCTYPE html><p>Log in",), content_type="text/html"), "transient", "web page", id="HTML"),
        pytest.param(Reply(steps=(b"<html>",)), "transient", "web page", id="HTML said to be events"),
        pytest.param(json_reply({"error": {"type": "overloaded_error", "message": "busy"}}), "transient", "busy", id="error in a 200"),
        pytest.param(json_reply({"error": {"message": "oh", "code": 429}}), "rate_limited", "oh", id="429 in a 200"),
        pytest.param(json_reply({}, status=500), "transient", "HTTP 500", id="500"),
        pytest.param(Reply(status=502, steps=(b"<html>Bad gateway",)), "transient", "HTTP 502", id="HTML 502"),
        pytest.param(Reply(status=307, headers={"Location": "/elsewhere"}), "bad_request", "base_url", id="redirect"),
        pytest.param(json_reply({"error": {"message": f"wrong key {KEY.value}"}}, status=401), "auth_required", "WORK_KEY", id="401"),
        pytest.param(json_reply({"error": f"bad {KEY.value}"}, status=400), "bad_request", "bad …", id="400 that quotes the key"),
    ],
)
@pytest.mark.parametrize("wire", WIRES)
async def test_failures(wire: ProviderType, reply: Reply, kind: str, says: str) -> None:
    if wire == "anthropic":
        hello = sse({"type": "message_start", "message": {}}, event="message_start")
        reply = Reply(tuple(hello if step == HELLO else step for step in reply.steps), reply.status, reply.content_type, reply.headers)
    failure = await failure_of(wire, reply)
    assert failure.kind == kind
    assert says in failure.message


async def test_a_rate_limit_says_when_to_come_back() -> None:
    failure = await failure_of("openai_compatible", json_reply({"error": {"message": "slow"}}, status=429, headers={"Retry-After": "7"}))
    assert (failure.kind, failure.retry_after, failure.status) == ("rate_limited", 7.0, 429)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        pytest.param((), "sent nothing within 0.05 s", id="no byte"),
        pytest.param((b": loading\n\n",), "sent nothing within 0.05 s", id="comments only"),
        pytest.param((HELLO,), "nothing more for 0.05 s", id="amid the answer"),
    ],
)
async def test_a_stalled_stream_is_given_up(steps: tuple[bytes, ...], says: str) -> None:
    first = 0.05 if "within" in says else PATIENCE
    timeouts = Timeouts(connect_s=PATIENCE, first_token_s=first, idle_s=0.05)
    failure = await failure_of("openai_compatible", Reply(steps=(*steps, NEVER())), timeouts)
    assert failure.kind == "transient"
    assert says in failure.message


async def test_nobody_listens_there() -> None:
    async with raw_http_server([]) as server:
        url = server.url
    async with provider_of(host("openai_compatible", url)) as provider:
        with pytest.raises(ProviderError, match="Nothing listens at") as raised:
            await gather(provider)
    assert raised.value.kind == "transient"


@pytest.mark.parametrize("url", ["work.example/v1", "", "http://[::1", "http://"])
async def test_an_address_that_is_none(url: str) -> None:
    async with provider_of(host("openai_compatible", url)) as provider:
        with pytest.raises(ProviderError, match="base_url") as raised:
            await gather(provider)
    assert raised.value.kind == "bad_request"


async def first_event(server: RawHttpServer, provider: Provider) -> AsyncGenerator[StreamEvent, None]:
    stream = cast("AsyncGenerator[StreamEvent, None]", provider.stream(REQUEST))
    assert await anext(stream) == TextDelta("Hello")
    assert not (await server.wait_for_exchange()).client_closed.is_set()
    return stream


async def test_closing_the_stream_closes_the_connection() -> None:
    async with (
        raw_http_server([Reply(steps=(HELLO, NEVER()))]) as server,
        provider_of(host("openai_compatible", server.url)) as provider,
    ):
        await (await first_event(server, provider)).aclose()
        await asyncio.wait_for(server.exchanges[0].client_closed.wait(), PATIENCE)


@pytest.mark.parametrize("steps", [pytest.param((), id="before the first byte"), pytest.param((HELLO,), id="in mid-stream")])
async def test_cancelling_the_reader_closes_the_connection(steps: tuple[bytes, ...]) -> None:
    async with (
        raw_http_server([Reply(steps=(*steps, NEVER()))]) as server,
        provider_of(host("openai_compatible", server.url)) as provider,
    ):
        came = asyncio.Event()

        async def consume() -> None:
            async with aclosing(cast("AsyncGenerator[StreamEvent, None]", provider.stream(REQUEST))) as stream:
                async for _ in stream:
                    came.set()

        async with asyncio.TaskGroup() as group:
            reader = group.create_task(consume())
            exchange = await server.wait_for_exchange()
            if steps:
                await came.wait()
            reader.cancel()
        assert reader.cancelled()
        await asyncio.wait_for(exchange.client_closed.wait(), PATIENCE)


async def test_loopback_bypasses_the_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_http_server([]) as proxy, raw_http_server([Reply(steps=(HELLO, STOP, DONE))]) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        async with provider_of(host("openai_compatible", server.url)) as provider:
            assert words(await gather(provider)) == "Hello"
        assert proxy.exchanges == []


async def test_other_hosts_are_reached_through_the_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_http_server([Reply(steps=(HELLO, STOP, DONE))]) as proxy:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.url)
        async with provider_of(host("openai_compatible", "http://models.example")) as provider:
            assert words(await gather(provider)) == "Hello"
        assert proxy.exchanges[0].request.path == "http://models.example/v1/chat/completions"


@pytest.mark.parametrize("kind", WIRES)
@pytest.mark.proves(("openai_compatible", "anthropic"), "models")
async def test_models_are_asked_for_where_none_are_configured(kind: ProviderType) -> None:
    listed = json_reply({"object": "list", "data": [{"id": "one", "max_model_len": 4096, "max_input_tokens": 4096}, {"id": 3}, "x"]})
    async with raw_http_server([listed]) as server:
        async with provider_of(host(kind, server.url)) as provider:
            (model,) = await provider.installed_models()
        assert server.exchanges[0].request.path.partition("?")[0] == "/v1/models"
    assert (model.id, model.context_tokens, model.state) == ("work/one", 4096, "available")


async def test_configured_models_are_used_without_asking() -> None:
    async with raw_http_server([]) as server, provider_of(host("anthropic", server.url, models=("a", "b"))) as provider:
        assert [model.id for model in await provider.installed_models()] == ["work/a", "work/b"]


async def test_half_a_surrogate_pair_does_not_stop_a_call() -> None:
    async with (
        raw_http_server([Reply(steps=(HELLO, STOP, DONE))]) as server,
        provider_of(host("openai_compatible", server.url)) as provider,
    ):
        lone = REQUEST.__class__(model="one", system="\ud83d", messages=REQUEST.messages)
        assert words(await gather(provider, lone)) == "Hello"
        assert server.exchanges[0].request.json()["messages"][0]["content"] == "?"


async def test_many_calls_at_once_keep_apart() -> None:
    def reply(request: object) -> Reply:
        del request
        return Reply(
            steps=(HELLO, sse({"choices": [{"delta": {"tool_calls": [{"id": "a", "function": {"name": "t", "arguments": "{}"}}]}}]}), DONE)
        )

    async with raw_http_server(reply) as server, provider_of(host("openai_compatible", server.url)) as provider:
        answers = await asyncio.gather(*(gather(provider) for _ in range(20)))
    assert all(sum(isinstance(event, ToolCallArguments) for event in answer) == 1 for answer in answers)


@pytest.mark.parametrize(("encoding", "packed"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP", gzip.compress)])
async def test_an_answer_that_is_compressed_all_the_same_is_read(encoding: str, packed: Callable[[bytes], bytes]) -> None:
    data = packed(HELLO + STOP + DONE)
    reply = Reply(steps=tuple(data[at : at + 1] for at in range(len(data))), headers={"Content-Encoding": encoding})
    async with raw_http_server([reply]) as server, provider_of(host("openai_compatible", server.url)) as provider:
        assert words(await gather(provider)) == "Hello"


@pytest.mark.parametrize(("packed", "status", "says"), [(BOMB, 200, "swells"), (HELLO, 200, "broken"), (BOMB, 500, "failed on its side")])
async def test_a_compressed_answer_that_is_broken_or_swells_is_given_up(packed: bytes, status: int, says: str) -> None:
    failure = await failure_of("openai_compatible", Reply(steps=(packed,), status=status, headers={"Content-Encoding": "gzip"}))
    assert failure.kind == "transient"
    assert says in failure.message
