"""What ends an answer, and what in a stream is none of it, on a clock that jumps: a host that never hangs up keeps nobody waiting."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, StreamEvent, TextDelta, ToolCallArguments, UsageReported
from coterie.domain.usage import Usage
from coterie.providers.anthropic import MessageDecoder
from coterie.providers.decoding import Decoder, decoded
from coterie.providers.failures import Host
from coterie.providers.openai_compatible import ChatDecoder
from coterie.providers.sse import ServerSentEvent
from virtual_time import in_virtual_time

HOST = Host(provider="work", model="one", address="http://127.0.0.1")
IDLE_S = 120.0
USAGE = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}}


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


async def said(*events: Any) -> AsyncGenerator[ServerSentEvent, None]:
    """Play events; a number among them is so many seconds of silence."""
    for event in events:
        if isinstance(event, float):
            await asyncio.sleep(event)
        else:
            yield ServerSentEvent(event if isinstance(event, str) else json.dumps(event))


async def read(*events: Any, by: type[ChatDecoder | MessageDecoder] = ChatDecoder) -> list[StreamEvent]:
    decoder: Decoder = by(HOST)
    return [event async for event in decoded(said(*events), decoder, HOST)]


@in_virtual_time
async def test_a_finished_answer_waits_a_moment_for_its_usage_and_not_for_the_end_of_the_connection() -> None:
    answer = chunk(content="Well."), chunk("stop")
    assert await read(*answer, IDLE_S) == [TextDelta("Well."), Finished("stop")]
    assert await read(*answer, 2.0, USAGE, IDLE_S) == [
        TextDelta("Well."),
        UsageReported(Usage(input=5, cache_read=0, cache_write=0, output=3)),
        Finished("stop"),
    ]
    assert asyncio.get_running_loop().time() < IDLE_S


@in_virtual_time
async def test_a_model_that_thinks_is_waited_for() -> None:
    assert await read(chunk(content="Well"), IDLE_S, chunk(content="."), chunk("stop"), "[DONE]") == [
        TextDelta("Well"),
        TextDelta("."),
        Finished("stop"),
    ]


@in_virtual_time
async def test_of_the_other_wire_too() -> None:
    events = (
        {"type": "message_start", "message": {}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Well."}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    )
    assert await read(*events, IDLE_S, by=MessageDecoder) == [TextDelta("Well."), Finished("stop")]
    assert asyncio.get_running_loop().time() < IDLE_S


async def test_what_keeps_a_connection_alive_is_no_part_of_the_answer() -> None:
    assert await read("", chunk(content="Well."), " ", chunk("stop"), "[DONE]") == [TextDelta("Well."), Finished("stop")]


@pytest.mark.parametrize(
    ("events", "kind", "says"),
    [
        ([{"object": "error", "message": "maximum context length is 10 tokens", "code": 400}], "context_overflow", "maximum context"),
        ([chunk(content="We"), chunk("error"), "[DONE]"], "transient", "in the middle"),
    ],
)
async def test_a_failure_in_a_stream_is_no_end_of_an_answer(events: list[Any], kind: str, says: str) -> None:
    with pytest.raises(ProviderError, match=says) as raised:
        await read(*events)
    assert raised.value.kind == kind


async def test_arguments_that_are_no_object_stay_what_they_are() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "edit_file", "arguments": [1]}}
    told = await read(chunk(tool_calls=[call]), chunk("tool_calls"), "[DONE]")
    assert [event.text for event in told if isinstance(event, ToolCallArguments)] == ["[1]"]
