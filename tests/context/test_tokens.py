"""Counting: bytes once for each message, tokens by what the host says of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import pytest
from typing_extensions import override

from coterie.context.assemble import request_bytes
from coterie.context.tokens import LARGE, Sizes
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage

CALL = ToolCall(call_id="c1", tool="read_file", arguments={"path": "ä.py"})
BAD_CALL = ToolCall(call_id="c2", tool="read_file", arguments=None, raw='{"path')
TOOLS = (ToolSpec("read_file", "Reads.", {"type": "object"}),)


class Counted(Mapping[str, str]):
    """Arguments that say in which thread they were read."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    @override
    def __getitem__(self, key: str) -> str:
        return {"path": "x"}[key]

    @override
    def __iter__(self) -> Iterator[str]:
        self.threads.append(threading.get_ident())
        return iter(["path"])

    @override
    def __len__(self) -> int:
        return 1


def request(*messages: Message) -> ModelRequest:
    return ModelRequest(model="m", system="Be brief.", tools=TOOLS, messages=messages)


@pytest.mark.parametrize(
    "message",
    [
        UserMessage(text="straße\n“"),
        AssistantMessage(text="I look.", thought="hm", tool_calls=(CALL, BAD_CALL)),
        ToolMessage(results=(ToolResult(call_id="c1", tool="read_file", output="a\\b\t" * 40),)),
    ],
    ids=["user", "assistant", "tool"],
)
async def test_a_request_s_size_is_that_of_its_bytes_known_or_not(message: Message) -> None:
    sizes = Sizes()
    for _ in range(2):
        assert await sizes.request(request(message, message)) == len(request_bytes(request(message, message)))


async def test_each_message_is_counted_once_and_a_long_one_away_from_the_loop() -> None:
    short, long = Counted(), Counted()
    messages = [
        AssistantMessage(text=text, tool_calls=(ToolCall(call_id="c", tool="t", arguments=arguments, raw="{}"),))
        for text, arguments in (("short", short), ("long" * LARGE, long))
    ]
    sizes = Sizes()
    for message in messages:
        for _ in range(3):
            await sizes.counted([message])
            sizes.message(message)
    assert short.threads == [threading.get_ident()]
    assert len(long.threads) == 1
    assert long.threads != short.threads


def test_messages_that_differ_are_told_apart_however_few_are_remembered() -> None:
    sizes = Sizes(most=2)
    empty = len(request_bytes(request()))
    for text in ("a", "ää", "ab", "a"):
        assert sizes.message(UserMessage(text=text)) == len(request_bytes(request(UserMessage(text=text)))) - empty
