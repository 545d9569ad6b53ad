"""``agent/hunk/*`` and ``agent/review/list``: params. What is told of hunks stands in ``domain.reviews``."""

from __future__ import annotations

from coterie.domain.wire import wire


@wire
class HunkParams:
    """Which hunks: single ones, all open ones of changes, or, where none is named, all open ones of the run.

    The run need not be named where hunks or changes of a recent one are. All of them are of one run.
    """

    run_id: str | None = None
    hunk_id: str | None = None
    hunk_ids: tuple[str, ...] | None = None
    change_id: str | None = None
    change_ids: tuple[str, ...] | None = None


@wire
class ReviewListParams:
    """What to list: of a run, or of runs that work in ``folder``; neither: of the client's folders."""

    folder: str | None = None
    run_id: str | None = None
