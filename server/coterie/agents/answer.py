"""A model's answer as it comes in: what is told of it piece by piece, and the message that it makes when it is whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import assert_never

from coterie.agents.live_run import LiveRun
from coterie.base.errors import ProviderError
from coterie.base.ids import new_id
from coterie.base.text import scalars, utf16_length
from coterie.domain.events import ArtifactEvent, MessageDelta, MessageEvent, WarningEvent
from coterie.domain.events import ThoughtDelta as ThoughtEvent
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    FinishReason,
    Produced,
    Reused,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UsageReported,
    Waiting,
)
from coterie.domain.model_ports import ModelChoice
from coterie.domain.usage import ReuseSource, Usage
from coterie.domain.wire import Json

_DEEPEST = 100
"""Levels of a tool call's arguments."""


@dataclass(slots=True)
class Answer:
    """What has come of a message of ``agent``, in its step, by the model ``choice`` so far."""

    message_id: str
    step_id: str
    agent: str
    choice: ModelChoice
    text: str = ""
    thought: str = ""
    signature: str | None = None
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)
    usage: Usage | None = None
    reason: FinishReason | None = None
    reused: ReuseSource | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything of it has come."""
        return bool(self.text or self.thought or self.calls or self.usage)

    async def take(self, event: StreamEvent, run: LiveRun) -> None:  # noqa: C901 - one flat case for each member of a closed union
        """Add what came, and tell it."""
        match event:
            case TextDelta(received):
                text = scalars(received)
                offset = utf16_length(self.text)
                self.text += text
                told = MessageDelta(message_id=self.message_id, offset=offset, text=text)
                await run.delta(told, self.event(partial=True))
            case ThoughtDelta(received, signature):
                text = scalars(received)
                offset = utf16_length(self.thought)
                self.thought += text
                self.signature = signature or self.signature
                if text:
                    await run.delta(ThoughtEvent(message_id=self.message_id, offset=offset, text=text))
            case ToolCallStarted(call_id, tool):
                self.calls[call_id] = (scalars(tool), "")
            case ToolCallArguments(call_id, text):
                tool, so_far = self.calls[call_id]
                self.calls[call_id] = (tool, so_far + text)
            case ToolCallEnded():
                pass
            case UsageReported(usage):
                self.usage = usage
            case Finished(reason):
                self.reason = reason
            case Waiting(code, text):
                await run.event(WarningEvent(code=code, text=text))
            case Reused(source):
                self.reused = source
            case Produced(kind, value):
                await run.event(ArtifactEvent(step_id=self.step_id, type=kind, value=value))
            case _:
                assert_never(event)

    def check(self) -> None:
        """Raise `ProviderError` for an answer that is none."""
        if self.reason == "content_policy":
            raise ProviderError(f"{self.choice.label} declined to answer for its content policy.", kind="content_policy")
        if self.reason is None or not (self.text.strip() or self.calls):
            raise ProviderError(f"{self.choice.label} sent an empty answer.", kind="transient")

    def event(self, *, partial: bool | None = None) -> MessageEvent:
        """Return it as clients are told of it."""
        return MessageEvent(
            message_id=self.message_id,
            role="assistant",
            text=self.text,
            model=self.choice.label,
            agent=self.agent,
            partial=partial,
            reused=self.reused,
        )

    def message(self, run: LiveRun) -> AssistantMessage:
        """Return it as it goes into the conversation."""
        calls = tuple(_tool_call(_unused(call_id, run), tool, raw) for call_id, (tool, raw) in self.calls.items())
        return AssistantMessage(text=self.text, tool_calls=calls, thought=self.thought, signature=self.signature, made_by=self.choice.id)


def _unused(call_id: str, run: LiveRun) -> str:
    """Return the host's id of a call, or one of our own where a host counts anew: the journal tells calls apart by it."""
    storable = call_id and call_id == scalars(call_id)
    return call_id if storable and call_id not in run.history.made_by else new_id("call")


def _tool_call(call_id: str, tool: str, raw: str) -> ToolCall:
    try:
        arguments: Json = json.loads(raw or "{}")
        json.dumps(arguments, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        arguments = None
    if not _is_flat_enough(arguments):
        arguments = None
    raw = scalars(raw)
    return ToolCall(call_id=call_id, tool=tool, arguments=arguments if isinstance(arguments, dict) else None, raw=raw)


def _is_flat_enough(value: Json) -> bool:
    """Say whether values are nested no deeper than the journal and clients can take; no tool of ours, or of anybody's, comes near it."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for each in level if isinstance(each, dict | list) for inner in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return True
    return False
