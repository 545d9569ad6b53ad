"""Values that no honest host sends, or that are torn: what is made of them can be stored, counted and sent on."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from coterie.base.errors import FailureKind, ProviderError
from coterie.domain.messages import AssistantMessage, Finished, FinishReason, ModelRequest, StreamEvent, ThoughtDelta, UserMessage
from coterie.domain.messages import ToolCallArguments as Arguments
from coterie.domain.messages import ToolCallStarted as Started
from coterie.domain.messages import UsageReported as Used
from coterie.domain.status import ProviderType
from coterie.providers import failures
from coterie.providers.anthropic import AnthropicWire
from coterie.providers.failures import Host
from coterie.providers.http_provider import Wire
from coterie.providers.openai_compatible import OpenAICompatibleWire
from coterie.providers.sse import ServerSentEvent
from provider_calls import host, provider_of
from raw_http_server import json_reply, raw_http_server

HOST = Host(provider="work", model="one", address="http://127.0.0.1")
CHAT, MESSAGES = OpenAICompatibleWire(), AnthropicWire()
HIGH, LOW = "\ud83d", "\ude00"


def read(wire: Wire, chunks: Sequence[Mapping[str, Any]]) -> list[StreamEvent]:
    decoder = wire.decoder(HOST)
    return [event for chunk in chunks for event in decoder.feed(ServerSentEvent(json.dumps(chunk)))] + list(decoder.finish())


def delta(finish: str | None = None, **fields: Any) -> Mapping[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def called(index: int | None, call_id: str, name: str | None, arguments: str) -> Mapping[str, Any]:
    return delta(tool_calls=[{"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}])


def arguments_of(events: Sequence[StreamEvent]) -> list[str]:
    """Return the arguments of each call, in the order in which calls began."""
    begun = [event.call_id for event in events if isinstance(event, Started)]
    assert len(set(begun)) == len(begun)
    return ["".join(event.text for event in events if isinstance(event, Arguments) and event.call_id == each) for each in begun]


def test_half_a_character_in_a_complaint_can_be_stored() -> None:
    failure = failures.from_response(HOST, 400, {}, b'{"error": {"message": "what is \\ud83d ?"}}')
    assert "what is \ufffd ?" in failure.message
    assert str(failure).encode()


@pytest.mark.parametrize(
    ("code", "kind"),
    [(429, "rate_limited"), ("429", "rate_limited"), ("502", "transient"), (0, "transient"), (True, "transient"), (20041, "transient")],
)
def test_a_code_counts_as_a_status_when_it_is_one(code: Any, kind: FailureKind) -> None:
    assert failures.from_error_object(HOST, {"error": {"message": "no", "code": code}}).kind == kind


def test_a_date_that_no_calendar_has_is_no_wish() -> None:
    headers = {"retry-after": "Fri, 31 Dec 99999999999 23:59:59 GMT"}
    assert failures.from_response(HOST, 429, headers, b"", now=datetime(2026, 1, 1, tzinfo=UTC)).retry_after is None


def test_a_count_that_nothing_has_is_unknown() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 10**30, "completion_tokens": 7}}
    (used,) = [event.usage for event in read(CHAT, [delta(content="x"), delta("stop"), usage]) if isinstance(event, Used)]
    assert (used.input, used.output) == (None, 7)


@pytest.mark.parametrize(
    ("reasons", "reason"),
    [(("content_filter", "stop"), "content_policy"), (("length", "stop"), "length"), (("stop", "length"), "length")],
)
def test_of_two_finish_reasons_the_graver_counts(reasons: Sequence[str], reason: FinishReason) -> None:
    assert read(CHAT, [delta(content="x"), *map(delta, reasons)])[-1] == Finished(reason)


def test_calls_that_share_one_id_are_told_apart_by_their_index() -> None:
    chunks = [called(0, "x", "read", '{"a"'), called(0, "x", None, ":1}"), called(1, "x", "read", '{"b"'), called(1, "x", None, ":2}")]
    assert arguments_of(read(CHAT, [*chunks, delta("tool_calls")])) == ['{"a":1}', '{"b":2}']


def blocks(*contents: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    started = [{"type": "content_block_start", "index": index, "content_block": content} for index, content in enumerate(contents)]
    ended = [{"type": "content_block_stop", "index": index} for index in range(len(contents))]
    return [{"type": "message_start"}, *started, *ended, {"type": "message_stop"}]


@pytest.mark.parametrize("call_id", ["", "same"])
def test_calls_in_blocks_with_one_id_are_two(call_id: str) -> None:
    calls = [{"type": "tool_use", "id": call_id, "name": "read", "input": {"number": number}} for number in (1, 2)]
    assert arguments_of(read(MESSAGES, blocks(*calls))) == ['{"number": 1}', '{"number": 2}']


def test_a_call_in_a_block_without_a_name_is_no_answer() -> None:
    with pytest.raises(ProviderError, match="without a name"):
        read(MESSAGES, blocks({"type": "tool_use", "id": "a", "input": {}}))


def test_a_proven_thought_goes_back_whole_though_its_characters_came_in_halves() -> None:
    start, *end = blocks({"type": "thinking", "thinking": HIGH, "signature": "S"})
    second = {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": LOW}}
    *_, proof, _ = read(MESSAGES, [start, end[0], second, *end[1:]])
    assert isinstance(proof, ThoughtDelta)
    assert proof.signature is not None
    assert proof.signature.encode()
    said = AssistantMessage(text="x", signature=proof.signature)
    body = MESSAGES.encode(ModelRequest(model="one", system="", messages=(said, UserMessage(text="?"))), host("anthropic", ""))
    assert body["messages"][0]["content"][0] == {"type": "thinking", "thinking": "😀", "signature": "S"}


def test_a_password_in_an_address_is_not_told() -> None:
    failure = failures.no_connection_within(Host(provider="work", model="", address="http://ann:secret-word@127.0.0.1:1/v1"), 3)
    assert "http://127.0.0.1:1/v1" in failure.message
    assert "secret-word" not in failure.message


@pytest.mark.parametrize("kind", ["llama_cpp", "llama_swap", "ollama", "openai_compatible", "anthropic"])
async def test_a_model_whose_name_is_torn_keeps_nobody_from_the_others(kind: ProviderType) -> None:
    names = ["one", HIGH]
    said = {"data": [{"id": name, "status": {"value": "loaded"}} for name in names], "models": [{"name": name} for name in names]}
    async with raw_http_server(lambda _: json_reply(said)) as server, provider_of(host(kind, server.url)) as provider:
        first, *_ = await provider.installed_models()
        assert first.id == "work/one"
