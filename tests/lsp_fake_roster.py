"""What is available in `lsp_fake_core`: one of each kind."""

from __future__ import annotations

from coterie.domain.roster import AgentView, CommandView, TemplateView, ToolView, WorkflowLoopView, WorkflowStepView, WorkflowView


class FakeRoster:
    """``agent/*/list`` of what is available."""

    async def agents(self) -> tuple[AgentView, ...]:
        """Return one."""
        one = AgentView(
            id="chat", doc="answers", origin="built_in", model="work/m", fallbacks=("box/m",), chosen_by="default", error="gone/m is down."
        )
        return (one,)

    def templates(self) -> tuple[TemplateView, ...]:
        """Return one."""
        return (TemplateView(id="planner", doc="plans", origin="built_in", tools=("read_file", "submit"), artifact="plan"),)

    def workflows(self) -> tuple[WorkflowView, ...]:
        """Return one."""
        step = WorkflowStepView(step_id="plan", agent="planner", needs=(), makes="plan", gate=True, writes=("docs/**",))
        loop = WorkflowLoopView(when=("testrun.failed",), to="plan", limit=3)
        return (WorkflowView(id="team", doc="plans first", origin="built_in", steps=(step,), loops=(loop,)),)

    def tools(self) -> tuple[ToolView, ...]:
        """Return one that is denied."""
        one = ToolView(
            id="read_file",
            doc="Read.",
            origin="built_in",
            reads_only=True,
            effects=("read",),
            agents=("chat",),
            denied="read(**) is denied by user settings",
        )
        return (one,)

    def commands(self) -> tuple[CommandView, ...]:
        """Return one."""
        return (CommandView(name="/compact", doc="shorter", arguments="WORDS", origin="built_in"),)
