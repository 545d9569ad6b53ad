"""Plans what fits into a model's window: which pieces are kept, segment by segment, and why the others are not. Pure.

The window without the answer's reserve is the budget. Each segment has a share of it, and a tenth is never planned into: it absorbs the
counting error. What segments do not use is a pool from which the others take in the order task, history, project. The system's pieces and
pinned ones are never cut; when they alone are too large there is no plan.

``pruning`` decides by it which old outputs a conversation gives up, ``admitting`` what goes in with a new message beside what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from coterie.base.errors import RunError
from coterie.domain.window import SEGMENTS, LeftOut, Piece, Segment, Window

SHARES: Mapping[Segment, int] = {"system": 5, "project": 15, "history": 30, "task": 40}
"""Per cent of the budget."""
BUFFER = 10
"""Per cent of the budget that is never planned into."""
BORROWING: tuple[Segment, ...] = ("task", "history", "project")
"""Who takes first of what the others leave."""
DEFAULT_OUTPUT = 8_192
LARGEST_OUTPUT_SHARE = 0.25

_PLANNED = 100 - BUFFER


def input_limit(context_tokens: int, max_output_tokens: int | None) -> int:
    """Return how many tokens a request may have: the window without the answer's reserve, and without the buffer of what remains."""
    reserve = min(max_output_tokens or DEFAULT_OUTPUT, int(context_tokens * LARGEST_OUTPUT_SHARE))
    return (context_tokens - reserve) * _PLANNED // 100


def share(segment: Segment, limit: int) -> int:
    """Return how many of ``limit`` tokens, those of `input_limit`, a segment has before it borrows."""
    return SHARES[segment] * limit // _PLANNED


def plan(pieces: Sequence[Piece], limit: int) -> Window:
    """Keep as many of ``pieces`` as ``limit`` tokens hold, in their order. Raises `RunError` ``context_overflow``.

    Of a segment's pieces those that are divisible share its room first, each as much as it needs or as any other gets. Of the others the
    first ones are kept, of history the newest; behind the first that does not fit none is kept, so that a larger limit never keeps less.
    """
    staying = sum(piece.tokens for piece in pieces if piece.stays)
    if staying > limit:
        text = f"What must be sent needs about {staying:,} tokens, and there is room for {limit:,}."
        raise RunError(text, code="context_overflow")
    rooms = _rooms(pieces, limit, limit * _PLANNED - staying * _PLANNED)
    kept = {place: piece.tokens for place, piece in enumerate(pieces) if piece.stays}
    for segment, room in rooms.items():
        kept.update(_fitting(pieces, segment, room))
    return Window(
        limit=limit,
        pieces=tuple(replace(piece, tokens=kept[place]) for place, piece in enumerate(pieces) if place in kept),
        left_out=tuple(
            LeftOut(piece=piece, reason=_no_room(piece.segment, rooms[piece.segment]))
            for place, piece in enumerate(pieces)
            if place not in kept
        ),
        used={segment: sum(tokens for place, tokens in kept.items() if pieces[place].segment == segment) for segment in SEGMENTS},
    )


def _rooms(pieces: Sequence[Piece], limit: int, left: int) -> dict[Segment, int]:
    """Return how much each segment has for what may be cut.

    In 90ths of a token, in which a share of the limit is a whole number: rounded shares could shrink while the limit grows.
    """
    wanted = {segment: _tokens(pieces, segment, stays=False) * _PLANNED for segment in BORROWING}
    rooms: dict[Segment, int] = {}
    for segment in BORROWING:
        own = max(0, SHARES[segment] * limit - _tokens(pieces, segment, stays=True) * _PLANNED)
        rooms[segment] = min(wanted[segment], own, left)
        left -= rooms[segment]
    for segment in BORROWING:
        borrowed = min(wanted[segment] - rooms[segment], left)
        rooms[segment] += borrowed
        left -= borrowed
    return rooms


def _tokens(pieces: Sequence[Piece], segment: Segment, *, stays: bool) -> int:
    return sum(piece.tokens for piece in pieces if piece.segment == segment and piece.stays == stays)


def _fitting(pieces: Sequence[Piece], segment: Segment, room: int) -> dict[int, int]:
    """Return the places of the pieces of a segment that fit into ``room``, with the tokens that each has."""
    places = [place for place, piece in enumerate(pieces) if piece.segment == segment and not piece.stays]
    fitting: dict[int, int] = {}
    sharing = sorted((place for place in places if pieces[place].divisible), key=lambda place: pieces[place].tokens)
    for number, place in enumerate(sharing):
        tokens = min(pieces[place].tokens, room // _PLANNED // (len(sharing) - number))
        if tokens or not pieces[place].tokens:
            fitting[place] = tokens
        room -= tokens * _PLANNED
    if any(fitting.get(place, 0) < pieces[place].tokens for place in sharing):
        return fitting
    whole = [place for place in places if not pieces[place].divisible]
    for place in reversed(whole) if segment == "history" else whole:
        room -= pieces[place].tokens * _PLANNED
        if room < 0:
            break
        fitting[place] = pieces[place].tokens
    return fitting


def _no_room(segment: Segment, room: int) -> str:
    return f"no room: what may be cut of the {segment} has {room // _PLANNED:,} tokens here"
