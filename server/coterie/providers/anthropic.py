"""The Anthropic messages wire.

Content goes both ways in blocks. Two breakpoints let the host cache a conversation's beginning: one behind the system text (which covers
the tools too), one behind the last message, where the next request of the conversation will find it. Thoughts come signed, and go back as
they came: `AssistantMessage.signature` holds the thinking blocks as JSON, also those that are redacted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from coterie.base.ids import new_id
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    FinishReason,
    Message,
    ModelRequest,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    ToolMessage,
    UsageReported,
    UserMessage,
)
from coterie.domain.status import ModelView
from coterie.domain.usage import Usage
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.config import ProviderConfig
from coterie.providers.failures import Host
from coterie.providers.fields import count, parse_object, record, records, text
from coterie.providers.sse import ServerSentEvent

_DEFAULT_MAX_TOKENS = 8192
_BREAKPOINT = {"type": "ephemeral"}

Block = dict[str, Json]


class AnthropicWire:
    """Implements `coterie.providers.http_provider.Wire`. ``base_url`` is the origin, without ``/v1``."""

    version = "2023-06-01"

    def headers(self, config: ProviderConfig) -> Mapping[str, str]:
        """Return the headers of every request."""
        key = {"x-api-key": config.api_key.value or ""} if config.api_key else {}
        return {"anthropic-version": self.version, **key}

    def call_url(self, config: ProviderConfig) -> str:
        """Return the address of calls."""
        return f"{_origin(config)}/v1/messages"

    def models_url(self, config: ProviderConfig) -> str:
        """Return the address of the list of models, all on one page."""
        return f"{_origin(config)}/v1/models?limit=1000"

    def encode(self, request: ModelRequest, config: ProviderConfig) -> dict[str, Json]:
        """Return the body of a call; the conversation comes last, so that a longer one begins with the bytes of a shorter one."""
        # The wire demands a limit.
        body: dict[str, Json] = {
            "model": request.model,
            "stream": True,
            "max_tokens": request.max_output_tokens or config.max_tokens or _DEFAULT_MAX_TOKENS,
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.top_p is not None:
            body["top_p"] = request.top_p
        body |= request.extra
        if request.tools:
            body["tools"] = [{"name": tool.name, "description": tool.description, "input_schema": tool.schema} for tool in request.tools]
        if request.system:
            body["system"] = [{"type": "text", "text": request.system, "cache_control": _BREAKPOINT}]
        body["messages"] = _messages(request.messages)
        return body

    def decoder(self, host: Host) -> MessageDecoder:
        """Return a decoder for one answer."""
        return MessageDecoder(host)

    def model_view(self, entry: Mapping[str, Json], config: ProviderConfig) -> ModelView:
        """Read an entry of the list of models."""
        name, context = text(entry, "id"), count(entry, "max_input_tokens")
        longest = config.max_tokens or count(entry, "max_tokens")
        return ModelView(
            id=f"{config.id}/{name}",
            provider=config.id,
            context_tokens=context,
            max_output_tokens=longest,
            capabilities=replace(config.capabilities, max_input_tokens=context, max_output_tokens=longest),
            price=config.prices.get(name),
        )


def _origin(config: ProviderConfig) -> str:
    # People copy the address of the other wire, which ends in /v1.
    return config.base_url.rstrip("/").removesuffix("/v1")


def _messages(messages: tuple[Message, ...]) -> list[dict[str, Json]]:
    """Encode the conversation: roles alternate, so neighbours of one role become one message; a message without content is left out."""
    encoded: list[dict[str, Json]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        if encoded and encoded[-1]["role"] == role:
            encoded[-1]["content"] += blocks
        elif blocks:
            encoded.append({"role": role, "content": blocks})
    if encoded:
        last = encoded[-1]["content"]
        last[-1] = {**last[-1], "cache_control": _BREAKPOINT}
    return encoded


def _blocks(message: Message) -> list[Block]:
    match message:
        case UserMessage():
            return _text_block(message.text)
        case ToolMessage():
            return [
                {"type": "tool_result", "tool_use_id": result.call_id, "content": result.output, "is_error": result.failed}
                for result in message.results
            ]
        case AssistantMessage():
            # What the model sent as arguments may have been no object; the wire takes nothing else.
            calls = [
                {"type": "tool_use", "id": call.call_id, "name": call.tool, "input": call.arguments or {}} for call in message.tool_calls
            ]
            said = [*_text_block(message.text), *calls]
            return [*_thoughts(message.signature), *said] if said else []
        case _:
            assert_never(message)


def _text_block(words: str) -> list[Block]:
    # The wire refuses blank text.
    return [{"type": "text", "text": words}] if words.strip() else []


def sealed(blocks: Sequence[Block]) -> str:
    """Return thinking blocks as a signature. In ASCII: characters that came in two halves are whole when it is read again."""
    return json.dumps({"blocks": blocks}, separators=(",", ":"))


def _thoughts(signature: str | None) -> list[Block]:
    """Return the thinking blocks as they came. A signature that is not ours is from another host, to which it is of no use here."""
    kept = parse_object(signature) if signature else None
    return list(kept.get("blocks", ())) if kept else []


@dataclass(slots=True)
class _Block:
    """A content block that is being received."""

    type: str
    call_id: str = ""
    thought: str = ""
    signature: str = ""
    data: str = ""
    input: Mapping[str, Json] | None = None

    def kept(self) -> Block | None:
        """Return what must go back to the host as it came, if anything."""
        if self.type == "thinking" and self.signature:
            return {"type": "thinking", "thinking": self.thought, "signature": self.signature}
        if self.type == "redacted_thinking" and self.data:
            return {"type": "redacted_thinking", "data": self.data}
        return None


class MessageDecoder:
    """Reads one streamed message."""

    def __init__(self, host: Host) -> None:
        self.ended = False
        self._host = host
        self._open: dict[int | None, _Block] = {}
        self._kept: list[Block] = []
        self._calls: set[str] = set()
        self._begun = False
        self._reason: str | None = None
        self._usage: dict[str, Json] = {}

    @property
    def complete(self) -> bool:
        """Whether the model has finished."""
        return self._reason is not None or self.ended

    def feed(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """Return what one event says."""
        if (data := parse_object(event.data)) is None:
            raise failures.malformed(self._host, event.data)
        return self.take(data, event.name)

    def take(self, data: Mapping[str, Json], name: str = "") -> Iterator[StreamEvent]:
        """Return what the data of an event called ``name`` say. Types that are not known, pings among them, say nothing."""
        index = count(data, "index")
        match text(data, "type") or name:
            case "message" if isinstance(data.get("content"), list):
                yield from self._message(data)
            case "message_start":
                self._begun = True
                yield from self._count(record(record(data, "message"), "usage"))
            case "content_block_start":
                yield from self._start(index, record(data, "content_block"))
            case "content_block_delta":
                yield from self._delta(self._open.get(index), record(data, "delta"))
            case "content_block_stop":
                yield from self._stop(self._open.pop(index, None))
            case "message_delta":
                self._reason = text(record(data, "delta"), "stop_reason") or self._reason
                yield from self._count(record(data, "usage"))
            case "message_stop":
                self.ended = True
            case "error":
                raise failures.from_error_object(self._host, data)
            case _:
                if data.get("error"):
                    raise failures.from_error_object(self._host, data)

    def finish(self) -> Iterator[StreamEvent]:
        """End the answer, with the proof of its thoughts."""
        if not self._begun:
            raise failures.empty(self._host)
        if not self.complete:
            raise failures.truncated(self._host)
        for block in self._open.values():
            yield from self._stop(block)
        if self._kept:
            yield ThoughtDelta("", signature=sealed(self._kept))
        yield Finished(self.finish_reason)

    @property
    def finish_reason(self) -> FinishReason:
        """Why the model has finished."""
        match self._reason:
            case "refusal":
                return "content_policy"
            case "max_tokens" | "model_context_window_exceeded":
                return "length"
            case _:
                return "tool_calls" if self._calls else "stop"

    def _message(self, message: Mapping[str, Json]) -> Iterator[StreamEvent]:
        """Tell a message that came whole, not as events; nothing more can come."""
        self._begun = True
        yield from self._count(record(message, "usage"))
        for index, content in enumerate(records(message, "content")):
            yield from self._start(index, content)
            yield from self._stop(self._open.pop(index))
        self._reason = text(message, "stop_reason") or "end_turn"

    def _start(self, index: int | None, content: Mapping[str, Json]) -> Iterator[StreamEvent]:
        self._begun = True
        block = _Block(text(content, "type"), data=text(content, "data"), input=record(content, "input"))
        self._open[index] = block
        if block.type == "tool_use":
            if not (tool := text(content, "name")):
                raise failures.malformed(self._host, "a tool call without a name")
            # Two calls of one answer must not be taken for one.
            told = text(content, "id")
            block.call_id = told if told and told not in self._calls else new_id("call")
            self._calls.add(block.call_id)
            yield ToolCallStarted(block.call_id, tool)
        # A block may begin with its first words.
        yield from self._delta(block, content)

    def _delta(self, block: _Block | None, delta: Mapping[str, Json]) -> Iterator[StreamEvent]:
        if block is None:
            raise failures.malformed(self._host, "a piece of a block that was not begun")
        if block.type == "text" and (words := text(delta, "text")):
            yield TextDelta(words)
        elif block.type == "thinking":
            block.signature += text(delta, "signature")
            if thought := text(delta, "thinking"):
                block.thought += thought
                yield ThoughtDelta(thought)
        elif block.type == "tool_use" and (arguments := text(delta, "partial_json")):
            block.input = None
            yield ToolCallArguments(block.call_id, arguments)

    def _stop(self, block: _Block | None) -> Iterator[StreamEvent]:
        if block is None:
            return
        if (kept := block.kept()) is not None:
            self._kept.append(kept)
        if block.type == "tool_use":
            if block.input is not None:
                # No piece came: the arguments stood in the beginning, or there are none.
                yield ToolCallArguments(block.call_id, json.dumps(block.input, ensure_ascii=False))
            yield ToolCallEnded(block.call_id)

    def _count(self, usage: Mapping[str, Json]) -> Iterator[StreamEvent]:
        """Tell the usage so far: later counts replace earlier ones, and ``input_tokens`` excludes the cache."""
        self._usage.update({key: value for key, value in usage.items() if value is not None})
        known = count(self._usage, "input_tokens") is not None
        if usage:
            yield UsageReported(
                Usage(
                    input=count(self._usage, "input_tokens"),
                    cache_read=(count(self._usage, "cache_read_input_tokens") or 0) if known else None,
                    cache_write=(count(self._usage, "cache_creation_input_tokens") or 0) if known else None,
                    output=count(self._usage, "output_tokens"),
                )
            )
