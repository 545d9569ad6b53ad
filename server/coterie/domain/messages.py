"""A conversation with a model, and the one vocabulary in which every provider streams its answer.

``agents.loop`` builds the messages and reads the stream, ``context`` assembles a `ModelRequest` of them, ``providers`` translate both
to and from each host's wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from coterie.domain.usage import ReuseSource, Usage
from coterie.domain.wire import Json, wire


@wire
class ToolCall:
    """A call that the model asked for. ``arguments`` is None when what the model sent is no JSON object; ``raw`` is what it sent."""

    call_id: str
    tool: str
    arguments: Mapping[str, Json] | None
    raw: str = ""


@wire
class ToolResult:
    """The answer to one call, as the model reads it."""

    call_id: str
    tool: str
    output: str
    failed: bool = False


@wire
class UserMessage:
    """Something that the person (or the coordinator, for a step) says to the model.

    The first ``preface`` characters of ``text`` are about the surroundings: they are for models that work in them.
    """

    role: Literal["user"] = "user"
    text: str
    preface: int = 0

    @property
    def request(self) -> str:
        """What is wanted, without the surroundings."""
        return self.text[self.preface :]


@wire
class AssistantMessage:
    """What the model answered. ``signature`` carries a provider's opaque proof of its thought, which it wants back unchanged.

    ``made_by`` is the model's id, ``host/model``; None in journals from before it was kept.
    """

    role: Literal["assistant"] = "assistant"
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    thought: str = ""
    signature: str | None = None
    made_by: str | None = None


@wire
class ToolMessage:
    """The results of all calls of the assistant message before it, in its order."""

    role: Literal["tool"] = "tool"
    results: tuple[ToolResult, ...]


Message: TypeAlias = UserMessage | AssistantMessage | ToolMessage


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model is told of it. ``schema`` is the JSON Schema of its arguments."""

    name: str
    description: str
    schema: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One call of a model.

    ``model`` is the host's own name, without the provider. ``run`` (its id; empty: none), ``agent`` and ``call`` (0-based number of this
    agent's call in its run) are not sent to hosts: recordings are matched by them. ``gives_way`` says that others come first at a machine
    that has a lane (see `coterie.providers.lanes`).
    """

    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)
    run: str = ""
    agent: str = ""
    call: int = 0
    gives_way: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """More of the model's thinking. ``signature`` arrives once, at its end, where the host signs it."""

    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """The model begins a call; its arguments follow in pieces."""

    call_id: str
    tool: str


@dataclass(frozen=True, slots=True)
class ToolCallArguments:
    """A piece of the JSON text of a call's arguments."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallEnded:
    """A call is complete."""

    call_id: str


@dataclass(frozen=True, slots=True)
class UsageReported:
    """What the call has used so far; a later report replaces an earlier one. ``usd`` is set only by hosts that bill in their answer."""

    usage: Usage


FinishReason = Literal["stop", "tool_calls", "length", "content_policy"]


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete. Always the last event of a stream that did not raise."""

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing comes yet, for a reason to tell the person: a stable ``code`` (``rate_limited``, ``loading``) and a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Reused:
    """The answer that follows is another call's and costs nothing: of an earlier one (``cache``), or of one under way (``shared``)."""

    source: ReuseSource


@dataclass(frozen=True, slots=True)
class Produced:
    """What the host made besides words, whole: an artifact for clients and the journal. It counts also when the call fails behind it."""

    type: str
    value: Mapping[str, Json]


StreamEvent: TypeAlias = (
    TextDelta | ThoughtDelta | ToolCallStarted | ToolCallArguments | ToolCallEnded | UsageReported | Finished | Waiting | Reused | Produced
)
