"""What a run is, from outside: how it is asked for, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from coterie.domain.edits import FileChange
from coterie.domain.events import AgentEvent, RunState, StepState
from coterie.domain.usage import NO_USAGE, Usage
from coterie.domain.wire import Json, Late, Money, wire


@wire
class Budget:
    """Limits of one run; None: no limit of its own. ``wall_s`` counts seconds in which no person is waited for."""

    usd: Annotated[Money, Late("Field", ge=0)] | None = None
    tokens: Annotated[int, Late("Field", ge=1)] | None = None
    wall_s: Annotated[float, Late("Field", gt=0, allow_inf_nan=False)] | None = None


@wire
class Position:
    """A place in a document, in the units of the client's position encoding; both count from 0."""

    line: Annotated[int, Late("Field", ge=0)]
    character: Annotated[int, Late("Field", ge=0)]


@wire
class Range:
    """From ``start`` up to and without ``end``."""

    start: Position
    end: Position


@wire
class Selection:
    """What the person has selected. ``text`` is filled by the front door, which knows the position encoding."""

    uri: str
    range: Range | None = None
    text: str | None = None


@wire
class Attachment:
    """Something that the person adds to a prompt: a file by ``uri``, or ``text`` that stands for itself."""

    uri: str | None = None
    text: str | None = None


@wire
class RunRequest:
    """What starts a run. Neither ``workflow`` nor ``agent``: the chat agent."""

    prompt: str
    workflow: str | None = None
    agent: str | None = None
    channel_id: str | None = None
    folder: str | None = None
    selection: Selection | None = None
    attachments: tuple[Attachment, ...] = ()
    budget: Budget | None = None
    model: str | None = None


@wire
class RunRow:
    """A run as the store lists it."""

    run_id: str
    channel_id: str
    request: RunRequest
    workflow: str | None
    agent: str | None
    state: RunState
    reason: str | None = None
    started_at: str
    ended_at: str | None = None
    usage: Usage = NO_USAGE


@wire
class RunStarted:
    """The acknowledgement of ``agent/run/start``."""

    run_id: str
    channel_id: str


@wire
class RunSummary:
    """A row of ``agent/run/list``. Of a prompt that has more, the first 10,000 characters and "…"; the channel's history has all of it."""

    run_id: str
    channel_id: str
    prompt: str
    workflow: str | None
    agent: str | None
    state: RunState
    started_at: str
    ended_at: str | None
    usage: Usage
    folder: str | None = None


@wire
class RunPage:
    """The answer of ``agent/run/list``, newest first."""

    runs: tuple[RunSummary, ...]
    more: bool


@wire
class StepView:
    """A step of ``agent/run/get``."""

    step_id: str
    agent: str
    state: StepState
    model: str | None
    attempt: int


@wire
class RunFailure:
    """Why a run did not succeed."""

    code: str
    text: str


@wire
class RunLimits:
    """What a run may use in all; None: without limit."""

    usd: Money | None
    tokens: int | None
    wall_s: float | None


@wire
class RunView:
    """The answer of ``agent/run/get``. ``budget`` is what the run may use: of what it was given and what the settings say now, the less."""

    run_id: str
    channel_id: str
    prompt: str
    state: RunState
    reason: str | None = None
    workflow: str | None
    agent: str | None
    steps: tuple[StepView, ...]
    plan: Mapping[str, Json] | None = None
    changes: tuple[FileChange, ...]
    usage: Usage
    budget: RunLimits | None = None
    error: RunFailure | None = None


@wire
class RunEvents:
    """The answer of ``agent/run/events``; ``last`` is the run's highest ``seq``."""

    events: tuple[AgentEvent, ...]
    last: int


@wire
class RunStateView:
    """The answer of interrupt, cancel and resume."""

    run_id: str
    state: RunState


UndoScope = Literal["run", "step", "file", "hunk"]
