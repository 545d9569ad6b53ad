"""Nothing happens before it was allowed: the rules decide, a person is asked where they say so, nobody hangs.

`Approvals` holds the pending questions of all runs; `RunApprovals` is what one run asks through, with the grants that it was given. Any
client may answer; the first answer wins. When nobody can answer, the user's declared policy does. Which answers outlast a question is in
``lasting``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from coterie.agents.lasting import Kept, UserRules, offered, rules_of
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.base.errors import CoterieError, InvalidParamsError, ModelMistakeError, RequestError
from coterie.base.ids import new_id, now
from coterie.base.legible import visible
from coterie.domain.client_ports import Audience
from coterie.domain.events import ApprovalEvent, Event, RunEvent, WarningEvent
from coterie.domain.permissions import Approval, ApprovalOption, Decision, Effect, OptionKind
from coterie.domain.records import GrantRecord, Record
from coterie.domain.wire import Json
from coterie.tools.rules import Policy, evaluate, rule_for

Unattended = Literal["deny", "allow_list"]
SessionGrants = dict[str, Kept]
"""What a person answered for a whole session, by rule."""
Answer = tuple[Decision, Mapping[str, Json] | None]

_SCOPES: dict[str, OptionKind] = {"once": "allow_once", "run": "allow_run", "session": "allow_session", "user": "allow_always"}
_ALLOWING: frozenset[OptionKind] = frozenset({"allow_once", "allow_run", "allow_session", "allow_always", "approve", "edit"})


class ApprovalRequiredError(CoterieError):
    """Nobody is there to answer: the run ends as ``interrupted``, to be resumed when somebody is."""

    code = "approval_required"


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may go on; ``reason`` is worded for the model when it may not."""

    allowed: bool
    reason: str = ""


