"""``coterie.undo``: takes a run back, and does not wait for an editor that waits for the answer.

``commands`` runs it. The answer comes after the effects, as that of ``agent/run/undo`` does, unless the editor owes us the text of an edit
that it applied (see ``echoes``): then the undo goes on behind an answer that says so, and its end is told in the window.
"""

from __future__ import annotations

import asyncio

from coterie.base.errors import CoterieError
from coterie.domain.edits import UndoResult
from coterie.lsp.commands import UndoArguments, UndoGoesOn
from coterie.lsp.session import Session


async def undo(session: Session, run_id: str, argument: UndoArguments) -> UndoResult | UndoGoesOn:
    """Undo a run as far as ``argument`` says."""
    undoing = session.tasks.spawn(outcome(session, run_id, argument), name=f"undo {run_id}")
    missing = session.tasks.spawn(session.echoes.missing(), name="owed text")
    try:
        await asyncio.wait((undoing, missing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        missing.cancel()
    if not undoing.done():
        session.tasks.spawn(tell(session, run_id, undoing), name=f"tell of undo {run_id}")
        return UndoGoesOn()
    if isinstance(done := undoing.result(), CoterieError):
        raise done
    return done


async def outcome(session: Session, run_id: str, argument: UndoArguments) -> UndoResult | CoterieError:
    """Undo a run or return why not: a request that cannot be met is no failure of the task."""
    try:
        return await session.application.runs.undo(run_id, scope=argument.scope, ids=argument.ids)
    except CoterieError as refusal:
        return refusal


async def tell(session: Session, run_id: str, undoing: asyncio.Task[UndoResult | CoterieError]) -> None:
    """Tell the end of an undo that was answered before it."""
    done = await undoing
    if isinstance(done, CoterieError):
        session.window.show("error", done.message)
        return
    for conflict in done.conflicts:
        session.window.show("warning", f"{conflict.path} was not taken back: {conflict.reason}")
    if done.restored:
        session.window.log("info", f"Run {run_id} is taken back in {', '.join(done.restored)}.")
