"""What the clock of a run does while a person thinks."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent_stage import Listener
from coterie.agents.approvals import RunApprovals, Verdict
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.pending import Approvals
from coterie.domain.events import ApprovalEvent
from coterie.domain.runs import Budget, RunRequest, RunRow
from coterie.storage.store import Store
from coterie.tools.rules import Policy, command_effect


async def always() -> bool:
    return True


async def test_a_run_has_all_its_time_left_when_a_person_has_answered(tmp_path: Path) -> None:
    now = [0.0]
    meter = Meter("this run", Budget(wall_s=10), clock=lambda: now[0])
    store, listener = Store(tmp_path), Listener()
    row = RunRow(
        run_id="r", channel_id="c", request=RunRequest(prompt="x"), workflow=None, agent="chat", state="queued", started_at="2026-01-01"
    )
    await store.runs.create(row)
    approvals = Approvals(listener, lambda _: None)
    mine = RunApprovals(
        LiveRun(row, store.runs, listener),
        approvals,
        Policy,
        vouched=Policy(),
        meter=meter,
        unattended="deny",
        session={},
        sandboxed=always,
    )

    async with asyncio.TaskGroup() as group:
        verdict = group.create_task(mine.decide("Make it", [command_effect(["touch", "made"])]))
        event = (await listener.until(lambda event: isinstance(event, ApprovalEvent))).event
        assert isinstance(event, ApprovalEvent)
        now[0] = 1_000.0
        meter.check_time()
        approvals.answer(event.approval_id, "allow_once")
    assert verdict.result() == Verdict(allowed=True)
    assert meter.left_s == 10
    await store.aclose()
