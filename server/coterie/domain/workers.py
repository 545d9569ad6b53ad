"""Whole agents of somebody else's, with loops and tools of their own: what they are asked to do, and what they tell while they do it.

``agents.external`` hires them, ``providers`` implement `Worker`. What a worker says streams in the vocabulary of `messages`, with the words
here besides.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from coterie.domain.messages import Message, TextDelta, ThoughtDelta, ToolCallArguments, ToolCallEnded, ToolCallStarted
from coterie.domain.usage import Usage
from coterie.domain.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work for a worker in ``folder`` (absolute), which is its own.

    ``prior`` was said before, in other sessions; ``instructions`` stand beside its own ones. ``session`` is an earlier session in that
    folder to go on with. ``max_usd`` is what it may cost; ``flags`` are options of the worker's program that the person wants.
    """

    prompt: str
    folder: str
    prior: tuple[Message, ...] = ()
    instructions: str = ""
    session: str | None = None
    max_usd: Decimal | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionBegan:
    """The worker can be resumed under this name from now on."""

    session: str


@dataclass(frozen=True, slots=True)
class MessageEnded:
    """What was said since the last of these is one message."""


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A call of the worker's own tools has ended."""

    call_id: str
    output: str
    failed: bool


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The worker has done what it was told; ``usage`` is what that took."""

    usage: Usage


WorkEvent: TypeAlias = (
    TextDelta | ThoughtDelta | ToolCallStarted | ToolCallArguments | ToolCallEnded | SessionBegan | MessageEnded | ToolReturned | TurnEnded
)

Judge: TypeAlias = Callable[[str, str, Mapping[str, Json]], Awaitable[str | None]]
"""Asked before each call of the worker's tools: its id, the tool, the arguments. Returns None to allow it, or why not."""

Heard: TypeAlias = Callable[[], Awaitable[Sequence[str]]]
"""Asked at the end of each turn: what the person said meanwhile; nothing ends the work."""


class Worker(Protocol):
    """A whole agent (implemented by ``providers.claude_code.worker``)."""

    def work(self, job: Job, judge: Judge, heard: Heard) -> AsyncGenerator[WorkEvent, None]:
        """Do a job. Closing interrupts it. Raises `ProviderError`, `BudgetExhaustedError`; ends behind a `TurnEnded`."""
        ...
