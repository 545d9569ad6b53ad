"""Runs the project's tests once before the first change, so that what failed before is not held against the patch."""

from __future__ import annotations

from coterie.agents.approvals import RunApprovals
from coterie.agents.edit_records import Where
from coterie.agents.effects import Effects
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.wanted import Wanted
from coterie.base.errors import ModelMistakeError
from coterie.base.ids import new_id
from coterie.domain.events import ToolCallEvent, ToolCallState, WarningEvent
from coterie.domain.proposals import CommandProposal
from coterie.tools.run_tests import RunTests
from coterie.tools.tool import Place


class Baseline:
    """The tests as they were. It is told like a tool call, without a step."""

    def __init__(self, run: LiveRun, place: Place, approvals: RunApprovals, effects: Effects, meter: Meter) -> None:
        self._run = run
        self._tests = RunTests(place)
        self._approvals = approvals
        self._effects = effects
        self._meter = meter

    async def take(self) -> None:
        """Run the tests unless the journal has their result; where they cannot run, say so and go on."""
        if any(tests.step_id is None for tests in self._run.history.tests):
            return
        call_id = new_id("baseline")
        try:
            effects = await self._tests.effects({})
            await self._tell(call_id, "pending")
            verdict = await self._approvals.decide(Wanted(title="Run the tests before the first change", effects=effects))
            if not verdict.allowed:
                await self._tell(call_id, "denied", verdict.reason)
                await self._warn("The tests were not allowed to run before the first change: every failure will count as new.")
                return
            await self._tell(call_id, "running")
            proposal = await self._tests.propose({})
            if isinstance(proposal, CommandProposal):
                output, passed = await self._effects.command(Where(None, 0, call_id), proposal, self._meter.left_s)
                await self._tell(call_id, "succeeded" if passed else "failed", output)
        except ModelMistakeError as mistake:
            if call_id in self._run.history.calls:
                await self._tell(call_id, "failed", mistake.message)
            await self._warn(f"The tests could not run before the first change. {mistake.message}")

    async def _tell(self, call_id: str, state: ToolCallState, output: str | None = None) -> None:
        await self._run.event(ToolCallEvent(call_id=call_id, tool="run_tests", arguments={}, state=state, output=output))

    async def _warn(self, text: str) -> None:
        await self._run.event(WarningEvent(code="no_baseline", text=text))
