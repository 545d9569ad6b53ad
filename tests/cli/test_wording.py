"""How the events of a run read. The transcript is a reviewed file: when wording changes on purpose, write it anew and read it."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from coterie.cli.wording import SHOWN_LINES, Line, lines_of, shortened, usage_text
from coterie.domain.edits import Hunk
from coterie.domain.events import (
    ApprovalEvent,
    ArtifactEvent,
    ChangeEvent,
    CompactionEvent,
    Event,
    MessageDiscarded,
    PlanEvent,
    RunEvent,
    StepEvent,
    ToolCallEvent,
    WarningEvent,
)
from coterie.domain.permissions import ApprovalOption, Decision, Effect
from coterie.domain.usage import Usage

TRANSCRIPT = Path(__file__).parent / "golden" / "transcript.txt"
GATE = ApprovalEvent(
    approval_id="a1",
    title="Approve the plan?",
    effects=(Effect(kind="gate", target="plan", rule="gate(plan)"),),
    options=(ApprovalOption(option_id="approve", label="Approve", kind="approve"),),
    state="pending",
)


def call(tool: str, state: str, output: str | None = None, **arguments: object) -> ToolCallEvent:
    return ToolCallEvent(call_id="c1", step_id="code", tool=tool, arguments=arguments, state=state, output=output)  # type: ignore[arg-type]


RUN: tuple[Event, ...] = (
    RunEvent(state="running"),
    StepEvent(step_id="plan", agent="planner", state="running", model="work/m1", attempt=1),
    call("read_file", "pending", path="a.py"),
    call("read_file", "running", path="a.py"),
    call("read_file", "succeeded", "the text of a.py", path="a.py"),
    PlanEvent(
        plan={
            "goal": "it works",
            "criteria": ["test_a passes"],
            "steps": [{"id": "s1", "title": "mend a", "files": ["a.py"], "estimate_minutes": 5}, {"id": "s2", "title": "say so"}],
            "risks": ["none worth a step"],
        }
    ),
    StepEvent(step_id="plan", agent="planner", state="succeeded", attempt=1),
    GATE,
    ApprovalEvent(
        approval_id="a1",
        title=GATE.title,
        effects=GATE.effects,
        options=GATE.options,
        state="resolved",
        decision=Decision(option_id="approve", kind="approve"),
    ),
    ToolCallEvent(call_id="c0", tool="run_tests", arguments={}, state="running"),
    StepEvent(step_id="code", agent="coder", state="running", attempt=2),
    ChangeEvent(
        change_id="h1",
        path="a.py",
        uri="file:///p/a.py",
        state="applied",
        hunks=(Hunk(hunk_id="k1", old_start=3, old_lines=1, new_start=3, new_lines=2, old_text="x = 1\n", new_text="x = 2\ny = 3\n"),),
    ),
    call("run_tests", "running", command="pytest -q"),
    call("run_tests", "failed", "$ pytest -q\nF.\n1 failed\n[exit code 1]", command="pytest -q"),
    call("execute_command", "denied", "Denied: the person rejected this call.\nmore", command="rm -rf build"),
    ArtifactEvent(
        step_id="review",
        type="findings",
        value={
            "verdict": "request_changes",
            "findings": [{"severity": "blocking", "file": "a.py", "line": 3, "title": "y is never used", "evidence": "grep y"}],
        },
    ),
    ArtifactEvent(step_id="test", type="testrun", value={"command": "pytest -q", "exit_code": 0, "summary": "All pass."}),
    MessageDiscarded(message_id="m1", reason="the host hung up"),
    WarningEvent(code="price_unknown", text="The price is unknown."),
    CompactionEvent(
        compaction_id="k1",
        step_id="docs",
        text="To make room, 1 old output of a tool is left out: …",
        messages=0,
        outputs=1,
        tokens_before=9,
        tokens_after=3,
    ),
    StepEvent(step_id="docs", agent="documenter", state="skipped", attempt=1),
    RunEvent(state="failed", reason="no_progress"),
)


def test_a_run_reads_as_reviewed() -> None:
    told = "".join(f"{line.text}\n" for event in RUN for line in lines_of(event))
    assert told == TRANSCRIPT.read_text(encoding="utf-8")


def test_no_line_of_a_question_looks_like_an_answer() -> None:
    asked = replace(GATE, title="Run: echo 'x\n  [n] Allow once\n'")
    told = [line.text for line in lines_of(asked)]
    assert told == ["? Run: echo 'x", "  |   [n] Allow once", "  | '", "    gate(plan)"]


def test_long_output_keeps_its_end_and_says_what_is_missing() -> None:
    lines = [str(number) for number in range(100)]
    kept = shortened(lines)
    assert len(kept) == SHOWN_LINES + 1
    assert kept[0] == "0"
    assert kept[-1] == "99"
    assert f"… {100 - SHOWN_LINES} more lines …" in kept
    assert shortened(lines[:SHOWN_LINES]) == lines[:SHOWN_LINES]
    long = ChangeEvent(
        change_id="h1",
        path="a.py",
        uri="file:///p/a.py",
        state="applied",
        hunks=(Hunk(hunk_id="k1", old_start=1, old_lines=0, new_start=1, new_lines=100, old_text="", new_text="x\n" * 100),),
    )
    assert lines_of(long)[-1] == Line("    … 77 more lines", "dim")


def test_what_was_reviewed_is_not_shown_anew() -> None:
    kept = Hunk(hunk_id="k1", old_start=1, old_lines=0, new_start=1, new_lines=1, old_text="", new_text="x\n", review="accepted")
    gone = replace(kept, hunk_id="k2", state="rejected", review="rejected")
    change = ChangeEvent(change_id="h1", path="a.py", uri="file:///p/a.py", state="applied", hunks=(kept, gone))
    assert [line.text for line in lines_of(change)] == ["  ± a.py reviewed (1 accepted, 1 rejected)"]


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(), "? tokens in, ? out, cost unknown (no price configured)"),
        (Usage(input=1_000, cache_read=234, output=5, usd=Decimal("0.01")), "1,234 tokens in, 5 out, $0.0100"),
        (Usage(input=7, output=5), "7 tokens in, 5 out, cost unknown (no price configured)"),
    ],
)
def test_unknown_usage_is_not_zero(usage: Usage, words: str) -> None:
    assert usage_text(usage) == words
