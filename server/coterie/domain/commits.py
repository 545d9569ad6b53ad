"""A commit's message, as clients are given it."""

from __future__ import annotations

from coterie.domain.wire import wire


@wire
class CommitMessage:
    """The answer of ``agent/commit/message``.

    ``model`` wrote it, having read what differs in ``paths``; it was not shown ``withheld``: secrets by their names, and ignored files.
    """

    text: str
    model: str
    paths: tuple[str, ...]
    withheld: tuple[str, ...] = ()
