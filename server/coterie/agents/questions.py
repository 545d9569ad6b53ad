"""How a run puts a question to people: shown so that nothing in it is hidden, told when it comes and goes, waited for by the run alone.

`agents.approvals` says what is asked and what an answer means; `pending` holds questions for whoever may answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.pending import Answer, Approvals
from coterie.base.ids import new_id, now
from coterie.base.legible import in_one_line, readable, visible
from coterie.domain.events import ApprovalEvent, Event, RunEvent
from coterie.domain.permissions import Approval, ApprovalOption, Decision, Effect, OptionKind
from coterie.domain.wire import Json


class Questions:
    """The questions of one run. ``meter`` stands still while one waits."""

    def __init__(self, run: LiveRun, approvals: Approvals, meter: Meter) -> None:
        self._run = run
        self._approvals = approvals
        self._meter = meter
        self._waiting = 0

    @property
    def can_be_answered(self) -> bool:
        """Whether anybody is there who could."""
        return self._approvals.audience.can_answer

    async def put(
        self,
        title: str,
        effects: tuple[Effect, ...],
        options: tuple[ApprovalOption, ...],
        *,
        check: Callable[[Mapping[str, Json]], Mapping[str, Json]] | None = None,
        edited: Callable[[Mapping[str, Json]], Sequence[Event]] | None = None,
        change_ids: tuple[str, ...] = (),
    ) -> Answer:
        """Put a question, and wait for its answer; the run stands still meanwhile. The first answer wins, the run's end takes it back.

        ``check`` judges what a person edits, ``edited`` gives what is journalled with it; ``change_ids`` are the changes that it is about:
        the last of the verdicts on their hunks is an answer.
        """
        # A person decides by what they see: nothing in it may be hidden, or change the order of the rest.
        shown = visible if effects else readable
        approval = Approval(
            approval_id=new_id("approval"),
            run_id=self._run.run_id,
            channel_id=self._run.row.channel_id,
            folder=self._run.row.request.folder,
            at=now(),
            title=shown(title),
            effects=tuple(map(_visible, effects)),
            options=tuple(_worded(option, shown) for option in options),
            change_ids=change_ids,
        )
        answer: Answer = (Decision(option_id=None, kind=None, reason="run_ended"), None)
        self._waiting += 1
        try:
            with self._meter.standing_still(), self._run.watched(partial(self._settle, approval)):
                first = (RunEvent(state="waiting"),) if self._waiting == 1 else ()
                answered = self._approvals.open(approval, check)
                await self._run.event(*first, _told(approval, "pending"))
                answer = await answered
        finally:
            self._approvals.withdraw(approval)
            self._waiting -= 1
            last = (RunEvent(state="running"),) if self._waiting == 0 and answer[0].reason != "run_ended" else ()
            follows = () if edited is None or answer[1] is None else edited(answer[1])
            await self._run.event(_told(approval, "resolved", answer[0]), *follows, *last)
        return answer

    def _settle(self, approval: Approval) -> None:
        """Answer a question about changes when the last of their hunks is decided."""
        history = self._run.history
        if approval.change_ids and not history.open_hunks(approval.change_ids):
            taken = any(hunk.state == "applied" for each in approval.change_ids for hunk in history.changes[each].hunks)
            kind: OptionKind = "allow_once" if taken else "reject_once"
            self._approvals.settle(approval, Decision(option_id=kind, kind=kind, reason="reviewed"))


def _told(approval: Approval, state: Literal["pending", "resolved"], decision: Decision | None = None) -> ApprovalEvent:
    return ApprovalEvent(
        approval_id=approval.approval_id,
        title=approval.title,
        effects=approval.effects,
        options=approval.options,
        state=state,
        decision=decision,
        change_ids=approval.change_ids,
    )


def _visible(effect: Effect) -> Effect:
    argv = None if effect.argv is None else tuple(map(visible, effect.argv))
    quoting = effect.quoting if argv == effect.argv else None
    return replace(effect, target=visible(effect.target), argv=argv, rule=in_one_line(visible(effect.rule)), quoting=quoting)


def _worded(option: ApprovalOption, shown: Callable[[str], str]) -> ApprovalOption:
    """Return an option as it is offered: on one line, or it could draw further options below itself."""
    rule = None if option.rule is None else in_one_line(shown(option.rule))
    return replace(option, label=in_one_line(shown(option.label)), rule=rule)
