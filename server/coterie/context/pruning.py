"""Which old outputs of tools a conversation gives up first. Pure.

``compaction`` calls it when history takes too much of the window. Pruning goes down to a low-water mark: each time the requests that
follow begin differently, so it is done rarely and then frees enough for many calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coterie.base.errors import RunError
from coterie.context.pieces import Part
from coterie.context.window import plan
from coterie.domain.records import OutputPlace
from coterie.domain.window import Piece

NOTE_TOKENS = 50
"""What the sentence in the place of an output costs at most."""


def prunings(parts: Sequence[Part], limit: int) -> tuple[OutputPlace, ...]:
    """Return the outputs to leave out so that ``limit`` tokens hold the rest, the newest kept; all that can go when that does not do.

    Of what is superseded nothing stays: there is nothing in it that is not said anew.
    """
    stale = tuple(part.output for part in parts if part.output is not None and part.superseded)
    return (*stale, *_outputs([part for part in parts if not part.superseded], limit - NOTE_TOKENS * len(stale)))


def _outputs(parts: Sequence[Part], limit: int) -> tuple[OutputPlace, ...]:
    able = [part.output for part in parts if part.output is not None and not part.piece.pinned]
    notes = Piece(piece_id="notes", segment="history", source="", reason="", tokens=NOTE_TOKENS * len(able), pinned=True)
    pieces = [
        replace(part.piece, tokens=max(0, part.piece.tokens - NOTE_TOKENS)) if part.output and not part.piece.pinned else part.piece
        for part in parts
    ]
    try:
        window = plan([*pieces, notes], limit)
    except RunError:
        return tuple(able)
    gone = {left.piece.piece_id for left in window.left_out}
    return tuple(part.output for part in parts if part.output is not None and part.piece.piece_id in gone)


def unseen(parts: Sequence[Part], limit: int) -> tuple[OutputPlace, ...]:
    """Return what is left out last, the largest first, so that ``limit`` tokens hold the rest.

    Outputs that no model has seen, and files that a person attached before: both can be read again.
    """
    over = sum(part.piece.tokens for part in parts) - limit
    gone: list[OutputPlace] = []
    for part in sorted(parts, key=lambda each: each.piece.tokens, reverse=True):
        if over > 0 and part.output is not None and part.piece.pinned:
            gone.append(part.output)
            over -= part.piece.tokens - NOTE_TOKENS
    return tuple(gone)
