"""How a run's events read in a terminal. Pure: an event in, lines out; ``terminal`` writes them, plain or coloured.

Used by ``ask``, ``run`` and ``demo``. Streamed text is not worded here: it goes out as it comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from coterie.base.legible import visible
from coterie.domain.edits import FileChange, Hunk
from coterie.domain.events import (
    ApprovalEvent,
    ArtifactEvent,
    ChangeEvent,
    CompactionEvent,
    Event,
    MessageDelta,
    MessageDiscarded,
    MessageEvent,
    PlanEvent,
    RunEvent,
    StepEvent,
    ThoughtDelta,
    ToolCallEvent,
    UsageEvent,
    WarningEvent,
)
from coterie.domain.usage import Usage
from coterie.domain.wire import Json

Style = Literal["plain", "dim", "strong", "good", "bad", "warn", "added", "removed"]

SHOWN_LINES = 24
PROPOSED_LINES = 400
"""Of an edit that is to be decided about: who does not see it cannot."""
"""Lines of one output or difference before the middle is left out."""
SPOKEN_TOOLS = frozenset({"run_tests", "execute_command"})
"""Tools whose output is news for the person, not only for the model."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output, without its end."""

    text: str
    style: Style = "plain"


def lines_of(event: Event) -> tuple[Line, ...]:
    """Return the lines that tell ``event``; none for what is told otherwise (text) or not at all."""
    return tuple(_lines(event))


def _lines(event: Event) -> Iterator[Line]:  # noqa: C901 - one flat case for each member of a closed union
    match event:
        case RunEvent():
            yield from _run(event)
        case StepEvent():
            yield from _step(event)
        case PlanEvent():
            yield from plan_lines(event.plan)
        case ArtifactEvent():
            yield from artifact_lines(event.type, event.value)
        case ToolCallEvent():
            yield from _tool_call(event)
        case ChangeEvent():
            yield from _change(event)
        case ApprovalEvent():
            yield from _approval(event)
        case WarningEvent():
            yield Line(f"! {event.text}", "warn")
        case CompactionEvent():
            yield Line(f"· {event.text}", "dim")
        case MessageDiscarded():
            yield Line(f"! an answer was discarded: {event.reason.replace('_', ' ')}", "warn")
        case MessageEvent() | MessageDelta() | ThoughtDelta() | UsageEvent():
            pass
        case _:
            assert_never(event)


def _run(event: RunEvent) -> Iterator[Line]:
    text = event.text or (event.reason or "").replace("_", " ")
    match event.state:
        case "failed":
            yield Line(f"✗ failed: {text}", "bad")
        case "interrupted" | "cancelled":
            yield Line(f"■ {event.state}{f': {text}' if text else ''}", "warn")
        case "queued" | "running" | "waiting" | "succeeded":
            pass
        case _:
            assert_never(event.state)


def _step(event: StepEvent) -> Iterator[Line]:
    again = f", attempt {event.attempt}" if event.attempt > 1 else ""
    match event.state:
        case "running":
            yield Line(f"▸ {event.step_id} · {event.agent}{f' on {event.model}' if event.model else ''}{again}", "strong")
        case "succeeded":
            yield Line(f"✓ {event.step_id}", "good")
        case "failed":
            yield Line(f"✗ {event.step_id}", "bad")
        case "skipped":
            yield Line(f"- {event.step_id} skipped", "dim")
        case _:
            assert_never(event.state)


def plan_lines(plan: Mapping[str, Json]) -> Iterator[Line]:
    """Tell a plan."""
    yield Line(f"  goal: {plan.get('goal', '')}")
    for criterion in plan.get("criteria", ()):
        yield Line(f"  ◦ {criterion}")
    for number, step in enumerate(plan.get("steps", ()), start=1):
        minutes = f" (~{step['estimate_minutes']:g} min)" if step.get("estimate_minutes") else ""
        files = f" — {', '.join(step['files'])}" if step.get("files") else ""
        yield Line(f"  {number}. {step.get('title', '')}{files}{minutes}")
    for risk in plan.get("risks", ()):
        yield Line(f"  risk: {risk}", "warn")


def artifact_lines(kind: str, value: Mapping[str, Json]) -> Iterator[Line]:
    """Tell what a step made. The plan is told by its own event."""
    if kind == "findings":
        approved = value.get("verdict") == "approve"
        yield Line(f"  review: {'approved' if approved else 'changes requested'}", "good" if approved else "bad")
        for finding in value.get("findings", ()):
            place = finding.get("file", "") + (f":{finding['line']}" if finding.get("line") else "")
            style: Style = "bad" if finding.get("severity") == "blocking" else "plain"
            yield Line(f"  [{finding.get('severity')}] {place} {finding.get('title', '')}", style)
            yield Line(f"      {finding.get('evidence', '')}", "dim")
    elif kind == "testrun":
        yield _test_line(value)
    if kind != "plan" and value.get("summary"):
        yield Line(f"  {value['summary']}")


