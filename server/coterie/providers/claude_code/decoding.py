"""Reads what a CLI says of one answer: deltas as they come, what it used, and where the answer ends.

An answer ends where the model calls tools, since ours are carried out by our loop, or with the ``result`` of a turn. Each message of the
model streams as the raw events of the Anthropic wire; one that did not stream comes whole. A message that the CLI made up itself tells an
error, which the ``result`` repeats. Of its counts those of the ``result`` are final. Pure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from coterie.domain.messages import (
    Finished,
    FinishReason,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UsageReported,
)
from coterie.domain.usage import NO_USAGE, Usage
from coterie.domain.wire import Json
from coterie.providers.anthropic import MessageDecoder
from coterie.providers.claude_code import endings
from coterie.providers.claude_code.cli import Message
from coterie.providers.claude_code.endings import Limit
from coterie.providers.failures import Host
from coterie.providers.fields import count, record, records, text

SERVER = "coterie"
"""The name under which the CLI knows our tools: `prefixed` is what its model calls them."""
_PREFIX = f"mcp__{SERVER}__"


class Bill:
    """What a session has cost, of which each answer is told its part."""

    def __init__(self) -> None:
        self.windows: dict[str, int] = {}  # the context sizes of the models that were used
        self._usd = Decimal(0)
        self._turn = NO_USAGE

    def part(self, used: Usage, total: Json) -> Usage:
        """Return what an answer in the middle of a turn used, from its stream and from the session's total so far."""
        told = Usage(input=used.input, cache_read=used.cache_read, cache_write=used.cache_write, output=used.output, usd=self._more(total))
        self._turn += told
        return told

    def rest(self, used: Usage, result: Message) -> Usage:
        """Return what the last answer of a turn used, so that its parts add up to its ``result``."""
        for model, entry in record(result, "modelUsage").items():
            if isinstance(entry, dict) and (window := count(entry, "contextWindow")):
                self.windows[model] = window
        usage, turn, self._turn = record(result, "usage"), self._turn, NO_USAGE
        return Usage(
            input=_left(count(usage, "input_tokens"), turn.input, used.input),
            cache_read=_left(count(usage, "cache_read_input_tokens"), turn.cache_read, used.cache_read),
            cache_write=_left(count(usage, "cache_creation_input_tokens"), turn.cache_write, used.cache_write),
            output=_left(count(usage, "output_tokens"), turn.output, used.output),
            usd=self._more(result.get("total_cost_usd")),
        )

    def _more(self, total: Json) -> Decimal | None:
        usd = dollars(total)
        if usd is None or usd < self._usd:
            return None
        more, self._usd = usd - self._usd, usd
        return more


class AnswerDecoder:
    """Reads one answer. ``limit`` is what is known of the subscription's limits."""

    def __init__(self, host: Host, bill: Bill, limit: Limit) -> None:
        self.limit = limit
        self.words = ""
        self.calls: dict[str, tuple[str, str]] = {}  # by the CLI's id: the tool, and the JSON text of its arguments
        self.wants_tools = False
        self.result: Message | None = None
        self._host = host
        self._bill = bill
        self._reason: FinishReason = "stop"
        self._message: MessageDecoder | None = None
        self._streamed: set[str] = set()
        self._used: list[Usage] = []
        self._error = ""

    @property
    def has_begun(self) -> bool:
        """Whether the model has said anything."""
        return bool(self._streamed)

    @property
    def is_streaming(self) -> bool:
        """Whether a message is under way."""
        return self._message is not None

    def take(self, said: Message) -> Iterator[StreamEvent]:
        """Return what one message of the CLI says of the answer. Raises `ProviderError`."""
        if said.get("parent_tool_use_id") is not None:
            return
        match text(said, "type"):
            case "stream_event":
                yield from self._stream(record(said, "event"))
            case "assistant":
                yield from self._whole(said)
            case "system" if text(said, "subtype") == "api_retry":
                if (failure := endings.retried(self._host, said, self.limit)) is not None:
                    raise failure
            case "rate_limit_event":
                self.limit = Limit.of(record(said, "rate_limit_info"))
            case "result":
                yield from self._end(said)

    def finish(self, total: Json = None) -> Iterator[StreamEvent]:
        """End the answer; ``total`` is the session's cost so far, where the turn goes on."""
        used = sum(self._used, NO_USAGE) if self._used else Usage()
        yield UsageReported(self._bill.part(used, total) if self.result is None else self._bill.rest(used, self.result))
        yield Finished("tool_calls" if self.wants_tools else self._reason)

    def _stream(self, event: Mapping[str, Json]) -> Iterator[StreamEvent]:
        if text(event, "type") == "message_start":
            self._message = MessageDecoder(self._host)
            self._streamed.add(text(record(event, "message"), "id"))
            self._used.append(Usage())
        if self._message is None:
            return
        for each in self._message.take(event):
            yield from self._noted(each)
        if self._message.ended:
            self._reason = self._message.finish_reason
            self.wants_tools = self._reason == "tool_calls"
            self._message = None

    def _whole(self, said: Message) -> Iterator[StreamEvent]:
        message = record(said, "message")
        if text(said, "error") or text(message, "model") == "<synthetic>":
            self._error = text(said, "error") or "unknown"
            return
        if text(message, "id") in self._streamed:
            return
        for block in records(message, "content"):
            match text(block, "type"):
                case "text" if words := text(block, "text"):
                    yield from self._noted(TextDelta(words))
                case "thinking" if thought := text(block, "thinking"):
                    yield from self._noted(ThoughtDelta(thought))
                case "tool_use":
                    call_id = text(block, "id")
                    for event in (
                        ToolCallStarted(call_id, text(block, "name")),
                        ToolCallArguments(call_id, json.dumps(record(block, "input"), ensure_ascii=False)),
                        ToolCallEnded(call_id),
                    ):
                        yield from self._noted(event)

    def _end(self, result: Message) -> Iterator[StreamEvent]:
        if result.get("is_error") or self._error or text(result, "subtype") not in {"success", ""}:
            raise endings.refused(self._host, result, words=self._error, limit=self.limit)
        self.result = result
        self.wants_tools = False
        if text(result, "stop_reason") == "refusal":
            self._reason = "content_policy"
        if not self.words and not self.calls and (words := text(result, "result")):
            yield from self._noted(TextDelta(words))

    def _noted(self, event: StreamEvent) -> Iterator[StreamEvent]:
        match event:
            case UsageReported(usage):
                self._used[-1] = usage
                return
            case TextDelta(words):
                self.words += words
            case ToolCallStarted(call_id, tool):
                self.calls[call_id] = (tool.removeprefix(_PREFIX), "")
                event = ToolCallStarted(call_id, tool.removeprefix(_PREFIX))
            case ToolCallArguments(call_id, piece):
                tool, so_far = self.calls[call_id]
                self.calls[call_id] = (tool, so_far + piece)
            case _:
                pass
        yield event


def dollars(value: Json) -> Decimal | None:
    """Return an amount that the CLI tells as a floating point number; its last digits are noise."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return Decimal(f"{value:.9f}".rstrip("0").rstrip("."))


def _left(total: int | None, told: int | None, streamed: int | None) -> int | None:
    """Return what of a turn's total was not told yet; what the stream said, where the total does not add up."""
    if total is None or told is None or total < told:
        return streamed
    return total - told
