"""What a run asks: how it is worded, and what the clock of the run does while a person thinks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent_stage import Listener
from coterie.agents.approvals import ApprovalRequiredError, RunApprovals
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.pending import Approvals
from coterie.agents.wanted import Verdict, Wanted
from coterie.domain.events import ApprovalEvent, Event, PlanEvent
from coterie.domain.permissions import Effect
from coterie.domain.runs import Budget, RunRequest, RunRow
from coterie.domain.wire import Json
from coterie.storage.store import Store
from coterie.tools.rules import Policy, RuleLayer, command_effect

MAKE = Wanted(title="Make it", effects=(command_effect(["touch", "made"]),))


async def always() -> bool:
    return True


@asynccontextmanager
async def asking(
    tmp_path: Path, meter: Meter, rules: Callable[[], Policy] = Policy, *, can_answer: bool = True, **options: Any
) -> AsyncIterator[tuple[RunApprovals, Approvals, Listener]]:
    """Give what a run asks through under ``rules``, what takes the answers, and who hears the questions."""
    store, listener = Store(tmp_path), Listener(can_answer=can_answer)
    row = RunRow(
        run_id="r", channel_id="c", request=RunRequest(prompt="x"), workflow=None, agent="chat", state="queued", started_at="2026-01-01"
    )
    await store.runs.create(row)
    approvals = Approvals(listener, lambda _: None)
    mine = RunApprovals(
        LiveRun(row, store.runs, listener),
        approvals,
        rules,
        vouched=Policy(),
        meter=meter,
        unattended="deny",
        session={},
        sandboxed=always,
        **options,
    )
    yield mine, approvals, listener
    await store.aclose()


async def question(listener: Listener) -> ApprovalEvent:
    event = (await listener.until(lambda event: isinstance(event, ApprovalEvent))).event
    assert isinstance(event, ApprovalEvent)
    return event


async def test_a_run_has_all_its_time_left_when_a_person_has_answered(tmp_path: Path) -> None:
    now = [0.0]
    meter = Meter("this run", Budget(wall_s=10), clock=lambda: now[0])
    async with asking(tmp_path, meter) as (mine, approvals, listener), asyncio.TaskGroup() as group:
        verdict = group.create_task(mine.decide(MAKE))
        event = await question(listener)
        now[0] = 1_000.0
        meter.check_time()
        approvals.answer(event.approval_id, "allow_once")
    assert verdict.result() == Verdict(allowed=True)
    assert meter.left_s == 10


async def test_what_an_agent_asks_in_words_is_shown_as_it_is_meant(tmp_path: Path) -> None:
    labels = ["Use\u00a0A", "B\n  (n) No answer", "C\u202e"]
    async with asking(tmp_path, Meter("this run", Budget())) as (mine, approvals, listener), asyncio.TaskGroup() as group:
        chosen = group.create_task(mine.choose("Continuer\u202f?\n1\ufe0f\u20e3 \u200bNow", labels))
        event = await question(listener)
        approvals.answer(event.approval_id, "answer_2")
    assert event.title == "Continuer ?\n1\ufe0f\u20e3 \\u200bNow"
    assert [option.label for option in event.options] == ["Use A", "B\\n  (n) No answer", "C\\u202e", "No answer"]
    assert chosen.result() == labels[1]


def as_it_is(plan: Mapping[str, Json]) -> Mapping[str, Json]:
    return plan


def told(plan: Mapping[str, Json]) -> tuple[Event, ...]:
    return (PlanEvent(plan=plan),)


@pytest.mark.parametrize(("option", "plan"), [("approve", None), ("edit", {"goal": "other"})])
async def test_a_denial_that_comes_while_a_gate_waits_outweighs_the_answer(
    tmp_path: Path, option: str, plan: Mapping[str, Json] | None
) -> None:
    layers: list[RuleLayer] = []
    meter = Meter("this run", Budget())
    async with asking(tmp_path, meter, lambda: Policy(layers=tuple(layers))) as (mine, approvals, listener), asyncio.TaskGroup() as group:
        kind = group.create_task(mine.gate("plan", "Approve the plan?", as_it_is, told))
        event = await question(listener)
        layers.append(RuleLayer.of("user settings", deny=["gate(plan)"]))
        approvals.answer(event.approval_id, option, plan=plan)
    assert kind.result() == "reject"
    again = mine.gate("plan", "Approve the plan?", as_it_is, told)
    assert await again == "reject", "what was approved before does not open it either, when the run is resumed"
    layers.clear()
    assert await mine.gate("plan", "Approve the plan?", as_it_is, told) == "approve"


async def test_a_gate_that_a_rule_comes_to_allow_still_has_the_persons_answer(tmp_path: Path) -> None:
    layers: list[RuleLayer] = []
    meter = Meter("this run", Budget())
    async with asking(tmp_path, meter, lambda: Policy(layers=tuple(layers))) as (mine, approvals, listener), asyncio.TaskGroup() as group:
        kind = group.create_task(mine.gate("plan", "Approve the plan?", as_it_is, told))
        event = await question(listener)
        layers.append(RuleLayer.of("user settings", allow=["gate(plan)"]))
        approvals.answer(event.approval_id, "reject")
    assert kind.result() == "reject"


@pytest.mark.parametrize("command_line", [True, False])
async def test_an_option_of_the_command_line_is_named_there_only(tmp_path: Path, *, command_line: bool) -> None:
    edit = Wanted(title="Edit it", effects=(Effect(kind="write", target="a.py", rule="write(a.py)"),), is_edit=True)
    rules = Policy(layers=(RuleLayer.of("user settings", allow=["write(**)"]),))
    options = {"can_answer": False, "command_line": command_line, "reviewed": lambda: True}
    async with asking(tmp_path, Meter("this run", Budget()), lambda: rules, **options) as (mine, _, _):
        with pytest.raises(ApprovalRequiredError) as unseen:
            await mine.decide(edit)
        with pytest.raises(ApprovalRequiredError) as waiting:
            await mine.gate("plan", "Approve the plan?", as_it_is, told)
    assert ("--yes-to 'write(**)'" in unseen.value.message, "--yes-to" in unseen.value.message) == (command_line, command_line)
    assert ("--yes-to 'gate(plan)'" in waiting.value.message, "--yes-to" in waiting.value.message) == (command_line, command_line)
    assert "gate(plan)" in waiting.value.message
