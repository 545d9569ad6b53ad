"""What is available here: agents, templates, workflows, tools, commands of a chat."""

from __future__ import annotations

from coterie.lsp import protocol
from coterie.lsp.payloads.roster import AgentListResult, CommandListResult, TemplateListResult, ToolListResult, WorkflowListResult
from coterie.lsp.protocol import NoParams
from coterie.lsp.session import Handlers, Session


async def list_agents(session: Session, _params: NoParams) -> AgentListResult:
    """``agent/agent/list``."""
    return AgentListResult(agents=await session.application.roster.agents())


async def list_templates(session: Session, _params: NoParams) -> TemplateListResult:
    """``agent/template/list``."""
    return TemplateListResult(templates=session.application.roster.templates())


async def list_workflows(session: Session, _params: NoParams) -> WorkflowListResult:
    """``agent/workflow/list``."""
    return WorkflowListResult(workflows=session.application.roster.workflows())


async def list_tools(session: Session, _params: NoParams) -> ToolListResult:
    """``agent/tool/list``."""
    return ToolListResult(tools=session.application.roster.tools())


async def list_commands(session: Session, _params: NoParams) -> CommandListResult:
    """``agent/command/list``."""
    return CommandListResult(commands=session.application.roster.commands())


HANDLERS: Handlers = {
    protocol.AGENT_LIST: list_agents,
    protocol.TEMPLATE_LIST: list_templates,
    protocol.WORKFLOW_LIST: list_workflows,
    protocol.TOOL_LIST: list_tools,
    protocol.COMMAND_LIST: list_commands,
}
