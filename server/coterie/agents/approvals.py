"""Nothing happens before it was allowed: the rules decide, a person is asked where they say so, nobody hangs.

`RunApprovals` is what one run asks through, with the grants that it was given; `questions` puts a question to people, ``pending`` holds it
until somebody answers, and ``lasting`` says which answers outlast it. When nobody can answer, the user's declared policy does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from coterie.agents.lasting import EVERY_EDIT, Kept, UserRules, having, offered, offered_for_review
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.pending import Approvals
from coterie.agents.questions import Questions
from coterie.agents.wanted import Asking, Verdict, Wanted
from coterie.base.errors import CoterieError, RunError
from coterie.domain.events import Event, WarningEvent
from coterie.domain.permissions import ApprovalOption, Decision, Effect, OptionKind, Ruling
from coterie.domain.records import GrantRecord, Record
from coterie.domain.wire import Json
from coterie.tools.rules import Policy, allows_by_name, evaluate, rule_for

Unattended = Literal["deny", "allow_list"]
SessionGrants = dict[str, Kept]
"""What a person answered for a whole session, by rule."""

_ALLOWING: frozenset[OptionKind] = frozenset({"allow_once", "allow_run", "allow_session", "allow_always", "approve", "edit"})


class ApprovalRequiredError(CoterieError):
    """Nobody is there to answer: the run ends as ``interrupted``, to be resumed when somebody is."""

    code = "approval_required"


class PlanRejectedError(RunError):
    """The person rejected the plan: the run ends as ``cancelled``."""

    code = "plan_rejected"


class RunApprovals:
    """What one run asks through.

    ``rules`` gives the rules of every layer as they are now, ``vouched`` are those that also hold for commands that nothing confines and
    for edits that a person is to see; ``sandboxed`` says whether commands are confined, ``reviewed`` whether a person sees edits before
    they are made. ``session`` holds what was answered for the whole session of the client where the run is at home; ``user`` writes what is
    answered for always, None: nothing does. ``command_line`` says whether the run can be resumed with options.
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
        reviewed: Callable[[], bool] = lambda: False,
        user: UserRules | None = None,
        command_line: bool = False,
    ) -> None:
        self._run = run
        self._questions = Questions(run, approvals, meter)
        self._rules = rules
        self._vouched = vouched
        self._unattended = unattended
        self._session = session
        self._sandboxed = sandboxed
        self._reviewed = reviewed
        self._user = user
        self._command_line = command_line

    @property
    def policy(self) -> Policy:
        """All that decides now."""
        return self._rules()

    async def decide(self, wanted: Wanted) -> Verdict:
        """Say whether something may happen, after asking whoever must be asked. Raises `ApprovalRequiredError` when nobody can be."""
        standing = await self.weigh(wanted)
        return await self.ask(standing) if isinstance(standing, Asking) else standing

    async def weigh(self, wanted: Wanted) -> Verdict | Asking:
        """Say whether something may happen as far as that is known without asking anybody."""
        by_rule: tuple[Effect, ...] = ()
        if not wanted.judged:
            ruling = evaluate(wanted.effects, self._policy_of(wanted.writes))
            if ruling.verdict == "deny":
                return _denied(ruling)
            by_rule = await self._to_ask(ruling.asking, wanted.effects, confined=wanted.confined)
        refused = next((effect for effect in by_rule if self._granted(effect) == "deny"), None)
        if refused is not None:
            return Verdict(allowed=False, reason=f"Denied: the person does not want {refused.rule} in this run.")
        by_rule = tuple(effect for effect in by_rule if self._granted(effect) != "allow")
        asking = (*by_rule, *(effect for effect in self._to_show(wanted) if effect not in by_rule))
        return Asking(wanted=wanted, effects=asking, by_rule=bool(by_rule)) if asking else Verdict(allowed=True)

    async def ask(self, asking: Asking, change_ids: tuple[str, ...] = ()) -> Verdict:
        """Ask a person, who may also decide about the hunks of the changes that it is about; the last of these verdicts is an answer.

        Raises `ApprovalRequiredError` when nobody can be asked.
        """
        if not self._questions.can_be_answered:
            return self._nobody(asking)
        policy = self._policy_of(asking.wanted.writes)
        allows = partial(self._allows, asking)
        options = await offered(asking.effects, policy, allows, self._user) if asking.by_rule else offered_for_review()
        decision, _ = await self._questions.put(asking.wanted.title, asking.effects, options, change_ids=change_ids)
        if decision.option_id is None:
            return self._nobody(asking)
        policy = self._policy_of(asking.wanted.writes)  # the settings may say something else than when it was asked
        ruling = evaluate(asking.effects, policy)
        return await self._taken(decision, asking, ruling, lambda rules: allows(having(policy, "allow", rules)))

    def _policy_of(self, writes: tuple[str, ...]) -> Policy:
        return replace(self.policy, writes=writes) if writes else self.policy

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
        if ruling.verdict == "deny":
            return "reject"  # also what a person approved before: a denial came since
        if ruling.verdict == "allow" or effect.rule in self._run.history.approved:
            return "approve"
        if not self._questions.can_be_answered:
            by = f"with --yes-to '{effect.rule}'" if self._command_line else f"by the rule {effect.rule}"
            raise ApprovalRequiredError(f"The {step_id} waits for approval. Approve it {by}, or resume attended.")
        options = (
            ApprovalOption(option_id="approve", label="Approve", kind="approve"),
            ApprovalOption(option_id="edit", label="Approve an edited plan", kind="edit"),
            ApprovalOption(option_id="reject", label="Reject", kind="reject"),
        )
        decision, _ = await self._questions.put(title, (effect,), options, check=check, edited=edited)
        if decision.kind is None:
            why = "You did not approve" if decision.reason == "dismissed" else "Nobody was left to approve"
            raise ApprovalRequiredError(f"{why} the {step_id}. Resume the run to be asked again, or allow {effect.rule} by a rule.")
        # As for calls: a denial that came while it was waited for outweighs the answer.
        return "reject" if evaluate([effect], self.policy).verdict == "deny" else decision.kind

    async def choose(self, question: str, labels: Sequence[str]) -> str | None:
        """Ask the person a question of the agent's; returns the chosen label, None when they would not or could not say."""
        if not self._questions.can_be_answered:
            return None
        options = tuple(
            ApprovalOption(option_id=f"answer_{number}", label=label, kind="allow_once") for number, label in enumerate(labels, start=1)
        )
        options += (ApprovalOption(option_id="no_answer", label="No answer", kind="reject_once"),)
        decision, _ = await self._questions.put(question, (), options)
        return next((option.label for option in options[:-1] if option.option_id == decision.option_id), None)

    async def _to_ask(self, asking: Sequence[Effect], effects: Sequence[Effect], *, confined: bool) -> tuple[Effect, ...]:
        commands = [effect for effect in effects if effect.kind == "exec"]
        if not commands or (confined and await self._sandboxed()):
            return tuple(asking)
        # Nothing confines the command: it is asked for though a rule allows it, but for what this very command line allows.
        unconfined = [effect for effect in commands if evaluate([effect], self._vouched).verdict != "allow"]
        return (*asking, *(effect for effect in unconfined if effect not in asking))

    async def _allows(self, asking: Asking, policy: Policy) -> bool:
        """Say whether nobody would be asked under a policy."""
        ruling = evaluate(asking.effects, policy)
        return (
            ruling.verdict == "allow"
            and not self._to_show(asking.wanted)
            and not await self._to_ask((), asking.effects, confined=asking.wanted.confined)
        )

    def _to_show(self, wanted: Wanted) -> tuple[Effect, ...]:
        """Return what a person is to see before it is made, though no rule asks for it, but what this very command line allows."""
        if not (wanted.is_edit and self._reviewed()):
            return ()
        writing = (effect for effect in wanted.effects if effect.kind == "write")
        return tuple(effect for effect in writing if not (allows_by_name(self._vouched, effect) or self._waved_through(effect)))

    def _waved_through(self, effect: Effect) -> bool:
        """Say whether a person wants to see no more of such edits."""
        return "allow" in {self._granted(effect), self._given(EVERY_EDIT)}

    def _granted(self, effect: Effect) -> Kept | None:
        return None if rule_for(effect) is None else self._given(effect.rule)

    def _given(self, rule: str) -> Kept | None:
        given = {grant.rule: grant.verdict for grant in self._run.history.grants}
        return given.get(rule) or self._session.get(rule)

    def _nobody(self, asking: Asking) -> Verdict:
        wanted = ", ".join(effect.rule for effect in asking.effects)
        if self._unattended == "deny" and asking.by_rule:
            raise ApprovalRequiredError(f"{wanted} needs approval and nobody is there to give it. Allow it by a rule, or resume attended.")
        if self._unattended == "deny":
            # Only the command line's own rules outweigh that a person wants to see edits.
            allowing = f", or allow it by --yes-to '{EVERY_EDIT}'," if self._command_line else ""
            raise ApprovalRequiredError(
                f"{wanted} is to be seen before it happens and nobody is there. Decide about the proposed changes{allowing} and resume."
            )
        if asking.by_rule:
            return Verdict(allowed=False, reason=f"Denied: {wanted} is on no allow list and nobody is there to ask.")
        return Verdict(allowed=False, reason="Denied: a person sees edits before they are made, and nobody is there.")

    async def _taken(
        self, decision: Decision, asking: Asking, ruling: Ruling, decides: Callable[[Sequence[str]], Awaitable[bool]]
    ) -> Verdict:
        """Do what an answer says. ``ruling`` is what holds by now, ``decides`` says whether rules of the user's would decide that."""
        allowed = decision.kind in _ALLOWING
        if allowed and ruling.verdict == "deny":
            return _denied(ruling)
        rules = asking.rules
        match decision.kind:
            case "allow_run":
                await self._grant("allow", rules)
            case "allow_session":
                self._session.update(dict.fromkeys(rules, "allow"))
            case "allow_always" if not await decides(rules):
                await self._not_kept("This was allowed once", rules, "by now it would be asked for all the same.")
            case "allow_always":
                await self._keep("allow", rules, "This was allowed once")
            case "reject_always" if not await self._keep("deny", rules, "It is rejected in this run"):
                await self._grant("deny", rules)
            case _:
                pass
        if allowed:
            return Verdict(allowed=True)
        reason = "Denied: the person rejected this call. Do it another way, or ask what they want."
        put_off = decision.reason == "dismissed"
        return Verdict(allowed=False, reason=reason, rejected=not put_off, put_off=put_off)

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
            await self._not_kept(instead, rules, failure.message)
            return False
        return True

    async def _not_kept(self, instead: str, rules: Sequence[str], why: str) -> None:
        text = f"{instead}, but {', '.join(rules)} could not be added to your settings, so you will be asked again: {why}"
        await self._run.event(WarningEvent(code="rule_not_kept", text=text))


def _denied(ruling: Ruling) -> Verdict:
    return Verdict(allowed=False, reason=f"Denied: {ruling.reason}. Do it another way, or say what you would have done.")