def _test_line(value: Mapping[str, Json]) -> Line:
    exit_code = value.get("exit_code")
    return Line(
        f"  tests: {value.get('command', '?')} → exit {'?' if exit_code is None else exit_code}", "good" if exit_code == 0 else "bad"
    )


def _tool_call(event: ToolCallEvent) -> Iterator[Line]:
    match event.state:
        case "pending":
            pass
        case "running" if event.tool == "submit":
            # What was submitted is told by its artifact.
            pass
        case "running":
            before_any_step = " (baseline, before any change)" if event.tool == "run_tests" and event.step_id is None else ""
            yield Line(f"  · {event.tool} {argument_of(event)}".rstrip() + before_any_step, "dim")
        case "succeeded":
            if event.tool in SPOKEN_TOOLS:
                yield from _output(event)
        case "failed" | "denied":
            if event.tool in SPOKEN_TOOLS:
                yield Line(f"  · {event.tool} {event.state}", "warn")
                yield from _output(event)
            else:
                first = next(iter((event.output or "").splitlines()), "")
                yield Line(f"  · {event.tool} {argument_of(event)} {event.state}: {first}", "warn")
        case _:
            assert_never(event.state)


def _output(event: ToolCallEvent) -> Iterator[Line]:
    yield from (Line(f"    │ {line}") for line in shortened((event.output or "").splitlines()))


def argument_of(event: ToolCallEvent) -> str:
    """Return the argument of a call that tells most of it."""
    for name in ("path", "command", "query", "question", "summary"):
        if isinstance(value := event.arguments.get(name), str):
            return value if len(value) <= 72 else value[:71] + "…"  # noqa: PLR2004 - the width of a line, less what stands before it
    return ""


def proposal_lines(change: FileChange) -> Iterator[Line]:
    """Tell what of a proposed change is still to be decided."""
    hunks = tuple(hunk for hunk in change.hunks if hunk.state == "proposed" and hunk.is_open)
    event = ChangeEvent(change_id=change.change_id, path=change.path, uri=change.uri, state="proposed", hunks=hunks, what=change.what)
    return _change(event)


def _change(event: ChangeEvent) -> Iterator[Line]:
    reviews = [hunk.review for hunk in event.hunks]
    if reviews.count("open") < len(reviews):  # the difference was shown before
        told = f"{reviews.count('accepted')} accepted, {reviews.count('rejected')} rejected"
        yield Line(f"  ± {event.path} reviewed ({told})", "strong")
        return
    added = sum(hunk.new_lines for hunk in event.hunks)
    removed = sum(hunk.old_lines for hunk in event.hunks)
    yield Line(f"  ± {event.path} {event.state} (+{added} -{removed})", "warn" if event.state == "rejected" else "strong")
    if event.state in {"applied", "proposed"}:
        limit = PROPOSED_LINES if event.state == "proposed" else SHOWN_LINES
        yield from shortened_lines([line for hunk in event.hunks for line in hunk_lines(hunk)], limit)


def hunk_lines(hunk: Hunk) -> Iterator[Line]:
    """Tell a difference as ``diff -u`` does, without context."""
    yield Line(f"    @@ -{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines} @@", "dim")
    yield from (Line(f"    -{visible(line)}", "removed") for line in hunk.old_text.splitlines())
    yield from (Line(f"    +{visible(line)}", "added") for line in hunk.new_text.splitlines())


def _approval(event: ApprovalEvent) -> Iterator[Line]:
    if event.state == "pending":
        first, *more = event.title.splitlines() or [""]
        yield Line(f"? {first}", "warn")
        yield from (Line(f"  | {line}", "warn") for line in more)  # never like an answer that is offered
        yield from (Line(f"    {effect.rule}", "dim") for effect in event.effects)
    elif event.decision is not None:
        how = event.decision.kind or "not answered"
        reason = f" ({event.decision.reason})" if event.decision.reason else ""
        yield Line(f"  → {how.replace('_', ' ')}{reason}", "dim")


def shortened(lines: list[str], limit: int = SHOWN_LINES) -> list[str]:
    """Return ``lines`` with the middle left out when there are more than ``limit``; the end tells most of an output."""
    return lines if len(lines) <= limit else [*lines[: limit // 3], f"… {len(lines) - limit} more lines …", *lines[-(limit - limit // 3) :]]


def shortened_lines(lines: list[Line], limit: int = SHOWN_LINES) -> list[Line]:
    """Return the first ``limit`` lines, and how many are not shown."""
    return lines if len(lines) <= limit else [*lines[:limit], Line(f"    … {len(lines) - limit} more lines", "dim")]


def usage_text(usage: Usage) -> str:
    """Return tokens and money in words; what is unknown is said to be unknown."""
    read = usage.input if usage.cache_read is None else (usage.input or 0) + usage.cache_read
    cost = "cost unknown (no price configured)" if usage.usd is None else f"${usage.usd:.4f}"
    return f"{_count(read)} tokens in, {_count(usage.output)} out, {cost}"


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"
