"""A conversation of a run as it stands in the journal: what was said in it, what was taken out of it, and where its current task begins.

`agents.loop` and `agents.mustering` make one; `agents.measuring` measures it, and `agents.compacting` keeps it inside its model's window.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from coterie.agents.live_run import LiveRun
from coterie.context.thread import NOTHING, Before, Placed
from coterie.domain.inspection import NO_MARKS, Marks
from coterie.domain.messages import Message, ModelRequest
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import CompactionRecord

Build = Callable[[tuple[Message, ...], ModelChoice], ModelRequest]
"""Makes the request of a conversation's messages."""
Decided = Callable[[], Awaitable[Marks]]
"""Tells what people have decided about the pieces of a conversation."""


async def undecided() -> Marks:
    """Tell that nothing is decided."""
    return NO_MARKS


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConversation:
    """A conversation of a run: what the channel said ``before`` it, and what the run's journal says of this attempt of a step.

    ``marks`` tells what people have decided about its pieces by now.
    """

    run: LiveRun
    step_id: str
    attempt: int
    before: Before = NOTHING
    build: Build
    marks: Decided = undecided

    @property
    def said(self) -> tuple[Placed, ...]:
        """All that was said, whatever is still sent of it."""
        own = self.run.history.conversations.get((self.step_id, self.attempt))
        return (*self.before.said, *(own.placed(self.run.run_id) if own is not None else ()))

    @property
    def compactions(self) -> tuple[CompactionRecord, ...]:
        """Its compactions, the earlier ones first."""
        mine = [each for each in self.run.history.compactions if (each.step_id, each.attempt) == (self.step_id, self.attempt)]
        return (*self.before.compactions, *mine)

    @property
    def task(self) -> tuple[str, int] | None:
        """Run and number of the message that the current task began with; None before there is one."""
        own = self.run.history.conversations.get((self.step_id, self.attempt))
        return (self.run.run_id, own.numbers[0]) if own is not None and own.numbers else None
