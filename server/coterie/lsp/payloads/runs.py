"""``agent/run/*``: params, results. A request for a run and what is told of one stand in ``domain.runs``."""

from __future__ import annotations

from coterie.domain.edits import FileDiff
from coterie.domain.events import RunState
from coterie.domain.runs import UndoScope
from coterie.domain.wire import wire
from coterie.lsp.payloads.fields import Count, Offset, Words


@wire
class RunParams:
    """Which run."""

    run_id: str


@wire
class RunListParams:
    """Which runs: those in ``state``, older than the run ``before``."""

    state: RunState | None = None
    limit: Count = 50
    before: str | None = None


@wire
class RunEventsParams:
    """Which events: those with a ``seq`` above ``after``."""

    run_id: str
    after: Offset = 0


@wire
class RunSteerParams:
    """What to say to a run."""

    run_id: str
    text: Words


@wire
class RunSteerResult:
    """The id of the message that the agent will read."""

    message_id: str


@wire
class RunUndoParams:
    """What to take back: the whole run, or the steps, files or hunks in ``ids``."""

    run_id: str
    scope: UndoScope = "run"
    ids: tuple[str, ...] = ()


@wire
class RunDiffParams:
    """Which files of a run; none named: all. With ``texts`` their whole texts are told, too."""

    run_id: str
    paths: tuple[str, ...] = ()
    texts: bool = False


@wire
class RunDiffResult:
    """The run's changes, file by file."""

    files: tuple[FileDiff, ...]
