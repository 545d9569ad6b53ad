"""``agent/approval/*``, ``agent/grant/*`` and ``agent/usage``: params, results."""

from __future__ import annotations

from collections.abc import Mapping

from coterie.domain.permissions import Approval, Decision, Grant
from coterie.domain.usage import Usage, UsageKey, UsageRow
from coterie.domain.wire import Json, wire


@wire
class ApprovalListResult:
    """Questions that wait for an answer."""

    approvals: tuple[Approval, ...]


@wire
class ApprovalAnswerParams:
    """Which option; ``plan`` goes with the option ``edit`` of a plan's gate.

    ``scope`` makes an allowing option last: ``once``, ``run``, ``session``, or ``user`` (for always), where the question offers that.
    """

    approval_id: str
    option_id: str
    scope: str | None = None
    plan: Mapping[str, Json] | None = None


@wire
class ApprovalAnswerResult:
    """What was decided."""

    decision: Decision


@wire
class GrantListResult:
    """The answers that hold for more than their call: of runs, of this client's session, and in the user's own settings."""

    grants: tuple[Grant, ...]


@wire
class GrantParams:
    """Which one."""

    grant_id: str


@wire
class UsageParams:
    """By what to add up, and since when (ISO 8601, in whatever time zone).

    Days are those of UTC: what a person's own day has cost is the total since its midnight, such as `2026-01-31T00:00:00+02:00`.
    """

    by: UsageKey = "run"
    since: str | None = None


@wire
class UsageResult:
    """Rows by key, and their total."""

    rows: tuple[UsageRow, ...]
    total: Usage
