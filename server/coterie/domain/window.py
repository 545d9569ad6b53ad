"""What a model's window holds, piece by piece, as the planner decides it and the inspector shows it.

``context.window`` plans a `Window` of `Piece`s; ``features`` tell it to whoever asks what an agent sees. A piece is the smallest thing that
is kept or left out as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from coterie.domain.wire import wire

Segment: TypeAlias = Literal["system", "project", "history", "task"]
SEGMENTS: tuple[Segment, ...] = get_args(Segment)


@wire
class Piece:
    """One part of what a model reads.

    ``source`` is where it comes from (``rules:AGENTS.md``, ``tool:read_file``), ``reason`` says in words why it is there. A ``pinned``
    piece is never left out, nor is one of the system segment. A ``divisible`` one may be kept in part.
    """

    piece_id: str
    segment: Segment
    source: str
    reason: str
    tokens: int
    pinned: bool = False
    divisible: bool = False

    @property
    def stays(self) -> bool:
        """Whether it is never left out."""
        return self.pinned or self.segment == "system"


@wire
class LeftOut:
    """A piece that the model does not see, and why not."""

    piece: Piece
    reason: str


@wire
class Window:
    """What fits into ``limit`` tokens, in the order in which it was given. ``used`` are the tokens of each segment.

    Of a piece that is kept in part the tokens are those that it has room for.
    """

    limit: int
    pieces: tuple[Piece, ...]
    left_out: tuple[LeftOut, ...]
    used: Mapping[Segment, int]

    @property
    def tokens(self) -> int:
        """All that it holds."""
        return sum(self.used.values())
