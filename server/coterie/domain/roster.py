"""What is available here: agents, workflows, tools, and what can be posted to a chat; each with where it came from.

``features.roster`` tells it, clients offer it in pickers and completions.
"""

from __future__ import annotations

from typing import Literal

from coterie.domain.permissions import EffectKind
from coterie.domain.wire import wire

Origin = Literal["built_in"]
"""Who brought it. Only what comes with the server, in this version."""


@wire
class TemplateView:
    """An agent as it is brought. ``tools`` are what its model is shown; ``artifact`` is what it hands on at the end of a step."""

    id: str
    doc: str
    origin: Origin
    tools: tuple[str, ...]
    artifact: str | None = None


@wire
class AgentView:
    """An agent as a run would have it now.

    ``model`` is asked first, the ``fallbacks`` when it fails; ``chosen_by`` says whether the settings name it for this ``agent``, for
    everybody (``default``), or nobody does and the first host's is taken (``host``). ``error`` is why there is none, or why some of the
    chain cannot be called.
    """

    id: str
    doc: str
    origin: Origin
    model: str | None
    fallbacks: tuple[str, ...]
    chosen_by: Literal["agent", "default", "host"]
    external: bool = False
    error: str | None = None


@wire
class WorkflowStepView:
    """A step: ``needs`` and ``makes`` are types of artifacts, ``gate`` says that a person decides about what it made."""

    step_id: str
    agent: str
    needs: tuple[str, ...]
    makes: str | None
    gate: bool
    writes: tuple[str, ...]


@wire
class WorkflowLoopView:
    """A way back to the step ``to`` when one of the conditions holds, at most ``limit`` times."""

    when: tuple[str, ...]
    to: str
    limit: int


@wire
class WorkflowView:
    """A workflow, with its steps in the order of their declaration."""

    id: str
    doc: str
    origin: Origin
    steps: tuple[WorkflowStepView, ...]
    loops: tuple[WorkflowLoopView, ...]


@wire
class ToolView:
    """A tool. ``effects`` are the kinds that each call has; ``denied`` is why no agent is shown it here, None where they are."""

    id: str
    doc: str
    origin: Origin
    reads_only: bool
    effects: tuple[EffectKind, ...]
    agents: tuple[str, ...]
    denied: str | None = None


@wire
class CommandView:
    """Something that can be posted to a chat: ``name`` with its slash, ``arguments`` as shown behind it, empty where it takes none."""

    name: str
    doc: str
    arguments: str
    origin: Origin
