"""What the team is, may do and costs: ``agent/status``, ``agent/approval/*``, ``agent/grant/*``, ``agent/usage``."""

from __future__ import annotations

from coterie.domain.permissions import Grant
from coterie.domain.status import Status
from coterie.lsp import protocol
from coterie.lsp.payloads.team import (
    ApprovalAnswerParams,
    ApprovalAnswerResult,
    ApprovalListResult,
    GrantListResult,
    GrantParams,
    UsageParams,
    UsageResult,
)
from coterie.lsp.protocol import NoParams
from coterie.lsp.session import Handlers, Session


async def status(session: Session, _params: NoParams) -> Status:
    """``agent/status``."""
    return await session.application.status()


async def list_approvals(session: Session, _params: NoParams) -> ApprovalListResult:
    """``agent/approval/list``."""
    return ApprovalListResult(approvals=await session.application.approvals.list())


async def answer_approval(session: Session, params: ApprovalAnswerParams) -> ApprovalAnswerResult:
    """``agent/approval/answer``."""
    approvals = session.application.approvals
    decision = await approvals.answer(params.approval_id, params.option_id, scope=params.scope, plan=params.plan)
    return ApprovalAnswerResult(decision=decision)


async def list_grants(session: Session, _params: NoParams) -> GrantListResult:
    """``agent/grant/list``."""
    return GrantListResult(grants=await session.application.grants.list())


async def revoke_grant(session: Session, params: GrantParams) -> Grant:
    """``agent/grant/revoke``."""
    return await session.application.grants.revoke(params.grant_id)


async def usage(session: Session, params: UsageParams) -> UsageResult:
    """``agent/usage``."""
    rows, total = await session.application.accounts.usage(by=params.by, since=params.since)
    return UsageResult(rows=rows, total=total)


HANDLERS: Handlers = {
    protocol.STATUS: status,
    protocol.APPROVAL_LIST: list_approvals,
    protocol.APPROVAL_ANSWER: answer_approval,
    protocol.GRANT_LIST: list_grants,
    protocol.GRANT_REVOKE: revoke_grant,
    protocol.USAGE: usage,
}
