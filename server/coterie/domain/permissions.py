"""Effects on the world, and the questions that are asked about them.

Tools declare effects, ``tools.rules`` evaluates them against the rules of every layer, ``agents.approvals`` asks a person where the
rules say so.
"""

from __future__ import annotations

from typing import Literal

from coterie.domain.wire import wire

EffectKind = Literal["read", "write", "exec", "net", "env", "mcp", "spawn", "gate"]
OptionKind = Literal[
    "allow_once",
    "allow_run",
    "allow_session",
    "allow_always",
    "reject_once",
    "reject_always",
    "approve",
    "edit",
    "reject",
]
Verdict = Literal["allow", "ask", "deny"]
GrantScope = Literal["run", "session", "user"]


@wire
class Effect:
    """One thing that a call would do to the world.

    ``target`` is a path relative to its workspace folder (absolute outside of all folders), a command line, a host, or a gate's
    step. ``argv`` is set for ``exec``; ``rule`` is the rule, spelled as in the settings, that would match exactly this effect:
    ``exec(touch made)``, ``gate(plan)``. ``quoting`` has for each word of ``argv`` a mark for each of its characters where quotes make a
    difference: ``q`` quoted, ``b`` bare, ``w`` replaced by the shell as a whole, ``s`` replaced and split, ``-`` any other.
    """

    kind: EffectKind
    target: str
    argv: tuple[str, ...] | None = None
    rule: str
    quoting: tuple[str, ...] | None = None


@wire
class ApprovalOption:
    """One answer that can be given.

    ``rule`` is what a lasting one lets through: in the run, until the server ends, or, for ``allow_always`` and ``reject_always``, for as
    long as it stands in the user's own settings, where they add it to the rules ``allow`` or ``deny``. ``admits`` says what such a rule
    would speak of besides what is asked for.
    """

    option_id: str
    label: str
    kind: OptionKind
    rule: str | None = None
    admits: str | None = None


@wire
class Decision:
    """How an approval was resolved: by which option, or closed without one (``option_id`` None) and why."""

    option_id: str | None
    kind: OptionKind | None
    reason: str | None = None


@wire
class Approval:
    """A pending question, as ``agent/approval/list`` tells it.

    ``folder`` is where its run works; ``change_ids`` are the proposed changes that it is about.
    """

    approval_id: str
    run_id: str
    channel_id: str
    folder: str | None = None
    at: str
    title: str
    effects: tuple[Effect, ...]
    options: tuple[ApprovalOption, ...]
    state: Literal["pending", "resolved"] = "pending"
    change_ids: tuple[str, ...] = ()


@wire
class Grant:
    """An answer that holds for more than its call, as ``agent/grant/list`` tells it: by ``answer``, for what ``rule`` speaks of.

    ``scope`` says how long: in the run ``run_id``, whose title is beside it and which may be interrupted; until the server ends; or for as
    long as the rule stands in the user's own settings, where they may have written it themselves.
    """

    grant_id: str
    scope: GrantScope
    answer: OptionKind
    verdict: Literal["allow", "deny"]
    rule: str
    run_id: str | None = None
    channel_id: str | None = None
    title: str | None = None


@wire
class Ruling:
    """What the rules say of a call's effects together: the strictest verdict, and the rule and layer (or default) that decided."""

    verdict: Verdict
    reason: str
    effects: tuple[Effect, ...]
    asking: tuple[Effect, ...] = ()
