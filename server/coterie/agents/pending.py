"""The questions that wait for an answer, of all runs of this process: any client may give it, and the first one wins.

``approvals`` opens them for a run and waits; ``features.approvals`` brings the answers of front doors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coterie.base.errors import InvalidParamsError, ModelMistakeError, RequestError
from coterie.domain.client_ports import Audience
from coterie.domain.permissions import Approval, ApprovalOption, Decision, OptionKind
from coterie.domain.wire import Json

Answer = tuple[Decision, Mapping[str, Json] | None]
"""How a question was resolved, with the plan as the person edited it."""

_SCOPES: dict[str, OptionKind] = {"once": "allow_once", "run": "allow_run", "session": "allow_session", "user": "allow_always"}


@dataclass(slots=True)
class _Pending:
    approval: Approval
    answered: asyncio.Future[Answer]
    check: Callable[[Mapping[str, Json]], Mapping[str, Json]] | None


class Approvals:
    """The pending questions of this process. ``on_change`` is called with the channel's id when their number changes."""

    def __init__(self, audience: Audience, on_change: Callable[[str], None] = lambda _: None) -> None:
        self.audience = audience
        self.on_change = on_change
        self._pending: dict[str, _Pending] = {}
        self._resolved: set[str] = set()

    def list(self) -> tuple[Approval, ...]:
        """Return the pending questions, oldest first."""
        return tuple(pending.approval for pending in self._pending.values())

    def count(self, channel_id: str) -> int:
        """Return how many questions are pending in a channel."""
        return sum(pending.approval.channel_id == channel_id for pending in self._pending.values())

    def answer(self, approval_id: str, option_id: str, *, scope: str | None = None, plan: Mapping[str, Json] | None = None) -> Decision:
        """Answer a question.

        Raises `RequestError` ``unknown_approval`` or ``already_resolved``, `InvalidParamsError` for a wrong option.
        """
        pending = self._known(approval_id)
        chosen = next((option for option in pending.approval.options if option.option_id == option_id), None)
        if chosen is None:
            known = ", ".join(option.option_id for option in pending.approval.options)
            raise InvalidParamsError(f"optionId: '{option_id}' is not one of the options {known}.")
        if scope is not None:
            chosen = _widened(pending.approval, chosen, scope)
        if chosen.kind == "edit":
            if plan is None or pending.check is None:
                raise InvalidParamsError("plan: this option needs the edited plan.")
            plan = _checked(plan, pending.check)
        decision = Decision(option_id=chosen.option_id, kind=chosen.kind)
        self._close(pending, (decision, plan))
        return decision

    def dismiss(self, approval_id: str) -> None:
        """Close a question without a choice: not now. A call is rejected this once; at a gate the run is interrupted.

        Raises `RequestError` as `answer` does.
        """
        pending = self._known(approval_id)
        no = next((option for option in pending.approval.options if option.kind == "reject_once"), None)
        option_id, kind = (None, None) if no is None else (no.option_id, no.kind)
        self._close(pending, (Decision(option_id=option_id, kind=kind, reason="dismissed"), None))

    def _known(self, approval_id: str) -> _Pending:
        if approval_id in self._resolved:
            raise RequestError("This question is answered already.", code="already_resolved")
        if (pending := self._pending.get(approval_id)) is None:
            raise RequestError(f"There is no pending question '{approval_id}'.", code="unknown_approval")
        return pending

    def open(self, approval: Approval, check: Callable[[Mapping[str, Json]], Mapping[str, Json]] | None = None) -> asyncio.Future[Answer]:
        """Let ``approval`` be answered from now on; before it is told, so that no answer comes too early."""
        pending = _Pending(approval, asyncio.get_running_loop().create_future(), check)
        self._pending[approval.approval_id] = pending
        self.on_change(approval.channel_id)
        return pending.answered

    def settle(self, approval: Approval, decision: Decision) -> None:
        """Answer a question by what was decided elsewhere; nothing happens when somebody was quicker."""
        if (pending := self._pending.get(approval.approval_id)) is not None:
            self._close(pending, (decision, None))

    def withdraw(self, approval: Approval) -> None:
        """Take a question back that nobody has answered."""
        self._forget(approval)

    def attendance_changed(self) -> None:
        """Take back every question when nobody is left who could answer."""
        if not self.audience.can_answer:
            for pending in tuple(self._pending.values()):
                self._close(pending, (Decision(option_id=None, kind=None, reason="nobody_attached"), None))

    def _close(self, pending: _Pending, answer: Answer) -> None:
        if not pending.answered.done():
            pending.answered.set_result(answer)
        self._forget(pending.approval)

    def _forget(self, approval: Approval) -> None:
        if self._pending.pop(approval.approval_id, None) is not None:
            self._resolved.add(approval.approval_id)
            self.on_change(approval.channel_id)


def _checked(plan: Mapping[str, Json], check: Callable[[Mapping[str, Json]], Mapping[str, Json]]) -> Mapping[str, Json]:
    try:
        return check(plan)
    except ModelMistakeError as wrong:
        raise InvalidParamsError(f"plan: {wrong.message}") from wrong


def _widened(approval: Approval, chosen: ApprovalOption, scope: str) -> ApprovalOption:
    """Return the option that a ``scope`` beside an allowing option means: ``run`` and ``session`` make its answer last."""
    if scope not in _SCOPES:
        raise InvalidParamsError(f"scope: '{scope}' is not one of {', '.join(_SCOPES)}.")
    if not chosen.kind.startswith("allow"):
        return chosen
    wanted = next((option for option in approval.options if option.kind == _SCOPES[scope]), None)
    if wanted is None:
        raise InvalidParamsError(f"scope: this question cannot be answered for the scope '{scope}'.")
    return wanted
