"""How much is sent of the files that a person has pinned: all of them, and in a small window how each begins. Pure.

They come again whenever a summary has taken the place of what held them. Were they as large as what is attached once may be, there would be
no room for a conversation beside them, and a summary with every second message. `agents.beginning` and `agents.inspection` fit them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coterie.context.cutting import bounded
from coterie.context.task import Excerpt
from coterie.context.tokens import Calibration
from coterie.context.window import plan
from coterie.domain.window import Piece

PINNED_PART = 4
"""Pinned files have one part in so many of a request, all together."""
_USUAL = Calibration()


def fitted(files: Sequence[Excerpt], limit: int | None) -> tuple[Excerpt, ...]:
    """Return as much of each file as there is room for in requests of ``limit`` tokens; all of them where nobody knows a limit."""
    if limit is None:
        return tuple(files)
    # As they stand in a message, so that what is cut says of the same text how long it was as what is not.
    texts = [file.text.rstrip() for file in files]
    wanted = [_USUAL.tokens(len(text.encode("utf-8", "surrogatepass"))) for text in texts]
    pieces = [
        Piece(piece_id=str(number), segment="task", source="", reason="", tokens=tokens, divisible=True)
        for number, tokens in enumerate(wanted)
    ]
    room = {piece.piece_id: piece.tokens for piece in plan(pieces, limit // PINNED_PART).pieces}
    return tuple(
        replace(file, text=bounded(texts[number], len(texts[number]) * room.get(str(number), 0) // max(1, wanted[number])))
        for number, file in enumerate(files)
    )
