"""``agent/hunk/*`` and ``agent/review/list``."""

from __future__ import annotations

from coterie.base.errors import InvalidParamsError
from coterie.domain.edits import HunkVerdict
from coterie.domain.reviews import HunkChoice, HunkResult, ReviewList
from coterie.lsp import protocol
from coterie.lsp.payloads.hunks import HunkParams, ReviewListParams
from coterie.lsp.session import Handlers, Session


async def accept(session: Session, params: HunkParams) -> HunkResult:
    """``agent/hunk/accept``."""
    return await session.application.hunks.decide(choice_of(params, "accepted"), params.run_id)


async def reject(session: Session, params: HunkParams) -> HunkResult:
    """``agent/hunk/reject``."""
    return await session.application.hunks.decide(choice_of(params, "rejected"), params.run_id)


async def list_open(session: Session, params: ReviewListParams) -> ReviewList:
    """``agent/review/list``."""
    return await session.application.hunks.list(folder=params.folder, run_id=params.run_id)


def choice_of(params: HunkParams, verdict: HunkVerdict) -> HunkChoice:
    """Return what is meant. Raises `InvalidParamsError` for an empty list, which must not mean all."""
    for name, ids in (("hunkIds", params.hunk_ids), ("changeIds", params.change_ids)):
        if ids == ():
            raise InvalidParamsError(f"{name}: name at least one, or leave it out.")
    return HunkChoice(
        hunk_ids=(*(params.hunk_ids or ()), *([params.hunk_id] if params.hunk_id is not None else ())),
        change_ids=(*(params.change_ids or ()), *([params.change_id] if params.change_id is not None else ())),
        verdict=verdict,
    )


HANDLERS: Handlers = {protocol.HUNK_ACCEPT: accept, protocol.HUNK_REJECT: reject, protocol.REVIEW_LIST: list_open}
