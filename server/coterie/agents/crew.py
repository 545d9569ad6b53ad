"""What the steps of one run work with: `agents.assembly` puts it together when the run begins, for `agents.team` and `agents.beginning`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coterie.agents.approvals import RunApprovals
from coterie.agents.before import BEGINNING, Begun
from coterie.agents.choosing import Chain
from coterie.agents.conversation import Decided, undecided
from coterie.agents.effects import Effects
from coterie.agents.external import Hire
from coterie.agents.meter import Meter
from coterie.agents.model_call import ModelCalls
from coterie.agents.summarising import Summariser
from coterie.config.schema import ContextSettings
from coterie.context.memory import Memory
from coterie.context.rules import Rules
from coterie.context.thread import NOTHING, Before
from coterie.domain.messages import Message
from coterie.domain.workspace_ports import Workspace
from coterie.tools.tool import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Everything that the steps of one run work with.

    ``choose`` gives the models of an agent, ``meters_of`` all meters that its calls count for, ``meter`` the run's own among them; ``hire``
    gives the external agent that stands in for one of ours. ``before`` is the conversation that the run goes on with, ``begun`` the system
    texts and the tools of its earlier runs; ``marks`` tells what people have decided about its pieces.
    """

    workspace: Workspace
    place: Place
    rules: Rules
    memory: Memory
    models: ModelCalls
    approvals: RunApprovals
    effects: Effects
    meter: Meter
    choose: Callable[[str], Chain]
    meters_of: Callable[[str], tuple[Meter, ...]]
    hire: Callable[[str], Hire | None]
    context: ContextSettings
    summariser: Summariser
    before: Before = NOTHING
    marks: Decided = undecided
    begun: Begun = BEGINNING

    @property
    def prior(self) -> tuple[Message, ...]:
        """What a model would be sent of the conversation before."""
        return self.before.messages
