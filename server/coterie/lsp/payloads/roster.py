"""``agent/agent/list``, ``agent/template/list``, ``agent/workflow/list``, ``agent/tool/list``, ``agent/command/list``: results."""

from __future__ import annotations

from coterie.domain.roster import AgentView, CommandView, TemplateView, ToolView, WorkflowView
from coterie.domain.wire import wire


@wire
class AgentListResult:
    """Agents, the one that serves who names none first."""

    agents: tuple[AgentView, ...]


@wire
class TemplateListResult:
    """Agents as they are brought."""

    templates: tuple[TemplateView, ...]


@wire
class WorkflowListResult:
    """Workflows."""

    workflows: tuple[WorkflowView, ...]


@wire
class ToolListResult:
    """Tools, in the order in which models are shown them."""

    tools: tuple[ToolView, ...]


@wire
class CommandListResult:
    """What can be posted to a chat."""

    commands: tuple[CommandView, ...]
