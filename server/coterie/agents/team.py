"""Walks a workflow: its steps in stages, the gates, the baseline of the tests, the ways back, and what is said at the end.

`agents.coordinator` makes one `Team` for each live run, also for a run of a single agent. What is done already is read from the journal,
so a resumed run goes on at its last finished step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from coterie.agents import handover
from coterie.agents.approvals import PlanRejectedError
from coterie.agents.artifacts import schema_of, validated
from coterie.agents.baseline import Baseline
from coterie.agents.beginning import Beginning
from coterie.agents.calls import Calls, Limits
from coterie.agents.choosing import Chain
from coterie.agents.crew import Crew
from coterie.agents.external import ExternalAgent, Hire, Post
from coterie.agents.handover import Attempt
from coterie.agents.live_run import LiveRun
from coterie.agents.loop import AgentLoop, Ended, Opening
from coterie.agents.model_call import Asker
from coterie.agents.report import report
from coterie.agents.templates import TEMPLATES
from coterie.agents.workflow import LoopSpec, StepSpec, Workflow
from coterie.base.errors import RunError
from coterie.base.ids import new_id
from coterie.base.tasks import side_by_side
from coterie.context.admitting import alone
from coterie.domain.events import ArtifactEvent, Event, MessageEvent, PlanEvent, StepEvent, WarningEvent
from coterie.domain.wire import Json
from coterie.tools.registry import toolbox


class Team:
    """Walks one run's workflow to its end."""

    def __init__(self, run: LiveRun, workflow: Workflow, crew: Crew) -> None:
        self._run = run
        self._workflow = workflow
        self._crew = crew
        self._baseline = Baseline(run, crew.place, crew.approvals, crew.effects, crew.meter)

    async def walk(self) -> None:
        """Run what is not done yet. Raises `RunError` and `ApprovalRequiredError`."""
        while True:
            for stage in self._workflow.stages():
                waiting = [spec for spec in stage if not self._is_done(spec)]
                if any(spec.baseline for spec in waiting):
                    await self._baseline.take()
                await side_by_side(*(self._step(spec) for spec in waiting))
                for spec in stage:
                    await self._gate(spec)
                if (loop := self._way_back(stage)) is not None:
                    break
            else:
                break
            self._check_progress(loop)
            await self._go_back(loop)
        if self._workflow.name == "team":
            text = report(self._run.history)
            await self._run.event(MessageEvent(message_id=new_id("message"), role="assistant", text=text, agent="team"))

    def _is_stale(self, spec: StepSpec) -> bool:
        """Say whether a way back was taken since the step's latest attempt began, which makes what it handed on void."""
        began = self._run.history.began
        ways_back = [loop.to for loop in self._workflow.loops if spec.step_id in self._workflow.after(loop.to) - {loop.to}]
        return any(began.get(target, 0) > began.get(spec.step_id, 0) for target in ways_back)

    def _attempt(self, spec: StepSpec) -> int:
        """Return which attempt of a step counts now."""
        latest = self._run.history.steps.get(spec.step_id)
        if latest is None:
            return 1
        return latest.attempt + 1 if self._is_stale(spec) else latest.attempt

    def _is_done(self, spec: StepSpec) -> bool:
        latest = self._run.history.steps.get(spec.step_id)
        return latest is not None and latest.state in {"succeeded", "skipped"} and not self._is_stale(spec)

    async def _step(self, spec: StepSpec) -> None:
        attempt = self._attempt(spec)
        chain = self._crew.choose(spec.agent)
        step = StepEvent(step_id=spec.step_id, agent=spec.agent, state="running", model=chain.first.label, attempt=attempt)
        try:
            ended = await self._loop(spec, step, chain)
            artifact = await self._artifact(spec, ended, Attempt(spec.step_id, attempt))
        except RunError:
            await self._run.event(replace(self._latest(step), state="failed"))
            raise
        told: list[Event] = []
        if artifact is not None and spec.makes is not None:
            told.append(ArtifactEvent(step_id=spec.step_id, type=spec.makes, value=artifact))
            if spec.makes == "plan":
                told.append(PlanEvent(plan=artifact))
        await self._run.event(*told, replace(self._latest(step), state="succeeded"))

    def _latest(self, step: StepEvent) -> StepEvent:
        """Return a step as it was told last: another model may have taken over."""
        latest = self._run.history.steps.get(step.step_id)
        return latest if latest is not None and latest.attempt == step.attempt else step

    async def _loop(self, spec: StepSpec, step: StepEvent, chain: Chain) -> Ended:
        template = TEMPLATES[spec.agent]
        meters = self._crew.meters_of(spec.agent)
        asker = Asker(step_id=spec.step_id, attempt=step.attempt, agent=spec.agent, chain=chain, meters=meters)
        begun = self._run.history.conversations.get((spec.step_id, step.attempt))
        tools = toolbox(
            self._crew.place,
            self._crew.approvals.policy,
            names=template.tools,
            artifact=schema_of(spec.makes) if spec.makes is not None else None,
            heard=(*self._crew.prior, *(begun.messages if begun is not None else ())),
        )
        hire = self._crew.hire(spec.agent)
        beginning = Beginning(self._run, self._crew, spec, step, chain.first)
        opening = await beginning.opening(tools.specs, is_external=hire is not None)
        calls = Calls(
            self._run,
            self._crew.workspace,
            step_id=spec.step_id,
            attempt=step.attempt,
            toolbox=tools,
            approvals=self._crew.approvals,
            effects=self._crew.effects,
            limits=Limits(writes=spec.writes, meter=self._crew.meter),
            accept=lambda value: self._accept(spec, value, Attempt(spec.step_id, step.attempt)),
        )
        if hire is not None:
            return await self._external(spec, step, hire, opening)
        return await AgentLoop(self._run, self._crew.models, asker, calls, opening, summariser=self._crew.summariser).converse()

    async def _external(self, spec: StepSpec, step: StepEvent, hire: Hire, opening: Opening) -> Ended:
        """Have somebody else's agent do a step."""
        post = Post(
            step_id=spec.step_id,
            attempt=step.attempt,
            agent=spec.agent,
            writes=spec.writes,
            workspace=self._crew.workspace,
            folder=self._crew.place.folder,
            approvals=self._crew.approvals,
            effects=self._crew.effects,
            meters=self._crew.meters_of(spec.agent),
        )
        limit = self._crew.models.learned.usual_limit(hire.choice)
        first = await asyncio.to_thread(alone, opening.first, limit)
        return await ExternalAgent(self._run, hire, post, replace(opening, first=first)).converse()

    def _accept(self, spec: StepSpec, value: Mapping[str, Json], attempt: Attempt) -> Mapping[str, Json]:
        if spec.makes is None:
            raise RunError(f"The {spec.agent} has nothing to submit.", code="malformed_answers")
        return handover.accept(spec.makes, value, self._run.history, attempt)

    async def _artifact(self, spec: StepSpec, ended: Ended, attempt: Attempt) -> Mapping[str, Json] | None:
        if spec.makes is None:
            return None
        artifact = ended.artifact
        if artifact is None:
            if len(self._workflow.steps) == 1:
                return None
            artifact = handover.salvage(spec.makes, ended.text, self._run.history, attempt)
        return await handover.complete(spec.makes, artifact, self._run, attempt)

    async def _gate(self, spec: StepSpec) -> None:
        if not spec.gate:
            return
        kind = await self._crew.approvals.gate(
            spec.step_id,
            f"Approve the {spec.step_id}?",
            check=lambda plan: validated("plan", plan),
            edited=lambda plan: (ArtifactEvent(step_id=spec.step_id, type="plan", value=plan), PlanEvent(plan=plan)),
        )
        if kind == "reject":
            raise PlanRejectedError("The plan was rejected.")

    def _way_back(self, stage: tuple[StepSpec, ...]) -> LoopSpec | None:
        made = {spec.makes for spec in stage}
        for loop in self._workflow.loops:
            if any(condition.partition(".")[0] in made and self._holds(condition) for condition in loop.when):
                return loop
        return None

    def _holds(self, condition: str) -> bool:
        kind, _, what = condition.partition(".")
        artifact = self._run.history.latest(kind) or {}
        if what == "blocking":
            return any(finding["severity"] == "blocking" for finding in artifact.get("findings", ()))
        return bool(artifact.get(what))

    def _check_progress(self, loop: LoopSpec) -> None:
        """Raise `RunError` ``no_progress`` when the way back was taken too often, or when the last round changed nothing."""
        history = self._run.history
        if history.steps[loop.to].attempt > loop.limit:
            wrong = _what_is_wrong(history.latest)
            raise RunError(f"After {loop.limit} more attempts of the {loop.to} step there is still {wrong}.", code="no_progress")
        made = [[artifact.value for artifact in history.artifacts if artifact.type == kind] for kind in ("patch", "findings", "testrun")]
        if all(len(values) > 1 and _essence(values[-1]) == _essence(values[-2]) for values in made):
            raise RunError(f"The last attempt changed nothing: there is still {_what_is_wrong(history.latest)}.", code="no_progress")

    async def _go_back(self, loop: LoopSpec) -> None:
        step = self._run.history.steps[loop.to]
        text = f"Back to the {loop.to} step for {_what_is_wrong(self._run.history.latest)}."
        await self._run.event(WarningEvent(code="loop", text=text), replace(step, state="running", attempt=step.attempt + 1))


def _what_is_wrong(latest: Callable[[str], Mapping[str, Json] | None]) -> str:
    findings = (latest("findings") or {}).get("findings", ())
    blocking = sum(finding["severity"] == "blocking" for finding in findings)
    run = latest("testrun") or {}
    wrong = [_counted(blocking, "blocking finding")] if blocking else []
    if run.get("failed"):
        wrong.append(_counted(len(run["failures"]), "failing test") if run["failures"] else "failing tests")
    return " and ".join(wrong)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _essence(artifact: Mapping[str, Json]) -> Json:
    """Return what must change between two rounds if there is progress."""
    if "verdict" in artifact:
        return sorted(finding["id"] for finding in artifact["findings"] if finding["severity"] == "blocking")
    return artifact.get("hash") or sorted(artifact.get("failures", ()))
