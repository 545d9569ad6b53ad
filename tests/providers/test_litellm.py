"""Real LiteLLM in its real process: against aimock, which speaks the vendors' wires, and a server that does what no vendor should."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import pytest_asyncio

from aimock_server import AimockServer, aimock
from coterie.base.errors import ProviderError
from coterie.base.redaction import Redaction
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    ModelRequest,
    StreamEvent,
    ThoughtDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    ToolMessage,
    ToolResult,
    UsageReported,
    UserMessage,
)
from coterie.domain.status import ProviderType
from coterie.domain.suggestions import FillRequest
from coterie.domain.usage import Usage
from coterie.providers.config import ApiKey, ProviderConfig, Timeouts
from coterie.providers.cost_map import CostMap
from coterie.providers.keys import Keys
from coterie.providers.litellm import LiteLLM
from coterie.providers.model_host import ModelHost
from provider_calls import REQUEST, gather, words
from raw_http_server import CUT, Reply, json_reply, raw_http_server, sse

# The first test waits for the import of LiteLLM, which a busy machine takes long for.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

END_S = 60
KIND: ProviderType = "litellm"
CANARY = "canary-key-1234"
USAGE = {"prompt_tokens": 100, "completion_tokens": 10}
FIXTURES = [
    {"match": {"userMessage": "limit"}, "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429}},
    {"match": {"userMessage": "who"}, "response": {"error": {"message": f"bad key {CANARY}", "type": "x"}, "status": 401}},
    {"match": {"userMessage": "cut"}, "response": {"content": "a long answer that is cut in the middle of it"}, "truncateAfterChunks": 2},
    {"match": {"hasToolResult": True}, "response": {"content": "It says one.", "usage": USAGE}},
    {
        "match": {"userMessage": "tool"},
        "response": {
            "content": "Looking.",
            "toolCalls": [{"id": "call_1", "name": "edit_file", "arguments": {"path": "long/enough/to/be/split.py"}}],
            "usage": USAGE,
        },
    },
    {"match": {}, "response": {"content": "Hello from a wire of its own.", "usage": USAGE}},
]


@dataclass(frozen=True)
class Vendor:
    """How a vendor is set up.

    ``streams`` says that its answer comes in pieces, ``counts`` that it tells of usage without being asked to, ``results`` that aimock
    reads its results of tools.
    """

    name: str
    model: str
    path: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    streams: bool = True
    counts: bool = True
    results: bool = True


AWS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": CANARY, "AWS_REGION": "us-east-1"}
VENDORS = [
    Vendor("azure", "gpt-4o", "/openai/deployments/gpt-4o/chat/completions", extra={"api_version": "2024-10-21"}),
    Vendor("gemini", "gemini-2.5-pro", "/v1beta/models/gemini-2.5-pro:streamGenerateContent", results=False),
    Vendor("mistral", "mistral-large-latest", "/v1/chat/completions", counts=False),
    Vendor("cohere", "command-a-03-2025", "/v2/chat", streams=False),
    Vendor("xai", "grok-4.7", "/v1/chat/completions"),
    Vendor("openrouter", "openai/gpt-4o", "/api/v1/chat/completions"),
    Vendor("bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0", "/converse-stream", environ=AWS),
    Vendor("groq", "llama-3.3-70b-versatile", "/openai/v1/chat/completions"),
    Vendor("own", "some-model", "/chat/completions"),
]
EVERY_VENDOR = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vendors_server() -> AsyncIterator[AimockServer]:
    """Have one aimock for what all vendors are asked alike."""
    async with aimock(FIXTURES, chunk_size=4) as server:
        yield server


def provider(host: ModelHost, vendor: Vendor, url: str, **settings: Any) -> LiteLLM:
    """Return a provider of a vendor whose address is ``url``."""
    key = None if vendor.environ else ApiKey(CANARY, "environment variable SOME_KEY")
    config = replace(ProviderConfig(id=vendor.name, type=KIND, base_url=url, api_key=key), **settings)
    return LiteLLM(config, host, CostMap(), keys=Keys(None, Redaction()), environ=vendor.environ)


def asking(vendor: Vendor, text: str) -> ModelRequest:
    return replace(REQUEST, model=vendor.model, messages=(UserMessage(text=text),), extra=vendor.extra)


def usage(events: list[StreamEvent]) -> list[Usage]:
    return [event.usage for event in events if isinstance(event, UsageReported)]


@EVERY_VENDOR
@pytest.mark.proves("litellm", "streaming")
async def test_text_comes_with_its_usage(vendor: Vendor, model_host: ModelHost, vendors_server: AimockServer) -> None:
    events = await gather(provider(model_host, vendor, vendors_server.url), asking(vendor, "say hello"))
    call = (await vendors_server.journal())[-1]
    assert words(events) == "Hello from a wire of its own."
    assert usage(events) == ([Usage(input=100, cache_read=0, cache_write=0, output=10)] if vendor.counts else [])
    assert events[-1] == Finished("stop")
    assert call.path.partition("?")[0].endswith(vendor.path.removeprefix("/converse")), call.path
    assert (len(events) > 4) is vendor.streams


@EVERY_VENDOR
@pytest.mark.proves("litellm", "tools")
async def test_tool_calls_come_whole_and_their_results_go_back(vendor: Vendor, model_host: ModelHost, vendors_server: AimockServer) -> None:
    host = provider(model_host, vendor, vendors_server.url)
    events = await gather(host, asking(vendor, "use the tool"))
    (started,) = [event for event in events if isinstance(event, ToolCallStarted)]
    arguments = "".join(event.text for event in events if isinstance(event, ToolCallArguments))
    assert started.tool == "edit_file"
    assert json.loads(arguments) == {"path": "long/enough/to/be/split.py"}
    assert events[-2:] == [ToolCallEnded(started.call_id), Finished("tool_calls")]

    request = asking(vendor, "use the tool")
    call = ToolCall(call_id=started.call_id, tool="edit_file", arguments=json.loads(arguments), raw=arguments)
    said = AssistantMessage(text="Looking.", tool_calls=(call,))
    result = ToolMessage(results=(ToolResult(call_id=started.call_id, tool="edit_file", output="one"),))
    again = replace(request, messages=(*request.messages, said, result))
    assert words(await gather(host, again)) == ("It says one." if vendor.results else "Hello from a wire of its own.")


@EVERY_VENDOR
@pytest.mark.parametrize(("text", "kind"), [("limit me", "rate_limited"), ("who am I", "auth_required")])
async def test_refusals_are_classified_and_show_no_key(
    vendor: Vendor, model_host: ModelHost, vendors_server: AimockServer, text: str, kind: str
) -> None:
    before = len(await vendors_server.journal())
    with pytest.raises(ProviderError) as failed:
        await gather(provider(model_host, vendor, vendors_server.url), asking(vendor, text))
    assert len(await vendors_server.journal()) == before + 1, "who asked tries again, not LiteLLM"
    assert (failed.value.kind, failed.value.status) == (kind, 429 if kind == "rate_limited" else 401)
    assert CANARY not in failed.value.message
    assert "litellm" not in failed.value.message.lower()


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor.streams], ids=lambda vendor: vendor.name)
async def test_an_answer_that_is_cut_is_no_answer(vendor: Vendor, model_host: ModelHost, vendors_server: AimockServer) -> None:
    with pytest.raises(ProviderError) as failed:
        await gather(provider(model_host, vendor, vendors_server.url), asking(vendor, "cut it"))
    assert failed.value.kind == "transient"


async def test_results_of_tools_are_in_what_gemini_is_sent(model_host: ModelHost) -> None:
    gemini = VENDORS[1]
    call = ToolCall(call_id="call_1", tool="edit_file", arguments={"path": "a"}, raw='{"path":"a"}')
    result = ToolMessage(results=(ToolResult(call_id="call_1", tool="edit_file", output="one"),))
    request = asking(gemini, "use the tool")
    async with raw_http_server([json_reply({}, status=400)]) as server:
        request = replace(request, messages=(*request.messages, AssistantMessage(text="", tool_calls=(call,)), result))
        with pytest.raises(ProviderError):
            await gather(provider(model_host, gemini, server.url), request)
        sent = server.exchanges[0].request
    (_, called, answered) = sent.json()["contents"]
    assert called["parts"][0]["function_call"] == {"name": "edit_file", "args": {"path": "a"}}
    assert answered["parts"][0]["function_response"]["name"] == "edit_file"
    assert "one" in json.dumps(answered)
    assert CANARY not in sent.path, "a key in an address ends in logs"


MISTRAL, BEDROCK, OWN = VENDORS[2], VENDORS[6], VENDORS[8]


def chunk(**delta: Any) -> bytes:
    """Return a chunk of the chat-completions wire."""
    finish = delta.pop("finish_reason", None)
    return sse({"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


STRANGE: list[tuple[str, Reply, str]] = [
    ("no end", Reply(steps=(chunk(content="Hel"),)), "in the middle"),
    ("nothing", Reply(steps=()), "nothing"),
    ("only the end mark", Reply(steps=(sse("[DONE]"),)), "nothing"),
    ("a reset", Reply(steps=(chunk(content="Hel"), CUT)), ""),
    ("a web page", Reply(steps=(b"<!DOCTYPE html><html>log in</html>",), content_type="text/html"), ""),
    ("garbage", Reply(steps=(sse("{nonsense"),)), ""),
    ("a refusal amid the answer", Reply(steps=(chunk(content="Hel"), sse({"error": {"message": "overloaded", "code": 503}}))), ""),
    ("a 503", json_reply({"error": {"message": "busy"}}, status=503), "busy"),
]


@pytest.mark.parametrize(("reply", "said"), [pytest.param(reply, said, id=name) for name, reply, said in STRANGE])
@pytest.mark.proves("litellm", "failures")
async def test_what_is_no_answer_is_a_clear_failure(reply: Reply, said: str, model_host: ModelHost) -> None:
    async with raw_http_server([reply]) as server:
        with pytest.raises(ProviderError) as failed:
            async with asyncio.timeout(END_S):
                await gather(provider(model_host, OWN, server.url), asking(OWN, "hello"))
    assert failed.value.kind == "transient", failed.value.message
    assert said in failed.value.message


async def test_a_limit_that_is_met_amid_an_answer_is_one(model_host: ModelHost) -> None:
    limit = {"error": {"message": "Rate limit reached", "type": "rate_limit_error", "code": 429}}
    async with raw_http_server([Reply(steps=(chunk(content="Hel"), sse(limit)))]) as server:
        with pytest.raises(ProviderError) as failed:
            await gather(provider(model_host, OWN, server.url), asking(OWN, "hello"))
    assert failed.value.kind == "rate_limited", failed.value.message


async def test_a_wish_to_wait_is_passed_on(model_host: ModelHost) -> None:
    refusal = json_reply({"error": {"message": "slow down"}}, status=429, headers={"retry-after": "7"})
    async with raw_http_server([refusal]) as server:
        with pytest.raises(ProviderError) as failed:
            await gather(provider(model_host, OWN, server.url), asking(OWN, "hello"))
    assert (failed.value.kind, failed.value.retry_after) == ("rate_limited", 7.0)


async def test_a_used_up_quota_is_no_passing_limit(model_host: ModelHost) -> None:
    refusal = json_reply({"error": {"message": "no more", "type": "insufficient_quota"}}, status=429)
    async with raw_http_server([refusal]) as server:
        with pytest.raises(ProviderError) as failed:
            await gather(provider(model_host, OWN, server.url), asking(OWN, "hello"))
    assert failed.value.kind == "quota_exhausted"


@pytest.mark.parametrize("begun", [True, False], ids=["amid the answer", "before it"])
async def test_a_stall_ends_within_its_time_and_closes_the_connection(begun: bool, model_host: ModelHost) -> None:  # noqa: FBT001
    reply = Reply(steps=(*([chunk(content="Hel")] if begun else []), asyncio.Event()))
    impatient = Timeouts(connect_s=5, first_token_s=END_S if begun else 0.05, idle_s=0.05 if begun else END_S)
    async with raw_http_server([reply]) as server:
        with pytest.raises(ProviderError, match="stopped in the middle" if begun else "sent nothing within"):
            await gather(provider(model_host, OWN, server.url, timeouts=impatient), asking(OWN, "hello"))
        if begun:
            await asyncio.wait_for(server.exchanges[0].client_closed.wait(), END_S)


@pytest.mark.parametrize("vendor", [OWN, MISTRAL, BEDROCK], ids=lambda vendor: vendor.name)
async def test_giving_up_an_answer_closes_the_connection(vendor: Vendor, model_host: ModelHost) -> None:
    async with raw_http_server([Reply(steps=(b": here\n\n", asyncio.Event()))]) as server:
        call = asyncio.ensure_future(gather(provider(model_host, vendor, server.url), asking(vendor, "hello")))  # noqa: TID251
        exchange = await asyncio.wait_for(server.wait_for_exchange(), END_S)
        call.cancel()
        await asyncio.wait_for(exchange.client_closed.wait(), END_S)
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_cancelled_call_leaves_the_others_alone(model_host: ModelHost) -> None:
    gate = asyncio.Event()
    ends = (chunk(content="lo"), chunk(finish_reason="stop"), sse("[DONE]"))
    async with raw_http_server(
        [Reply(steps=(chunk(content="Hel"), asyncio.Event())), Reply(steps=(chunk(content="Hel"), gate, *ends))]
    ) as server:
        host = provider(model_host, OWN, server.url)
        given_up = host.stream(asking(OWN, "one"))
        assert words([await anext(given_up)]) == "Hel"
        kept = host.stream(asking(OWN, "two"))
        assert words([await anext(kept)]) == "Hel"
        await given_up.aclose()
        await asyncio.wait_for(server.exchanges[0].client_closed.wait(), END_S)
        gate.set()
        assert words([event async for event in kept]) == "lo"


async def test_what_was_read_from_caches_and_written_to_them_is_apart(model_host: ModelHost) -> None:
    counted = {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30}}
    last = sse({"id": "1", "object": "chat.completion.chunk", "choices": [], "usage": counted})
    async with raw_http_server([Reply(steps=(chunk(content="Hi"), chunk(finish_reason="stop"), last, sse("[DONE]")))]) as server:
        events = await gather(provider(model_host, OWN, server.url), asking(OWN, "hello"))
    assert usage(events) == [Usage(input=10, cache_read=60, cache_write=30, output=5)]


async def test_thoughts_come_as_thoughts(model_host: ModelHost) -> None:
    steps = (chunk(reasoning_content="Hmm."), chunk(content="Hi"), chunk(finish_reason="stop"), sse("[DONE]"))
    async with raw_http_server([Reply(steps=steps)]) as server:
        events = await gather(provider(model_host, OWN, server.url), asking(OWN, "hello"))
    assert ThoughtDelta("Hmm.") in events
    assert words(events) == "Hi"


@pytest.mark.proves("litellm", "fim")
async def test_a_gap_is_filled(model_host: ModelHost) -> None:
    pieces = [
        sse(
            {
                "id": "1",
                "object": "text_completion",
                "created": 1,
                "model": "m",
                "choices": [{"index": 0, "text": text, "finish_reason": end}],
            }
        )
        for text, end in (("a + ", None), ("b", None), ("", "stop"))
    ]
    openai = Vendor("text-completion-openai", "gpt-fill", "/completions")
    async with raw_http_server([Reply(steps=(*pieces, sse("[DONE]")))]) as server:
        filling = provider(model_host, openai, server.url, fim=True)
        request = FillRequest(model="gpt-fill", prefix="return ", suffix="\n", max_tokens=20)
        assert words([event async for event in filling.fill(request)]) == "a + b"
        sent = server.exchanges[0].request.json()
    assert (sent["prompt"], sent["suffix"], sent["max_tokens"]) == ("return ", "\n", 20)
    assert filling.capabilities.fim


@pytest.mark.proves("litellm", "count_tokens")
async def test_tokens_are_counted_without_asking_anybody(model_host: ModelHost) -> None:
    count = await provider(model_host, VENDORS[1], "http://127.0.0.1:9").count_tokens(asking(VENDORS[1], "hello " * 100))
    assert count is not None
    assert 100 < count < 300


async def test_an_unknown_model_without_a_vendor_is_a_request_that_cannot_be_made(model_host: ModelHost) -> None:
    nobody = Vendor("own", "no-such-model", "")
    with pytest.raises(ProviderError) as failed:
        await gather(provider(model_host, nobody, ""), asking(nobody, "hello"))
    assert failed.value.kind == "bad_request"


async def test_a_look_at_a_vendor_costs_nothing_and_promises_nothing(model_host: ModelHost) -> None:
    async with raw_http_server([]) as server:
        assert (await provider(model_host, OWN, server.url).check()).state == "unknown"
        assert server.exchanges == []


async def test_a_key_that_is_not_set_is_missed_before_anything_is_asked(model_host: ModelHost) -> None:
    host = provider(model_host, VENDORS[1], "", api_key=ApiKey(None, "environment variable GEMINI_API_KEY"))
    with pytest.raises(ProviderError, match="GEMINI_API_KEY") as failed:
        await gather(host, asking(VENDORS[1], "hello"))
    assert failed.value.kind == "auth_required"
    assert (await host.check()).state == "auth_required"
