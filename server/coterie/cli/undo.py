"""``coterie undo RUN``: take back exactly what a run changed, also one of an editor or of an earlier day."""

from __future__ import annotations

from collections.abc import Iterator

from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.audience import QueueAudience
from coterie.cli.opening import opened
from coterie.cli.terminal import Output
from coterie.cli.wiring import Invocation, Wiring
from coterie.cli.wording import Line
from coterie.domain.edits import KEPT_DAYS, UndoResult, words_of_let_go
from coterie.domain.wire import to_wire


async def undo(arguments: Arguments, wiring: Wiring, output: Output) -> int:
    """Undo the run and tell what was restored. A conflict leaves its file as it is and makes the status 1; what was never kept does not."""
    audience = QueueAudience(can_answer=False)
    core = await opened(wiring, Invocation(folder=arguments.folder.absolute(), settings={}, audience=audience), output)
    try:
        result = await core.application.runs.undo(arguments.run_id)
    finally:
        await core.application.aclose()
    output.result(to_wire(result), tuple(undo_lines(result)))
    return exits.FAILED if result.conflicts else exits.OK


def undo_lines(result: UndoResult) -> Iterator[Line]:
    """Tell what an undo did."""
    yield from (Line(f"restored {path}", "good") for path in result.restored)
    yield from (Line(f"left alone: {conflict.path}: {conflict.reason}", "bad") for conflict in result.conflicts)
    yield from (Line(f"not undoable: {left.path}: {left.reason}", "warn") for left in result.not_undoable)
    if result.kept_in is not None:
        yield Line(f"what was taken away of it is kept for up to {KEPT_DAYS} days in {result.kept_in}", "dim")
    if result.let_go:
        yield Line(words_of_let_go(result.let_go), "warn")
    if not (result.restored or result.conflicts or result.not_undoable):
        yield Line("nothing to take back: this run has no changes left", "dim")
