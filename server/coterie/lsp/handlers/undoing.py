"""``coterie.undo`` and ``coterie.reject``: take something back, and do not wait for an editor that waits for the answer.

``commands`` runs them. The answer comes after the effects, as those of ``agent/run/undo`` and ``agent/hunk/reject`` do, unless the editor
owes us the text of an edit that it applied (see ``echoes``): then it goes on behind an answer that says so, and its end is told in the
window.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable

from coterie.base.errors import CoterieError, InvalidParamsError
from coterie.domain.edits import KEPT_DAYS, UndoResult, words_of_let_go
from coterie.lsp.commands import RejectArguments, UndoArguments, UndoGoesOn
from coterie.lsp.convert import file_path
from coterie.lsp.session import Session


async def undo(session: Session, run_id: str, argument: UndoArguments) -> UndoResult | UndoGoesOn:
    """Undo a run as far as ``argument`` says."""
    work = session.application.runs.undo(run_id, scope=argument.scope, ids=argument.ids)
    return await answered(session, work, f"Run {run_id}")


async def reject(session: Session, argument: RejectArguments) -> UndoResult | UndoGoesOn:
    """Take back the open hunks that ``argument`` names, also of a run that goes on. What cannot be had is told in the window as well."""
    if argument == RejectArguments():
        raise InvalidParamsError("runId, uri, hunkIds: name at least one of them.")
    done = await answered(session, rejected(session, argument), "What was rejected")
    if isinstance(done, UndoResult):
        warn(session, done)
        tell_kept(session, done)
    return done


async def rejected(session: Session, argument: RejectArguments) -> UndoResult:
    """Reject, and tell it as an undo tells it."""
    changes, results = await session.application.hunks.decide_open(
        "rejected", run_id=argument.run_id, uri=argument.uri, hunk_ids=argument.hunk_ids
    )
    kept = [result.kept_in for result in results if result.kept_in is not None]
    return UndoResult(
        restored=tuple({file_path(change.uri) or change.uri: change.path for change in changes}.values()),
        conflicts=tuple(conflict for result in results for conflict in result.conflicts),
        kept_in=os.path.commonpath(kept) if kept else None,  # of several runs, the folder that has the folder of each
        let_go=sum(result.let_go for result in results),
    )


async def answered(session: Session, work: Awaitable[UndoResult], what: str) -> UndoResult | UndoGoesOn:
    """Return how ``what`` was taken back, or that this goes on because the editor owes us a text."""
    undoing = session.tasks.spawn(outcome(work), name=f"undo: {what}")
    missing = session.tasks.spawn(session.echoes.missing(), name="owed text")
    try:
        await asyncio.wait((undoing, missing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        missing.cancel()
    if not undoing.done():
        session.tasks.spawn(tell(session, undoing, what), name=f"tell of undo: {what}")
        return UndoGoesOn()
    if isinstance(done := undoing.result(), CoterieError):
        raise done
    return done


async def outcome(work: Awaitable[UndoResult]) -> UndoResult | CoterieError:
    """Take back, or return why not: a request that cannot be met is no failure of the task."""
    try:
        return await work
    except CoterieError as refusal:
        return refusal


async def tell(session: Session, undoing: asyncio.Task[UndoResult | CoterieError], what: str) -> None:
    """Tell the end of something that was answered before it."""
    done = await undoing
    if isinstance(done, CoterieError):
        session.window.show("error", done.message)
        return
    warn(session, done)
    if done.restored:
        session.window.log("info", f"{what} is taken back in {', '.join(done.restored)}.")
    for left in done.not_undoable:
        session.window.log("info", f"{left.path} was not taken back: {left.reason}")
    tell_kept(session, done)


def tell_kept(session: Session, done: UndoResult) -> None:
    """Say in the log where lies what was taken away."""
    if done.kept_in is not None:
        session.window.log("info", f"What was taken away of it is kept for up to {KEPT_DAYS} days in {done.kept_in}.")
    if done.let_go:
        session.window.log("info", words_of_let_go(done.let_go))


def warn(session: Session, done: UndoResult) -> None:
    """Show what could not be taken back."""
    for conflict in done.conflicts:
        session.window.show("warning", f"{conflict.path} was not taken back: {conflict.reason}")
