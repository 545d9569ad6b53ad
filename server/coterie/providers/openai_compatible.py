"""The chat-completions wire, which most hosts speak more or less.

What differs between them is dealt with here: calls split over chunks by index, or whole in one; ids, indices and finish reasons that are
left out or wrong; thoughts under two names; content as text or as parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never
from urllib.parse import urlsplit

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
    ToolCall,
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
from coterie.providers.decoding import Decoder, object_of
from coterie.providers.failures import Host
from coterie.providers.fields import count, record, records, text
from coterie.providers.fim import fills
from coterie.providers.sse import ServerSentEvent

_END_MARK = "[DONE]"
_CUT = frozenset({"content_filter", "length", "max_tokens"})


class OpenAICompatibleWire:
    """Implements `coterie.providers.http_provider.Wire`. ``base_url`` includes ``/v1``."""

    version = "chat-completions"

    def headers(self, config: ProviderConfig) -> Mapping[str, str]:
        """Return the headers of every request."""
        return {"authorization": f"Bearer {config.api_key.value}"} if config.api_key else {}

    def call_url(self, config: ProviderConfig) -> str:
        """Return the address of calls."""
        return f"{config.base_url.rstrip('/')}/chat/completions"

    def models_url(self, config: ProviderConfig) -> str:
        """Return the address of the list of models."""
        return f"{config.base_url.rstrip('/')}/models"

    def encode(self, request: ModelRequest, config: ProviderConfig) -> dict[str, Json]:
        """Return the body of a call; the conversation comes last, so that a longer one begins with the bytes of a shorter one."""
        body: dict[str, Json] = {"model": request.model, "stream": True, "stream_options": {"include_usage": True}}
        if request.max_output_tokens is not None:
            # OpenAI's own models refuse the old name, most other hosts know only that.
            official = urlsplit(config.base_url).hostname == "api.openai.com"
            body["max_completion_tokens" if official else "max_tokens"] = request.max_output_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.top_p is not None:
            body["top_p"] = request.top_p
        body |= request.extra
        if request.tools:
            body["tools"] = [
                {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema}}
                for tool in request.tools
            ]
        system = [{"role": "system", "content": request.system}] if request.system else []
        body["messages"] = system + [encoded for message in request.messages for encoded in self.encode_message(message)]
        return body

    def encode_message(self, message: Message) -> Iterator[dict[str, Json]]:
        """Yield a message as the wire has it: each result of a tool is one of its own."""
        match message:
            case UserMessage():
                yield {"role": "user", "content": message.text}
            case ToolMessage():
                for result in message.results:
                    yield {"role": "tool", "tool_call_id": result.call_id, "content": result.output}
            case AssistantMessage():
                encoded: dict[str, Json] = {"role": "assistant", "content": message.text or None}
                if message.tool_calls:
                    encoded["tool_calls"] = [_encode_call(call) for call in message.tool_calls]
                if message.text or message.tool_calls:
                    yield encoded
            case _:
                assert_never(message)

    def decoder(self, host: Host) -> Decoder:
        """Return a decoder for one answer."""
        return ChatDecoder(host)

    def model_view(self, entry: Mapping[str, Json], config: ProviderConfig) -> ModelView:
        """Read an entry of the list of models. Only some hosts tell the size of the context, each under its own name."""
        name = text(entry, "id")
        context = next((size for key in ("context_length", "max_model_len", "context_window") if (size := count(entry, key))), None)
        return ModelView(
            id=f"{config.id}/{name}",
            provider=config.id,
            context_tokens=context,
            max_output_tokens=config.max_tokens,
            capabilities=replace(
                config.capabilities, fim=fills(config, name), max_input_tokens=context, max_output_tokens=config.max_tokens
            ),
            price=config.prices.get(name),
        )


def _encode_call(call: ToolCall) -> dict[str, Json]:
    # Hosts parse the arguments again and refuse the whole conversation when they are no object.
    arguments = "{}" if call.arguments is None else call.raw or _dump(call.arguments)
    return {"id": call.call_id, "type": "function", "function": {"name": call.tool, "arguments": arguments}}


def _dump(arguments: Json) -> str:
    return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class _Call:
    """A tool call that is being received; it is told once its tool is known."""

    call_id: str
    told_id: str
    index: int | None
    tool: str = ""
    pending: str = ""
    told: bool = False
    has_arguments: bool = False


class ChatDecoder:
    """Reads one streamed chat completion."""

    def __init__(self, host: Host) -> None:
        self.ended = False
        self._host = host
        self._calls: list[_Call] = []
        self._reason: str | None = None
        self._said_something = False
        self._by_messages = ""

    @property
    def complete(self) -> bool:
        """Whether the model has finished."""
        return self._reason is not None or self.ended

    def feed(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """Return what one chunk says."""
        if event.data.strip() == _END_MARK:
            self.ended = True
            return
        chunk = object_of(event, self._host)
        for choice in records(chunk, "choices")[:1]:
            yield from self._delta(record(choice, "delta") or self._message(choice))
            if self._reason not in _CUT:  # what was cut or refused stays so, whatever reason comes behind
                self._reason = text(choice, "finish_reason") or self._reason
            if event.whole and "message" in choice:
                self._reason = self._reason or "stop"  # nothing more can come
        if usage := record(chunk, "usage"):
            yield UsageReported(usage_of(usage))

    def finish(self) -> Iterator[StreamEvent]:
        """End the calls and the answer."""
        if not self.complete or (self._reason is None and not self._said_something):
            raise failures.truncated(self._host) if self._said_something else failures.empty(self._host)
        if self._reason == "error":
            raise failures.truncated(self._host)
        for call in self._calls:
            if not call.told:
                raise failures.malformed(self._host, "a tool call without a name")
            if not call.has_arguments:
                # A call without arguments may come without even the braces.
                yield ToolCallArguments(call.call_id, "{}")
            yield ToolCallEnded(call.call_id)
        yield Finished(self._finish_reason())

    def _finish_reason(self) -> FinishReason:
        match self._reason:
            case "content_filter":
                return "content_policy"
            case "length" | "max_tokens":
                return "length"
            case _:
                # Some hosts say "stop" behind tool calls.
                return "tool_calls" if self._calls else "stop"

    def _message(self, choice: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return what a message adds to those before it; nothing where it only repeats the pieces before it.

        Most hosts send one, with all of the answer; some send one for each piece, with it alone or with all so far.
        """
        message = record(choice, "message")
        if self._said_something and not self._by_messages:
            return {}
        content = text(message, "content")
        new = content.removeprefix(self._by_messages)
        self._by_messages = content if new != content else self._by_messages + content
        calls = [] if self._calls else records(message, "tool_calls")
        told = {**message, "tool_calls": [{**call, "index": index} for index, call in enumerate(calls)]}
        return {**told, "content": new} if content else told

    def _delta(self, delta: Mapping[str, Json]) -> Iterator[StreamEvent]:
        # Where both are there, they are the same.
        if thought := text(delta, "reasoning_content") or text(delta, "reasoning"):
            self._said_something = True
            yield ThoughtDelta(thought)
        parts = "".join(text(part, "text") for part in records(delta, "content"))
        if content := text(delta, "content") or parts or text(delta, "refusal"):
            self._said_something = True
            yield TextDelta(content)
        for piece in records(delta, "tool_calls"):
            self._said_something = True
            yield from self._call_piece(piece)

    def _call_piece(self, piece: Mapping[str, Json]) -> Iterator[StreamEvent]:
        function = record(piece, "function")
        call = self._call_of(piece, text(function, "name"))
        call.tool = call.tool or text(function, "name")
        arguments = function.get("arguments")
        # What is no text is told as the JSON that it is: who calls the tool says what is wrong with a list.
        call.pending += arguments if isinstance(arguments, str) else "" if arguments is None else _dump(arguments)
        if not call.tool:
            return
        if not call.told:
            call.told = True
            yield ToolCallStarted(call.call_id, call.tool)
        if call.pending:
            call.has_arguments = True
            yield ToolCallArguments(call.call_id, call.pending)
            call.pending = ""

    def _call_of(self, piece: Mapping[str, Json], tool: str) -> _Call:
        """Find the call that a piece belongs to, or begin it.

        An id that was not seen begins a call whatever its index: some hosts give all of them index 0. So does a name with
        an index that was not seen: others give all of them one id. Without an id the index decides, and without either a name begins a call
        and anything else goes on with the last.
        """
        call_id, index = text(piece, "id"), count(piece, "index")
        for call in reversed(self._calls):
            if (
                (call_id and call.told_id == call_id and (not tool or index is None or call.index in {None, index}))
                or (not call_id and index is not None and call.index == index)
                or (not call_id and index is None and not tool)
            ):
                return call
        is_free = call_id and all(call.call_id != call_id for call in self._calls)
        call = _Call(call_id if is_free else new_id("call"), call_id, index)
        self._calls.append(call)
        return call


def usage_of(usage: Mapping[str, Json]) -> Usage:
    """Read usage. ``prompt_tokens`` includes what was read from a cache and written to one; a host that tells of no cache has none."""
    prompt, details = count(usage, "prompt_tokens"), record(usage, "prompt_tokens_details")
    cached = min(count(details, "cached_tokens") or 0, prompt or 0)
    # Routers in front of Anthropic's models, each by its own name.
    named = (count(details, "cache_write_tokens"), count(details, "cache_creation_tokens"), count(usage, "cache_creation_input_tokens"))
    written = min(next((written for written in named if written), 0), (prompt or 0) - cached)
    return Usage(
        input=None if prompt is None else prompt - cached - written,
        cache_read=None if prompt is None else cached,
        cache_write=None if prompt is None else written,
        output=count(usage, "completion_tokens"),
    )
