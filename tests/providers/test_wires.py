"""What each wire writes and reads, without a socket: the shapes that hosts really send, and those of the promise."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    ModelRequest,
    StreamEvent,
    TextDelta,
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
from coterie.domain.usage import Usage
from coterie.providers.anthropic import AnthropicWire
from coterie.providers.failures import Host
from coterie.providers.http_provider import Wire
from coterie.providers.openai_compatible import OpenAICompatibleWire
from coterie.providers.sse import ServerSentEvent
from provider_calls import REQUEST, host

Chunk = Mapping[str, Any] | str
CHAT, MESSAGES = OpenAICompatibleWire(), AnthropicWire()
EXCHANGE = (
    UserMessage(text="fix it"),
    AssistantMessage(
        text="Looking.",
        tool_calls=(
            ToolCall(call_id="c1", tool="read_file", arguments={"path": "a"}, raw='{ "path": "a" }'),
            ToolCall(call_id="c2", tool="read_file", arguments=None, raw='{"pa'),
        ),
        thought="hm",
    ),
    ToolMessage(
        results=(
            ToolResult(call_id="c1", tool="read_file", output="text"),
            ToolResult(call_id="c2", tool="read_file", output="bad arguments", failed=True),
        )
    ),
    UserMessage(text="go on"),
)


def read(wire: Wire, chunks: Sequence[Chunk]) -> list[StreamEvent]:
    decoder = wire.decoder(Host(provider="work", model="one", address="http://127.0.0.1"))
    events = [event for chunk in chunks for event in decoder.feed(ServerSentEvent(chunk if isinstance(chunk, str) else json.dumps(chunk)))]
    return events + list(decoder.finish())


def delta(finish: str | None = None, **fields: Any) -> Chunk:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def piece(**fields: Any) -> dict[str, Any]:
    function = {key: fields.pop(key) for key in ("name", "arguments") if key in fields}
    return {**fields, "function": function}


def calls(events: Sequence[StreamEvent]) -> list[tuple[str, str, str]]:
    """Return id, tool and arguments of each call that was begun and ended."""
    ended = [event.call_id for event in events if isinstance(event, ToolCallEnded)]
    begun = {event.call_id: event.tool for event in events if isinstance(event, ToolCallStarted)}
    assert sorted(ended) == sorted(begun)
    return [
        (
            call_id,
            tool,
            "".join(event.text for event in events if isinstance(event, ToolCallArguments) and event.call_id == call_id),
        )
        for call_id, tool in begun.items()
    ]


def test_chat_text_thoughts_and_usage() -> None:
    assert read(
        CHAT,
        [
            delta(role="assistant", content=""),
            delta(reasoning_content="hm"),
            delta(reasoning=" so", reasoning_details=[]),
            delta(content="Hel"),
            delta(content=[{"type": "text", "text": "lo"}]),
            delta("stop"),
            {
                "choices": [],
                "usage": {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 60}},
            },
            "[DONE]",
        ],
    ) == [
        ThoughtDelta("hm"),
        ThoughtDelta(" so"),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageReported(Usage(input=40, cache_read=60, cache_write=0, output=7)),
        Finished("stop"),
    ]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param(
            [
                [piece(index=0, id="a", type="function", name="edit", arguments="")],
                [piece(index=0, arguments='{"x"')],
                [piece(index=1, id="b", type="function", name="read", arguments="{")],
                [piece(index=0, arguments=":1}"), piece(index=1, arguments="}")],
            ],
            [("a", "edit", '{"x":1}'), ("b", "read", "{}")],
            id="split by index and interleaved",
        ),
        pytest.param(
            [[piece(id="a", name="edit", arguments="{}"), piece(id="b", name="edit", arguments='{"x":1}')]],
            [("a", "edit", "{}"), ("b", "edit", '{"x":1}')],
            id="whole, without index and type",
        ),
        pytest.param(
            [[piece(index=0, id="a", name="edit", arguments="{}")], [piece(index=0, id="b", name="read", arguments="{}")]],
            [("a", "edit", "{}"), ("b", "read", "{}")],
            id="every index 0",
        ),
        pytest.param(
            [[piece(index=0, id="a", name="edit", arguments="{")], [piece(index=0, id="a", name="edit", arguments="}")]],
            [("a", "edit", "{}")],
            id="id and name repeated",
        ),
        pytest.param(
            [[piece(index=0, id="a")], [piece(index=0, name="edit", arguments={"x": 1})]],
            [("a", "edit", '{"x":1}')],
            id="name late, arguments an object",
        ),
        pytest.param(
            [[piece(index=0, id="a", name="edit", arguments='{"é')], [piece(index=0, id=None, name=None, arguments='":1}')]],
            [("a", "edit", '{"é":1}')],
            id="nulls",
        ),
        pytest.param([[piece(index=0, id="a", name="list", arguments="")]], [("a", "list", "{}")], id="no arguments at all"),
    ],
)
@pytest.mark.parametrize("finish", ["tool_calls", "stop", "function_call"])
def test_chat_tool_calls_however_they_are_split(pieces: list[Any], expected: list[tuple[str, str, str]], finish: str) -> None:
    events = read(CHAT, [*(delta(tool_calls=part) for part in pieces), delta(finish)])
    assert calls(events) == expected
    assert events[-1] == Finished("tool_calls")


def test_chat_calls_without_ids_get_distinct_ones() -> None:
    parts = [piece(name="edit", arguments="{"), piece(arguments="}"), piece(name="read", arguments="{}")]
    (one, edit, first), (other, second_tool, second) = calls(read(CHAT, [delta("stop", tool_calls=parts)]))
    assert (edit, first, second_tool, second) == ("edit", "{}", "read", "{}")
    assert one
    assert one != other


@pytest.mark.parametrize(
    ("finish", "reason"), [("stop", "stop"), ("eos", "stop"), ("length", "length"), ("content_filter", "content_policy")]
)
def test_chat_finish_reasons(finish: str, reason: str) -> None:
    assert read(CHAT, [delta(content="x"), delta(finish)])[-1] == Finished(reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wire", "chunks", "kind", "says"),
    [
        (CHAT, [], "transient", "nothing"),
        (CHAT, ["[DONE]"], "transient", "nothing"),
        (CHAT, [delta(content="x")], "transient", "in the middle"),
        (CHAT, ['{"choices": [{"del'], "transient", "cannot be read"),
        (CHAT, ["[1]"], "transient", "cannot be read"),
        (CHAT, [delta(tool_calls=[piece(arguments="{}")]), delta("stop")], "transient", "without a name"),
        (CHAT, [delta(content="x"), {"error": {"message": "Upstream went away", "code": 502}}], "transient", "Upstream went away"),
        (CHAT, [{"error": {"message": "slow down", "type": "rate_limit_exceeded"}}], "rate_limited", "slow down"),
        (CHAT, [{"error": "context size exceeded: the request exceeds the available context size"}], "context_overflow", "longer"),
        (MESSAGES, [], "transient", "nothing"),
        (MESSAGES, [{"type": "message_start", "message": {}}], "transient", "in the middle"),
        (MESSAGES, [{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}], "transient", "Overloaded"),
        (MESSAGES, [{"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}], "bad_request", "no"),
        (MESSAGES, [{"type": "content_block_delta", "index": 3, "delta": {"text": "x"}}], "transient", "cannot be read"),
    ],
)
def test_what_is_no_answer(wire: Wire, chunks: Sequence[Chunk], kind: str, says: str) -> None:
    with pytest.raises(ProviderError, match=says) as raised:
        read(wire, chunks)
    assert raised.value.kind == kind
    assert "work/one" in raised.value.message


@pytest.mark.parametrize("junk", [{}, {"choices": None}, {"choices": [7, {}]}, {"choices": [{"delta": None}]}, {"usage": []}, {"type": 3}])
@pytest.mark.parametrize("wire", [CHAT, MESSAGES])
def test_strange_shapes_say_nothing(wire: Wire, junk: Mapping[str, Any]) -> None:
    decoder = wire.decoder(Host(provider="work", model="one", address="http://127.0.0.1"))
    assert list(decoder.feed(ServerSentEvent(json.dumps(junk)))) == []


def block(index: int, start: Mapping[str, Any], *deltas: Mapping[str, Any]) -> list[Chunk]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": part} for part in deltas),
        {"type": "content_block_stop", "index": index},
    ]


ANSWER: list[Chunk] = [
    {
        "type": "message_start",
        "message": {"usage": {"input_tokens": 40, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 5, "output_tokens": 1}},
    },
    {"type": "ping"},
    *block(
        0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "S"}
    ),
    *block(1, {"type": "redacted_thinking", "data": "R"}),
    *block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Hello"}),
    *block(3, {"type": "tool_use", "id": "t1", "name": "edit", "input": {}}, *({"partial_json": part} for part in ('{"x"', ":1}"))),
    *block(4, {"type": "tool_use", "id": "t2", "name": "list", "input": {}}),
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]


def test_messages_blocks_usage_and_the_way_back_of_thoughts() -> None:
    events = read(MESSAGES, ANSWER)
    usage = [event.usage for event in events if isinstance(event, UsageReported)]
    assert usage[-1] == Usage(input=40, cache_read=60, cache_write=5, output=9)
    assert calls(events) == [("t1", "edit", '{"x":1}'), ("t2", "list", "{}")]
    assert [event for event in events if isinstance(event, TextDelta)] == [TextDelta("Hello")]
    *_, proof, end = events
    assert end == Finished("tool_calls")
    assert isinstance(proof, ThoughtDelta)
    sent_back = AssistantMessage(text="Hello", thought="hm", signature=proof.signature)
    body = MESSAGES.encode(ModelRequest(model="one", system="", messages=(sent_back, UserMessage(text="?"))), host("anthropic", ""))
    assert body["messages"][0]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "S"},
        {"type": "redacted_thinking", "data": "R"},
        {"type": "text", "text": "Hello"},
    ]


@pytest.mark.parametrize(
    ("stop", "reason"),
    [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("refusal", "content_policy")],
)
def test_messages_stop_reasons(stop: str, reason: str) -> None:
    chunks = [{"type": "message_start"}, {"type": "message_delta", "delta": {"stop_reason": stop}}, {"type": "message_stop"}]
    assert read(MESSAGES, chunks) == [Finished(reason)]  # type: ignore[arg-type]


def test_chat_request() -> None:
    request = ModelRequest(
        model="one", system="Be brief.", messages=EXCHANGE, tools=REQUEST.tools, max_output_tokens=50, temperature=0.5, extra={"seed": 7}
    )
    assert CHAT.encode(request, host("openai_compatible", "http://127.0.0.1")) == {
        "model": "one",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 50,
        "temperature": 0.5,
        "seed": 7,
        "tools": [
            {
                "type": "function",
                "function": {"name": "edit_file", "description": "Edit a file.", "parameters": REQUEST.tools[0].schema},
            }
        ],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "fix it"},
            {
                "role": "assistant",
                "content": "Looking.",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": '{ "path": "a" }'}},
                    {"id": "c2", "type": "function", "function": {"name": "read_file", "arguments": "{}"}},
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "text"},
            {"role": "tool", "tool_call_id": "c2", "content": "bad arguments"},
            {"role": "user", "content": "go on"},
        ],
    }
    official = CHAT.encode(request, host("openai_compatible", "https://api.openai.com"))
    assert ("max_tokens" in official, official["max_completion_tokens"]) == (False, 50)


@pytest.mark.proves("anthropic", "prompt_cache")
def test_messages_request() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    request = ModelRequest(model="one", system="Be brief.", messages=EXCHANGE, tools=REQUEST.tools)
    body = MESSAGES.encode(request, host("anthropic", ""))
    assert body == {
        "model": "one",
        "stream": True,
        "max_tokens": 8192,
        "tools": [{"name": "edit_file", "description": "Edit a file.", "input_schema": REQUEST.tools[0].schema}],
        "system": [{"type": "text", "text": "Be brief.", **mark}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "fix it"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Looking."},
                    {"type": "tool_use", "id": "c1", "name": "read_file", "input": {"path": "a"}},
                    {"type": "tool_use", "id": "c2", "name": "read_file", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "text", "is_error": False},
                    {"type": "tool_result", "tool_use_id": "c2", "content": "bad arguments", "is_error": True},
                    {"type": "text", "text": "go on", **mark},
                ],
            },
        ],
    }


def test_messages_request_leaves_out_what_the_wire_refuses() -> None:
    messages = (UserMessage(text="one"), AssistantMessage(text=" "), UserMessage(text=""), UserMessage(text="two"))
    body = MESSAGES.encode(ModelRequest(model="m", system="", messages=messages), host("anthropic", "", max_tokens=99))
    assert ("system" in body, "tools" in body, body["max_tokens"]) == (False, False, 99)
    assert [(message["role"], [part["text"] for part in message["content"]]) for message in body["messages"]] == [("user", ["one", "two"])]


@pytest.mark.parametrize("wire", [CHAT, MESSAGES])
def test_a_longer_conversation_begins_with_the_bytes_of_the_shorter(wire: Wire) -> None:
    config = host("anthropic" if wire is MESSAGES else "openai_compatible", "")
    longer = (*EXCHANGE, AssistantMessage(text="Done."), UserMessage(text="thanks"))
    before, after = (
        json.dumps(wire.encode(ModelRequest(model="one", system="s", messages=messages, tools=REQUEST.tools), config))
        for messages in (EXCHANGE, longer)
    )
    # The breakpoint behind the last message moves on; all before it stays.
    shared = before[: before.rindex('"go on"')]
    assert after.startswith(shared)
