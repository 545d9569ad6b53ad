"""Ollama's own wire: newline-delimited JSON, tools whose arguments are objects and whose calls have no ids, gaps filled by ``suffix``.

The OpenAI-compatible door of Ollama cannot set the size of the window; this one can. Pure; `ollama` speaks it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
from coterie.domain.suggestions import FillRequest
from coterie.domain.usage import Usage
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.decoding import object_of
from coterie.providers.failures import Host
from coterie.providers.fields import count, record, records, text
from coterie.providers.sse import ServerSentEvent

DONE = frozenset({"stop", "length"})


def chat_body(request: ModelRequest, window: int) -> dict[str, Json]:
    """Return the body of a call with a window of so many tokens; the conversation comes last, as what stays the same comes first."""
    options = _options(window, request.max_output_tokens, request.temperature, request.top_p)
    body: dict[str, Json] = {"model": request.model, "stream": True, **_with_extra(request.extra, options)}
    if request.tools:
        body["tools"] = [
            {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema}}
            for tool in request.tools
        ]
    system = [{"role": "system", "content": request.system}] if request.system else []
    body["messages"] = system + [encoded for message in request.messages for encoded in _encode(message)]
    return body


def fill_body(request: FillRequest, window: int) -> dict[str, Json]:
    """Return the body that has a gap filled, but for the texts. Without a temperature of its own the likeliest text is asked for."""
    options = _options(window, request.max_tokens, 0 if request.temperature is None else request.temperature, request.top_p)
    if request.stop:
        options["stop"] = list(request.stop)
    extra = _with_extra(request.extra, options)
    return {"model": request.model, "stream": True, **extra}


def _options(window: int, longest: int | None, temperature: float | None, top_p: float | None) -> dict[str, Json]:
    options = {"num_ctx": window, "num_predict": longest, "temperature": temperature, "top_p": top_p}
    return {name: value for name, value in options.items() if value is not None}


def _with_extra(extra: Mapping[str, Json], options: dict[str, Json]) -> dict[str, Json]:
    """Lay the settings' own fields over ours; ``options`` of theirs add to ours."""
    return {**extra, "options": options | dict(record(extra, "options"))}


def _encode(message: Message) -> Iterator[dict[str, Json]]:
    match message:
        case UserMessage():
            yield {"role": "user", "content": message.text}
        case AssistantMessage():
            encoded: dict[str, Json] = {"role": "assistant", "content": message.text}
            if message.tool_calls:
                encoded["tool_calls"] = [
                    {"function": {"name": call.tool, "arguments": dict(call.arguments or {})}} for call in message.tool_calls
                ]
            yield encoded
        case ToolMessage():
            for result in message.results:
                yield {"role": "tool", "tool_name": result.tool, "content": result.output}
        case _:
            assert_never(message)


class OllamaDecoder:
    """Reads one streamed answer, of a conversation or of a gap. ``prompt_tokens`` is what the host says that it read, once it has."""

    def __init__(self, host: Host, *, may_be_empty: bool = False) -> None:
        self.ended = False
        self.prompt_tokens: int | None = None
        self._host = host
        self._may_be_empty = may_be_empty
        self._reason = ""
        self._calls = 0
        self._said_something = False

    @property
    def complete(self) -> bool:
        """Whether the model has finished."""
        return self.ended

    def feed(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """Return what one line says."""
        chunk = object_of(event, self._host)
        message = record(chunk, "message")
        if thought := text(message, "thinking") or text(chunk, "thinking"):
            self._said_something = True
            yield ThoughtDelta(thought)
        if words := text(message, "content") or text(chunk, "response"):
            self._said_something = True
            yield TextDelta(words)
        for call in records(message, "tool_calls"):
            yield from self._call(record(call, "function"))
        if chunk.get("done") is True:
            self.ended = True
            self._reason = text(chunk, "done_reason")
            self.prompt_tokens = count(chunk, "prompt_eval_count")
            # A prompt that is in the host's cache whole is not counted at all; what is unknown stays unknown.
            yield UsageReported(Usage(input=self.prompt_tokens, cache_read=0, cache_write=0, output=count(chunk, "eval_count")))

    def finish(self) -> Iterator[StreamEvent]:
        """End the answer."""
        if not self.ended:
            raise failures.truncated(self._host) if self._said_something else failures.empty(self._host)
        if not (self._said_something or self._may_be_empty):
            raise failures.empty(self._host)
        yield Finished(self._finish_reason())

    def _finish_reason(self) -> FinishReason:
        if self._reason == "length":
            return "length"
        return "tool_calls" if self._calls else "stop"

    def _call(self, function: Mapping[str, Json]) -> Iterator[StreamEvent]:
        tool, arguments = text(function, "name"), function.get("arguments")
        if not tool:
            raise failures.malformed(self._host, "a tool call without a name")
        self._calls += 1
        self._said_something = True
        call_id = new_id("call")
        yield ToolCallStarted(call_id, tool)
        # Objects as they should be, or JSON text as some versions send it.
        sent = arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False, separators=(",", ":"))
        yield ToolCallArguments(call_id, sent or "{}")
        yield ToolCallEnded(call_id)
