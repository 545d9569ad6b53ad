"""A model host that plays a script, byte by byte where a test wants it so, on either wire.

`aimock_server` is the honest host; this one waits in the middle of an answer, breaks off, or sends what is none. A test gives
`model_host` a function from each `Asked` to a `Reply`, made with `answer` for what is well-formed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from raw_http_server import RawHttpServer, Reply, Request, Step, raw_http_server, sse
from served import Wire

Call = tuple[str, Mapping[str, Any]]
Wait = asyncio.Event


@dataclass(frozen=True)
class Message:
    """One message of a conversation, the same for both wires. ``calls`` are ids, ``answers`` are ids with their outputs."""

    role: str
    text: str
    calls: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """One request to a model. ``number`` counts from 0."""

    number: int
    model: str
    messages: tuple[Message, ...]
    tools: tuple[str, ...]
    headers: Mapping[str, str]

    @property
    def last(self) -> Message:
        """What the model is to answer."""
        return self.messages[-1]

    @property
    def prompt(self) -> str:
        """The last thing that a person said."""
        return next(message.text for message in reversed(self.messages) if message.role == "user" and message.text)


class ModelHost:
    """The running host: its address, and what it was asked."""

    def __init__(self, server: RawHttpServer, wire: Wire) -> None:
        self.server = server
        self.url = server.url
        self._wire = wire

    @property
    def asked(self) -> list[Asked]:
        """Every request so far."""
        return [_asked(number, exchange.request, self._wire) for number, exchange in enumerate(self.server.exchanges)]

    async def request(self, number: int) -> Asked:
        """Wait for a request, counted from 0."""
        await asyncio.wait_for(self.server.wait_for_exchange(number), 60)
        return self.asked[number]

    async def closed(self, number: int) -> None:
        """Wait until the client has hung up on a request before its answer had ended."""
        await asyncio.wait_for(self.server.exchanges[number].client_closed.wait(), 60)


@asynccontextmanager
async def model_host(wire: Wire, script: Callable[[Asked], Reply]) -> AsyncIterator[ModelHost]:
    """Serve a script until the block ends. At the end every conversation that was sent must have been one that hosts accept."""
    number = 0

    def reply(request: Request) -> Reply:
        nonlocal number
        number += 1
        return script(_asked(number - 1, request, wire))

    async with raw_http_server(reply) as server:
        host = ModelHost(server, wire)
        yield host
        for asked in host.asked:
            assert_valid(asked.messages)


def assert_valid(messages: Sequence[Message]) -> None:
    """Every call is answered once, by the very next message, and every answer has its call."""
    for message, following in zip(messages, [*messages[1:], Message("nobody", "")], strict=True):
        assert message.calls == tuple(call_id for call_id, _ in following.answers), messages
    assert not messages[0].answers, messages


def answer(wire: Wire, text: str = "", *calls: Call, number: int = 0, hold: Wait | None = None, cut: bool = False) -> Reply:
    """Return a well-formed answer in several chunks; ``hold`` is waited for, or the connection ``cut``, after half of the text."""
    begin, end = (_openai if wire == "openai_compatible" else _anthropic)(text, calls, number)
    middle: tuple[Step, ...] = (hold,) if hold is not None else ("cut",) if cut else ()
    return Reply(steps=(*begin, *middle, *end))


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def _openai(text: str, calls: Sequence[Call], number: int) -> tuple[list[bytes], list[bytes]]:
    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        return sse({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    first, second = _halves(text)
    begin = [chunk({"role": "assistant", "content": first})]
    end = [chunk({"content": second})]
    for index, (name, arguments) in enumerate(calls):
        function = {"name": name, "arguments": ""}
        end.append(chunk({"tool_calls": [{"index": index, "id": f"call_{number}_{index}", "type": "function", "function": function}]}))
        end += [chunk({"tool_calls": [{"index": index, "function": {"arguments": half}}]}) for half in _halves(json.dumps(arguments))]
    end.append(chunk({}, "tool_calls" if calls else "stop"))
    end.append(sse({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}))
    return begin, [*end, sse("[DONE]")]


def _anthropic(text: str, calls: Sequence[Call], number: int) -> tuple[list[bytes], list[bytes]]:
    def event(kind: str, **fields: Any) -> bytes:
        return sse({"type": kind, **fields}, event=kind)

    first, second = _halves(text)
    usage = {"input_tokens": 100, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "m", "usage": usage}
    begin = [
        event("message_start", message=message),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": first}),
    ]
    end = [event("content_block_delta", index=0, delta={"type": "text_delta", "text": second}), event("content_block_stop", index=0)]
    for index, (name, arguments) in enumerate(calls, start=1):
        block = {"type": "tool_use", "id": f"call_{number}_{index}", "name": name, "input": {}}
        end.append(event("content_block_start", index=index, content_block=block))
        deltas = ({"type": "input_json_delta", "partial_json": half} for half in _halves(json.dumps(arguments)))
        end += [event("content_block_delta", index=index, delta=delta) for delta in deltas]
        end.append(event("content_block_stop", index=index))
    reason = "tool_use" if calls else "end_turn"
    end.append(event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 10}))
    return begin, [*end, event("message_stop")]


def _asked(number: int, request: Request, wire: Wire) -> Asked:
    body = request.json()
    if wire == "openai_compatible":
        tools = tuple(tool["function"]["name"] for tool in body.get("tools", ()))
        messages = _openai_messages(body["messages"])
    else:
        tools = tuple(tool["name"] for tool in body.get("tools", ()))
        messages = tuple(map(_anthropic_message, body["messages"]))
    return Asked(number, body["model"], messages, tools, request.headers)


def _openai_messages(sent: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Read the conversation; the results of one message's calls, which are messages of their own here, become one."""
    messages: list[Message] = []
    for each in sent:
        text = each["content"] or ""
        if each["role"] == "tool":
            before = messages.pop().answers if messages[-1].answers else ()
            messages.append(Message("user", "", answers=(*before, (each["tool_call_id"], text))))
        elif each["role"] != "system":
            messages.append(Message(each["role"], text, tuple(call["id"] for call in each.get("tool_calls", ()))))
    return tuple(messages)


def _anthropic_message(sent: Mapping[str, Any]) -> Message:
    blocks = [{"type": "text", "text": sent["content"]}] if isinstance(sent["content"], str) else sent["content"]
    return Message(
        sent["role"],
        "\n".join(block["text"] for block in blocks if block["type"] == "text"),
        tuple(block["id"] for block in blocks if block["type"] == "tool_use"),
        tuple((block["tool_use_id"], _words(block["content"])) for block in blocks if block["type"] == "tool_result"),
    )


def _words(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
