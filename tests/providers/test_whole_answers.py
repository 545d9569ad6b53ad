"""Hosts that were asked for a stream and answer with one JSON body: it is read like a stream, on every wire and for gaps."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, StreamEvent, TextDelta, ThoughtDelta, ToolCallArguments, ToolCallStarted, UsageReported
from coterie.domain.suggestions import FillRequest
from coterie.domain.usage import Usage
from coterie.providers.config import ProviderConfig
from provider_calls import gather, host, provider_of, words
from raw_http_server import Reply, json_reply, raw_http_server, sse

WAYS_TO_WRITE = {"on one line": None, "over several lines": 2}
CALLS = (("read_file", {"path": "a"}), ("read_file", {"path": "ä 😀"}))


def completion(**message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}}
    return {"object": "chat.completion", "error": None, "choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 3}}


# Two calls that a host gave one id, and no index.
CHAT = completion(
    reasoning_content="hm",
    content="Well.",
    tool_calls=[
        {"id": "call_0", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}} for name, arguments in CALLS
    ],
)
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "openai_compatible": CHAT,
    "llama_cpp": CHAT,
    "llama_swap": CHAT,
    "anthropic": {
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "proof"},
            {"type": "text", "text": "Well."},
            *({"type": "tool_use", "id": "call_0", "name": name, "input": arguments} for name, arguments in CALLS),
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5, "output_tokens": 3},
    },
    "ollama": {
        "message": {
            "content": "Well.",
            "thinking": "hm",
            "tool_calls": [{"function": {"name": name, "arguments": arguments}} for name, arguments in CALLS],
        },
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 5,
        "eval_count": 3,
    },
}


def document(body: Mapping[str, Any], indent: int | None = None) -> Reply:
    written = json.dumps(body, indent=indent, ensure_ascii=False).encode()
    return Reply(steps=(b"\n", written[:9], written[9:]), content_type="application/json")


async def answered(kind: Any, reply: Reply) -> list[StreamEvent]:
    def answer(request: Any) -> Reply:
        return json_reply({"data": [], "capabilities": ["completion"]}) if request.path in {"/api/show", "/api/ps"} else reply

    async with raw_http_server(answer) as server, provider_of(host(kind, server.url)) as provider:
        return await gather(provider)


@pytest.mark.parametrize("indent", WAYS_TO_WRITE.values(), ids=WAYS_TO_WRITE)
@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_answer_in_one_body_is_read(kind: str, indent: int | None) -> None:
    events = await answered(kind, document(ANSWERS[kind], indent))
    assert words(events) == "Well."
    assert "".join(event.text for event in events if isinstance(event, ThoughtDelta)) == "hm"
    called = {event.call_id: event.tool for event in events if isinstance(event, ToolCallStarted)}
    arguments = {event.call_id: json.loads(event.text) for event in events if isinstance(event, ToolCallArguments)}
    assert [(tool, arguments[call_id]) for call_id, tool in called.items()] == list(CALLS)
    assert [event.usage for event in events if isinstance(event, UsageReported)] == [Usage(input=5, cache_read=0, cache_write=0, output=3)]
    assert events[-1] == Finished("tool_calls")


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("openai_compatible", completion(content="Well."), "stop"),
        ("openai_compatible", {"choices": [{"message": {"content": "Well."}, "finish_reason": "length"}]}, "length"),
        ("anthropic", {"type": "message", "content": [{"type": "text", "text": "Well."}]}, "stop"),
        ("anthropic", {"type": "message", "content": [{"type": "text", "text": "Well."}], "stop_reason": "max_tokens"}, "length"),
    ],
)
async def test_why_it_ended_is_told_and_may_be_left_out(kind: str, body: Mapping[str, Any], reason: Any) -> None:
    events = await answered(kind, document(body))
    assert (words(events), events[-1]) == ("Well.", Finished(reason))


async def test_a_body_in_one_event_of_a_stream_is_read() -> None:
    events = await answered("openai_compatible", Reply(steps=(sse(completion(content="Well.")), sse("[DONE]"))))
    assert words(events) == "Well."


async def test_a_message_that_repeats_its_pieces_is_read_once() -> None:
    pieces = ({"choices": [{"delta": {"content": "Well."}}]}, {"choices": [{"message": {"content": "Well."}, "finish_reason": "stop"}]})
    events = await answered("openai_compatible", Reply(steps=tuple(sse(piece) for piece in pieces)))
    assert words(events) == "Well."


@pytest.mark.parametrize("said", [("We", "ll", "."), ("We", "Well", "Well.")], ids=["alone", "with all so far"])
async def test_a_message_for_each_piece_is_read(said: tuple[str, ...]) -> None:
    pieces = tuple(sse({"choices": [{"message": {"content": content}}]}) for content in said)
    end = sse({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    events = await answered("openai_compatible", Reply(steps=(*pieces, end)))
    assert words(events) == "Well."


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"hello": "world"}, "cannot be read|answered with nothing"),
        ({"error": {"type": "server_error", "message": "it broke"}}, "it broke"),
    ],
)
async def test_a_body_that_is_no_answer_is_a_failure(kind: str, body: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ProviderError, match=said):
        await answered(kind, document(body))


@pytest.mark.parametrize("cut", [9, 60])
async def test_a_body_that_ends_in_the_middle_is_a_failure(cut: int) -> None:
    with pytest.raises(ProviderError) as raised:
        await answered("openai_compatible", Reply(steps=(json.dumps(CHAT).encode()[:cut],), content_type="application/json"))
    assert raised.value.kind == "transient"


async def test_a_connection_that_breaks_amid_a_body_is_told_as_that() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    with pytest.raises(ProviderError) as raised:
        await answered("openai_compatible", Reply(steps=(head, b'{"choices": ['), bare=True))
    assert raised.value.kind == "transient"
    assert "cannot be read" not in raised.value.message


GAP = FillRequest(model="coder", prefix="def f(", suffix="): ...", max_tokens=64)


@pytest.mark.parametrize(
    ("config", "body"),
    [
        (host("openai_compatible", "", fim=True), {"choices": [{"text": "a, b"}], "usage": {"prompt_tokens": 3}}),
        (host("openai_compatible", "", fim="mistral"), {"choices": [{"message": {"content": "a, b"}, "finish_reason": "stop"}]}),
        (host("llama_cpp", ""), {"content": "a, b", "stop": True}),
        (host("ollama", ""), {"response": "a, b", "done": True, "capabilities": ["completion", "insert"]}),
    ],
    ids=["suffix", "mistral", "infill", "insert"],
)
async def test_a_gap_that_is_filled_in_one_body_is_read(config: ProviderConfig, body: Mapping[str, Any]) -> None:
    async with (
        raw_http_server(lambda _: document(body)) as server,
        provider_of(host(config.type, server.url, fim=config.fim)) as provider,
    ):
        filled = [event.text async for event in provider.fill(GAP) if isinstance(event, TextDelta)]
    assert "".join(filled) == "a, b"