class RunApprovals:
    """What one run asks through.

    ``rules`` gives the rules of every layer as they are now, ``vouched`` are those that also hold for commands that nothing confines;
    ``sandboxed`` says whether commands are confined. ``session`` holds what was answered for the whole session of the client where the run
    is at home; ``user`` writes what is answered for always, None: nothing does.
    """

    def __init__(
        self,
        run: LiveRun,
        approvals: Approvals,
        rules: Callable[[], Policy],
        *,
        vouched: Policy,
        meter: Meter,
        unattended: Unattended,
        session: SessionGrants,
        sandboxed: Callable[[], Awaitable[bool]],
        user: UserRules | None = None,
    ) -> None:
        self._run = run
        self._approvals = approvals
        self._rules = rules
        self._vouched = vouched
        self._meter = meter
        self._unattended = unattended
        self._session = session
        self._sandboxed = sandboxed
        self._user = user
        self._waiting = 0

    @property
    def policy(self) -> Policy:
        """All that decides now."""
        return self._rules()

    async def decide(
        self,
        title: str,
        effects: Sequence[Effect],
        *,
        writes: tuple[str, ...] = (),
        confined: bool = True,
        before_asking: Callable[[], Awaitable[None]] | None = None,
    ) -> Verdict:
        """Say whether effects may happen, after asking whoever must be asked. Raises `ApprovalRequiredError` when nobody can be.

        ``confined`` is False for commands that run outside of our sandbox, wherever there is one. ``before_asking`` raises what makes the
        question pointless.
        """
        policy = replace(self.policy, writes=writes) if writes else self.policy
        ruling = evaluate(effects, policy)
        if ruling.verdict == "deny":
            return Verdict(allowed=False, reason=f"Denied: {ruling.reason}. Do it another way, or say what you would have done.")
        asking = await self._to_ask(ruling.asking, effects, confined=confined)
        refused = next((effect for effect in asking if self._granted(effect) == "deny"), None)
        if refused is not None:
            return Verdict(allowed=False, reason=f"Denied: the person does not want {refused.rule} in this run.")
        asking = tuple(effect for effect in asking if self._granted(effect) != "allow")
        if not asking:
            return Verdict(allowed=True)
        if before_asking is not None:
            await before_asking()
        if not self._approvals.audience.can_answer:
            return self._nobody(asking)
        allows = partial(self._allows, asking, confined=confined)
        decision, _ = await self._question(title, asking, await offered(asking, policy, allows, self._user))
        if decision.option_id is None:
            return self._nobody(asking)
        return await self._taken(decision, asking)

    async def gate(
        self,
        step_id: str,
        title: str,
        check: Callable[[Mapping[str, Json]], Mapping[str, Json]],
        edited: Callable[[Mapping[str, Json]], Sequence[Event]],
    ) -> OptionKind:
        """Ask for a person's word at a gate; returns the kind of the chosen option.

        What ``edited`` makes of the plan as they edited it is journalled with their word: a crash loses both or none.
        """
        effect = Effect(kind="gate", target=step_id, rule=f"gate({step_id})")
        ruling = evaluate([effect], self.policy)
        if ruling.verdict == "allow" or effect.rule in self._run.history.approved:
            return "approve"
        if ruling.verdict == "deny":
            return "reject"
        if not self._approvals.audience.can_answer:
            raise ApprovalRequiredError(f"The {step_id} waits for approval. Approve it with --yes-to '{effect.rule}', or resume attended.")
        options = (
            ApprovalOption(option_id="approve", label="Approve", kind="approve"),
            ApprovalOption(option_id="edit", label="Approve an edited plan", kind="edit"),
            ApprovalOption(option_id="reject", label="Reject", kind="reject"),
        )
        decision, _ = await self._question(title, (effect,), options, check, edited)
        if decision.kind is None:
            why = "You did not approve" if decision.reason == "dismissed" else "Nobody was left to approve"
            raise ApprovalRequiredError(f"{why} the {step_id}. Resume the run to be asked again, or allow {effect.rule} by a rule.")
        return decision.kind

    async def choose(self, question: str, labels: Sequence[str]) -> str | None:
        """Ask the person a question of the agent's; returns the chosen label, None when they would not or could not say."""
        if not self._approvals.audience.can_answer:
            return None
        options = tuple(
            ApprovalOption(option_id=f"answer_{number}", label=label, kind="allow_once") for number, label in enumerate(labels, start=1)
        )
        options += (ApprovalOption(option_id="no_answer", label="No answer", kind="reject_once"),)
        decision, _ = await self._question(question, (), options)
        return next((option.label for option in options[:-1] if option.option_id == decision.option_id), None)

    async def _to_ask(self, asking: Sequence[Effect], effects: Sequence[Effect], *, confined: bool) -> tuple[Effect, ...]:
        commands = [effect for effect in effects if effect.kind == "exec"]
        if not commands or (confined and await self._sandboxed()):
            return tuple(asking)
        # Nothing confines the command: it is asked for though a rule allows it, but for what this very command line allows.
        unconfined = [effect for effect in commands if evaluate([effect], self._vouched).verdict != "allow"]
        return (*asking, *(effect for effect in unconfined if effect not in asking))

    async def _allows(self, asking: Sequence[Effect], policy: Policy, *, confined: bool) -> bool:
        """Say whether nobody would be asked for these effects under a policy."""
        ruling = evaluate(asking, policy)
        return ruling.verdict == "allow" and not await self._to_ask((), asking, confined=confined)

    def _granted(self, effect: Effect) -> Kept | None:
        if rule_for(effect) is None:
            return None
        given = {grant.rule: grant.verdict for grant in self._run.history.grants}
        return given.get(effect.rule) or self._session.get(effect.rule)

    def _nobody(self, asking: Sequence[Effect]) -> Verdict:
        wanted = ", ".join(effect.rule for effect in asking)
        if self._unattended == "deny":
            raise ApprovalRequiredError(f"{wanted} needs approval and nobody is there to give it. Allow it by a rule, or resume attended.")
        return Verdict(allowed=False, reason=f"Denied: {wanted} is on no allow list and nobody is there to ask.")

    async def _question(
        self,
        title: str,
        effects: tuple[Effect, ...],
        options: tuple[ApprovalOption, ...],
        check: Callable[[Mapping[str, Json]], Mapping[str, Json]] | None = None,
        edited: Callable[[Mapping[str, Json]], Sequence[Event]] | None = None,
    ) -> Answer:
        approval = Approval(
            approval_id=new_id("approval"),
            run_id=self._run.run_id,
            channel_id=self._run.row.channel_id,
            folder=self._run.row.request.folder,
            at=now(),
            # A person decides by what they see: nothing in it may be hidden, or change the order of the rest.
            title=visible(title),
            effects=tuple(map(_visible, effects)),
            options=tuple(map(_worded, options)),
        )
        answer: Answer = (Decision(option_id=None, kind=None, reason="run_ended"), None)
        self._waiting += 1
        try:
            with self._meter.standing_still():
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

    async def _taken(self, decision: Decision, asking: Sequence[Effect]) -> Verdict:
        allowed = decision.kind in _ALLOWING
        rules = rules_of(asking)
        match decision.kind:
            case "allow_run":
                await self._grant("allow", rules)
            case "allow_session":
                self._session.update(dict.fromkeys(rules, "allow"))
            case "allow_always":
                await self._keep("allow", rules, "This was allowed once")
            case "reject_always" if not await self._keep("deny", rules, "It is rejected in this run"):
                await self._grant("deny", rules)
            case _:
                pass
        if allowed:
            return Verdict(allowed=True)
        return Verdict(allowed=False, reason="Denied: the person rejected this call. Do it another way, or ask what they want.")

    async def _grant(self, verdict: Kept, rules: Sequence[str]) -> None:
        grants: list[Record] = [GrantRecord(rule=rule, verdict=verdict) for rule in rules]
        await self._run.record(*grants)

    async def _keep(self, verdict: Kept, rules: Sequence[str], instead: str) -> bool:
        """Write rules into the user's settings; where that fails the person is told why, and what happens ``instead``."""
        if self._user is None:
            raise AssertionError("an answer for always was taken that nobody offered")
        try:
            await self._user.keep(verdict, rules)
        except CoterieError as failure:
            text = f"{instead}, but {', '.join(rules)} could not be added to your settings, so you will be asked again: {failure.message}"
            await self._run.event(WarningEvent(code="rule_not_kept", text=text))
            return False
        return True


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


def _told(approval: Approval, state: Literal["pending", "resolved"], decision: Decision | None = None) -> ApprovalEvent:
    return ApprovalEvent(
        approval_id=approval.approval_id,
        title=approval.title,
        effects=approval.effects,
        options=approval.options,
        state=state,
        decision=decision,
    )


def _visible(effect: Effect) -> Effect:
    argv = None if effect.argv is None else tuple(map(visible, effect.argv))
    return replace(effect, target=visible(effect.target), argv=argv, rule=visible(effect.rule))


def _worded(option: ApprovalOption) -> ApprovalOption:
    return replace(option, label=visible(option.label), rule=None if option.rule is None else visible(option.rule))
