"""Which edits of a run are halves of one move, and where a file went that was moved: the file that came, and the one that went. Pure.

`agents.verdicts` decides about both halves together, and `agents.minutes` journals what becomes of a text wherever it is by now.
"""

from __future__ import annotations

from collections.abc import Sequence

from coterie.agents.history import Edit, History


def moves_since(history: History, edit: Edit) -> Sequence[tuple[Edit, Edit]]:
    """Return the moves that the run has made with a change's file since, each as the file that came and the one that went."""
    moves, uri, since = [], edit.intent.uri, False
    for later in history.edits.values():
        since |= later is edit
        if since and later.state == "applied" and later.intent.moved_from == uri and (halves := halves_of(history, later)) is not None:
            moves.append(halves)
            uri = later.intent.uri
    return moves


def halves_of(history: History, edit: Edit) -> tuple[Edit, Edit] | None:
    """Return the move that an edit is half of: the file that came and the one that went."""
    beside = [other for other in history.edits.values() if other.intent.call_id == edit.intent.call_id and other is not edit]
    for other in beside:
        if other.intent.moved_from == edit.intent.uri:
            return other, edit
        if edit.intent.moved_from == other.intent.uri:
            return edit, other
    return None


def other_half(history: History, change_id: str) -> frozenset[str]:
    """Return the hunks that cannot be decided without those of this change: those of the other half of a move."""
    halves = halves_of(history, edit) if (edit := history.edits.get(change_id)) is not None else None
    others = [half.intent.change_id for half in halves or () if half is not edit]
    return frozenset(hunk_id for other in others for hunk_id in history.hunk_ids(other))
