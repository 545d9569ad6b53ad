"""``agent/commit/message`` and the command of the same purpose: params."""

from __future__ import annotations

from coterie.domain.wire import wire


@wire
class CommitMessageParams:
    """Which workspace folder's commit, by its URI; the only one by default. With ``staged`` false all that is not committed yet."""

    folder: str | None = None
    staged: bool = True
