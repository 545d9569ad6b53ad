"""What clients are told while a run goes on: the closed union of ``agent/event``.

``agents`` makes the events, ``storage`` keeps all but the deltas, front doors send them. The same JSON stands in the journal and on
the wire, so that ``agent/run/events`` is what a client saw live.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from coterie.domain.edits import ChangeKind, ChangeState, Hunk
from coterie.domain.permissions import ApprovalOption, Decision, Effect
from coterie.domain.usage import ReuseSource
from coterie.domain.wire import Json, Late, Money, wire

RunState = Literal["queued", "running", "waiting", "succeeded", "failed", "cancelled", "interrupted"]
StepState = Literal["running", "succeeded", "failed", "skipped"]
ToolCallState = Literal["pending", "running", "succeeded", "failed", "denied"]

ENDED: frozenset[RunState] = frozenset({"succeeded", "failed", "cancelled", "interrupted"})
"""The states in which nothing more happens by itself."""


@wire
class RunEvent:
    """The run's state changed. ``reason`` is a stable code, ``text`` a sentence for the person."""

    kind: Literal["run"] = "run"
    state: RunState
    reason: str | None = None
    text: str | None = None


@wire
class StepEvent:
    """A step's state changed. ``attempt`` counts from 1 and grows with each loop back to the step."""

    kind: Literal["step"] = "step"
    step_id: str
    agent: str
    state: StepState
    model: str | None = None
    attempt: int


@wire
class PlanEvent:
    """The plan as it stands now, after the planner or the person wrote it."""

    kind: Literal["plan"] = "plan"
    plan: Mapping[str, Json]


@wire
class ArtifactEvent:
    """A step has ended with an artifact (see ``agents.artifacts`` for the shapes by ``type``)."""

    kind: Literal["artifact"] = "artifact"
    step_id: str
    type: str
    value: Mapping[str, Json]


@wire
class MessageDelta:
    """More text of a message. ``offset`` is where it goes, in UTF-16 units. Not journalled."""

    kind: Literal["message_delta"] = "message_delta"
    message_id: str
    offset: int
    text: str


@wire
class ThoughtDelta:
    """More of the thinking that precedes a message. Not journalled."""

    kind: Literal["thought_delta"] = "thought_delta"
    message_id: str
    offset: int
    text: str


@wire
class Attached:
    """What went along with a message, as it is shown: never the whole text.

    ``label`` is the file's name, or the first line of a text that stands for itself. ``excerpt`` is set where a text was sent in the place
    of the whole file ``uri``: its first line.
    """

    label: str
    uri: str | None = None
    excerpt: str | None = None


@wire
class MessageEvent:
    """A message as a whole; with ``partial`` it is what has come so far, for a client that catches up.

    ``attachments`` went along with what a person said; what was attached to a steer is quoted in its text.

    ``reused`` says that no model was called for it: the answer is another call's, of an earlier one or of one under way.
    """

    kind: Literal["message"] = "message"
    message_id: str
    role: Literal["user", "assistant"]
    text: str
    model: str | None = None
    agent: str | None = None
    partial: bool | None = None
    reused: ReuseSource | None = None
    attachments: tuple[Attached, ...] = ()


@wire
class MessageDiscarded:
    """The message was begun and is void: its call failed and is made anew."""

    kind: Literal["message_discarded"] = "message_discarded"
    message_id: str
    reason: str


@wire
class ToolCallEvent:
    """A tool call in full, at each of its states. ``message_id`` is the message that made it; the server's own calls have none."""

    kind: Literal["tool_call"] = "tool_call"
    call_id: str
    message_id: str | None = None
    step_id: str | None = None
    tool: str
    arguments: Mapping[str, Json]
    state: ToolCallState
    output: str | None = None


@wire
class ChangeEvent:
    """A change of a file, at each of its states.

    ``unsure`` says why it may be somebody else's: it was found after a command, while which others may have written, too. Such a change is
    taken back where it is named, and not with all others. ``what`` is what it does to the file; a change in a journal that is
    older than this field says ``changed``.
    """

    kind: Literal["change"] = "change"
    change_id: str
    path: str
    uri: str
    state: ChangeState
    hunks: tuple[Hunk, ...]
    unsure: str | None = None
    what: ChangeKind = "changed"


@wire
class ApprovalEvent:
    """A question to the person was asked or resolved.

    ``change_ids`` are the changes that it is about, which were told as ``proposed`` before it: the two halves of a move are two. Where all
    their hunks are decided one by one, the question is resolved by that.
    """

    kind: Literal["approval"] = "approval"
    approval_id: str
    title: str
    effects: tuple[Effect, ...]
    options: tuple[ApprovalOption, ...]
    state: Literal["pending", "resolved"]
    decision: Decision | None = None
    change_ids: tuple[str, ...] = ()


@wire
class UsageEvent:
    """What the run has used so far, in all."""

    kind: Literal["usage"] = "usage"
    input: int | None
    cache_read: int | None
    cache_write: int | None
    output: int | None
    usd: Money | None


@wire
class WarningEvent:
    """Something that the person should know and that ends nothing."""

    kind: Literal["warning"] = "warning"
    code: str
    text: str


@wire
class CompactionEvent:
    """The conversation is sent to models shorter from here on, ``text`` says so in a sentence; the post `/restore` takes it back.

    ``messages`` messages were replaced by ``summary`` (null: by nothing), which ``model`` wrote, and ``outputs`` old outputs of tools are
    left out, or texts of files that were attached. The tokens are estimates of what the next request would hold without it, and holds.
    """

    kind: Literal["compaction"] = "compaction"
    compaction_id: str
    step_id: str
    text: str
    messages: int
    outputs: int
    tokens_before: int
    tokens_after: int
    summary: str | None = None
    model: str | None = None


Event: TypeAlias = Annotated[
    RunEvent
    | StepEvent
    | PlanEvent
    | ArtifactEvent
    | MessageDelta
    | ThoughtDelta
    | MessageEvent
    | MessageDiscarded
    | ToolCallEvent
    | ChangeEvent
    | ApprovalEvent
    | UsageEvent
    | WarningEvent
    | CompactionEvent,
    Late("Field", discriminator="kind"),
]


@wire
class AgentEvent:
    """The payload of ``agent/event``. ``seq`` increases strictly within a run; gaps are normal.

    ``folder`` is the URI of the workspace folder that the run works in.
    """

    seq: int
    at: str
    run_id: str | None = None
    channel_id: str | None = None
    folder: str | None = None
    event: Event
