"""Who and what is available here, as front doors list it: agents and their models, workflows, tools, commands of a chat.

``app.core`` gives it the settings as they are now; the agents stand in ``agents.templates``, the tools in ``tools.registry``.
"""

from __future__ import annotations

from collections.abc import Callable

from coterie.agents.assembly import Assembly
from coterie.agents.choosing import Chain, chain_of, discovering
from coterie.agents.templates import TEMPLATES, AgentTemplate
from coterie.agents.workflow import WORKFLOWS, Workflow, find
from coterie.base.errors import CoterieError
from coterie.config.schema import AgentSettings, Settings
from coterie.domain.chat_commands import COMMANDS
from coterie.domain.model_ports import Providers
from coterie.domain.roster import AgentView, CommandView, TemplateView, ToolView, WorkflowLoopView, WorkflowStepView, WorkflowView


class RosterService:
    """Implements `coterie.features.protocol_faces.Roster`."""

    def __init__(self, base: Assembly, providers: Providers, settings: Callable[[], Settings]) -> None:
        self._base = base
        self._providers = providers
        self._settings = settings

    async def agents(self) -> tuple[AgentView, ...]:
        """Return the agents, each with the models that a run would ask now."""
        return tuple([await self._agent(template) for template in TEMPLATES.values()])

    def templates(self) -> tuple[TemplateView, ...]:
        """Return the agents as they are brought."""
        return tuple(
            TemplateView(id=each.agent_id, doc=each.doc, origin="built_in", tools=_tools(each), artifact=each.artifact)
            for each in TEMPLATES.values()
        )

    def workflows(self) -> tuple[WorkflowView, ...]:
        """Return the workflows."""
        return tuple(_workflow(find(name, None)) for name in WORKFLOWS)

    def tools(self) -> tuple[ToolView, ...]:
        """Return the tools that agents have, and which of them the rules keep from all of them."""
        from coterie.tools.registry import toolbox  # noqa: PLC0415 - all tools: a start would load them for nothing

        around = self._base.around
        box = toolbox(around.place(None), around.policy(around.loaded().rules), artifact={})
        return tuple(
            ToolView(
                id=name,
                doc=tool.spec.description,
                origin="built_in",
                reads_only=tool.reads_only,
                effects=tuple(sorted(tool.kinds)),
                agents=tuple(each.agent_id for each in TEMPLATES.values() if name in _tools(each)),
                denied=box.hidden.get(name),
            )
            for name, tool in box.tools.items()
        )

    def commands(self) -> tuple[CommandView, ...]:
        """Return what can be posted to a chat."""
        split = ((*shown.partition(" "), doc) for shown, doc in COMMANDS.items())
        return tuple(CommandView(name=name, doc=doc, arguments=arguments, origin="built_in") for name, _, arguments, doc in split)

    async def _agent(self, template: AgentTemplate) -> AgentView:
        settings = self._settings()
        own = settings.agents.get(template.agent_id) or AgentSettings()
        chain: Chain | None = None
        why: tuple[CoterieError, ...] = ()
        try:
            chain = await discovering(self._providers, lambda: chain_of(template.agent_id, settings, self._providers))
            why = chain.left_out
        except CoterieError as failure:
            why = (failure,)
        models = () if chain is None else tuple(choice.id for choice in chain.choices)
        return AgentView(
            id=template.agent_id,
            doc=template.doc,
            origin="built_in",
            model=models[0] if models else None,
            fallbacks=models[1:],
            chosen_by="agent" if own.model is not None else "default" if settings.model is not None else "host",
            external=own.external,
            error=" ".join(each.message for each in why) or None,
        )


def _tools(template: AgentTemplate) -> tuple[str, ...]:
    return template.tools if template.artifact is None else (*template.tools, "submit")


def _workflow(workflow: Workflow) -> WorkflowView:
    return WorkflowView(
        id=workflow.name,
        doc=workflow.doc,
        origin="built_in",
        steps=tuple(
            WorkflowStepView(step_id=step.step_id, agent=step.agent, needs=step.needs, makes=step.makes, gate=step.gate, writes=step.writes)
            for step in workflow.steps
        ),
        loops=tuple(WorkflowLoopView(when=loop.when, to=loop.to, limit=loop.limit) for loop in workflow.loops),
    )
