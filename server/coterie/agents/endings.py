"""How a run ends, and what is told to be over with it. Pure: `agents.coordinator` asks, and journals what is returned."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from coterie.agents.approvals import ApprovalRequiredError, PlanRejectedError
from coterie.agents.history import FINISHED_CALLS, History
from coterie.agents.reconcile import UNKNOWN_OUTCOME
from coterie.base.errors import CoterieError
from coterie.domain.events import Event, MessageDiscarded, RunEvent, WarningEvent
from coterie.domain.permissions import Decision

Stop = Literal["interrupted", "cancelled"]

INTERNAL = RunEvent(state="failed", reason="internal", text="Something in Coterie itself failed; its log says what.")
"""The end of a run that nobody foresaw."""
REPLACED = RunEvent(
    state="interrupted",
    reason="internal",
    text="A part of Coterie could not be loaded: it was installed anew, or removed, while its server runs. Restart the server and resume.",
)
"""The end of a run for which a part would have had to be loaded first (`app.succession` says how that comes)."""
NEVER_ENDED = "Stopped by the person before it ended."


def end_by_stop(how: Stop, reason: str) -> RunEvent:
    """Return the end of a run that was stopped, for a ``reason`` of the server's where it has one."""
    text = "Stopped by the person." if how == "cancelled" else "Interrupted; resume goes on from here."
    return RunEvent(state=how, reason=reason or how, text=text)


def end_by_failure(failure: CoterieError) -> RunEvent:
    """Return the end that a failure is of a run: interrupted where nobody can be asked, cancelled by a plan that was rejected."""
    match failure:
        case ApprovalRequiredError():
            return RunEvent(state="interrupted", reason=failure.code, text=failure.message)
        case PlanRejectedError():
            return RunEvent(state="cancelled", reason=failure.code, text=failure.message)
        case _:
            return RunEvent(state="failed", reason=failure.code, text=failure.message)


def given_up(history: History) -> tuple[Event, ...]:
    """Return the events that close the calls and steps of a run that is never gone on with."""
    calls = [replace(call, state="failed", output=NEVER_ENDED) for call in history.calls.values() if call.state not in FINISHED_CALLS]
    return (*calls, *(replace(step, state="failed") for step in history.steps.values() if step.state == "running"))


def not_heard(history: History) -> tuple[Event, ...]:
    """Return what says which came too late: the person's words that crossed with the last agent's end and that no model has read."""
    text = "Your last message came when the run was already ending, and no agent has read it. Post it again."
    return tuple(WarningEvent(code="not_heard", text=text) for _ in history.spoken.missed)


def left_open(history: History) -> tuple[Event, ...]:
    """Return the events that close what a crash left open.

    Messages that never ended, questions that nobody can answer any more, and the tests before the first change, which are taken anew or
    have their result already. Other calls are taken up again by their steps.
    """
    closed: list[Event] = [MessageDiscarded(message_id=message_id, reason="server_stopped") for message_id in history.unanswered]
    for approval in history.approvals.values():
        if approval.state == "pending":
            decision = Decision(option_id=None, kind=None, reason="server_stopped")
            closed.append(replace(approval, state="resolved", decision=decision))
    closed += [
        replace(call, state="failed", output=UNKNOWN_OUTCOME)
        for call in history.calls.values()
        if call.step_id is None and call.state not in FINISHED_CALLS
    ]
    return tuple(closed)
