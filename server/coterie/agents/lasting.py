"""The answers to a question that outlast it, each offered only where its rule is proven to match what is asked for.

``approvals`` offers what `offered` returns. A rule that is kept in the user's own settings is tried on the request first, as if it stood
there: one that would not have decided this is not offered, and neither is one that could not be written or shown as it is, or that would
let through what its words do not say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, Protocol

from coterie.base.legible import in_one_line, visible
from coterie.domain.permissions import ApprovalOption, Effect
from coterie.tools.reach import reach
from coterie.tools.rules import Policy, RuleLayer, evaluate, rule_for

Kept = Literal["allow", "deny"]
"""Which list of the user's settings a rule is kept in."""
Proof = Callable[[Policy], Awaitable[bool]]
"""Says whether nothing is left to ask under a policy."""

USER: Final = "user settings"
EVERY_EDIT: Final = "write(**)"
"""The rule of an answer to a proposed edit that lasts: what is not asked for by any rule is applied without being shown first."""


class UserRules(Protocol):
    """The rules in the user's own settings (implemented by ``features.kept_rules``)."""

    async def can_keep(self, verdict: Kept, rules: Sequence[str]) -> bool:
        """Whether rules could be written there now."""
        ...

    async def keep(self, verdict: Kept, rules: Sequence[str]) -> None:
        """Write rules, and return when they hold. Raises `CoterieError` that says what failed."""
        ...


def rules_of(asking: Sequence[Effect]) -> tuple[str, ...]:
    """Return a rule for each effect; nothing unless each has one that matches it."""
    rules = [rule for effect in asking if (rule := rule_for(effect)) is not None]
    return tuple(dict.fromkeys(rules)) if len(rules) == len(asking) else ()


async def offered(asking: Sequence[Effect], policy: Policy, allows: Proof, user: UserRules | None) -> tuple[ApprovalOption, ...]:
    """Return the options of a permission. ``allows`` says whether a policy answers the question."""
    rules = rules_of(asking)
    rule = ", ".join(rules)
    options = [ApprovalOption(option_id="allow_once", label="Allow once", kind="allow_once")]
    if rules:
        options.append(ApprovalOption(option_id="allow_run", label=f"Allow in this run: {rule}", kind="allow_run", rule=rule))
        options.append(ApprovalOption(option_id="allow_session", label=f"Allow until restart: {rule}", kind="allow_session", rule=rule))
    admits = reach(asking) if rules and in_one_line(visible(rule)) == rule else None
    keeper = user if admits is not None else None
    if keeper is not None and await allows(having(policy, "allow", rules)) and await keeper.can_keep("allow", rules):
        label = f"Allow always: {rule}"
        options.append(ApprovalOption(option_id="allow_always", label=label, kind="allow_always", rule=rule, admits=admits))
    options.append(ApprovalOption(option_id="reject_once", label="Reject", kind="reject_once"))
    # Of several effects it is not known which one the person would never have.
    if keeper is not None and len(asking) == 1 and _denies(having(policy, "deny", rules), asking) and await keeper.can_keep("deny", rules):
        label = f"Reject always: {rule}"
        options.append(ApprovalOption(option_id="reject_always", label=label, kind="reject_always", rule=rule, admits=admits))
    return tuple(options)


def offered_for_review() -> tuple[ApprovalOption, ...]:
    """Return the options for an edit that no rule asks for, and that is shown before it is made."""
    return (
        ApprovalOption(option_id="allow_once", label="Apply", kind="allow_once"),
        ApprovalOption(option_id="allow_run", label="Apply all edits of this run", kind="allow_run", rule=EVERY_EDIT),
        ApprovalOption(option_id="allow_session", label="Apply all edits until restart", kind="allow_session", rule=EVERY_EDIT),
        ApprovalOption(option_id="reject_once", label="Reject", kind="reject_once"),
    )


def having(policy: Policy, verdict: Kept, rules: Sequence[str]) -> Policy:
    """Return what a policy would be if rules stood in the user's settings."""
    layer = RuleLayer.of(USER, allow=rules) if verdict == "allow" else RuleLayer.of(USER, deny=rules)
    return policy.with_layer(layer)


def _denies(policy: Policy, asking: Sequence[Effect]) -> bool:
    return evaluate(asking, policy).verdict == "deny"
