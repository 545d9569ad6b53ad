"""What of other files, and of the far parts of this one, helps to fill a gap: pieces, what each is worth, and the choice among them. Pure.

``features.suggestions.snippets`` finds the texts; here it is decided which names a gap is about (`names_near`), what is shown of a
definition, a place or a text that is like the cursor's own, and what of all that goes to the model (`chosen`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from coterie.context.fill import Gap
from coterie.context.tokens import Calibration

SNIPPET_TOKENS: Final = 1_000
"""All pieces together."""
MOST_NAMES = 6
MOST_PIECES = 8
DEFINITION_LINES = 24
PLACE_LINES = 8
"""Before and behind the line of a place."""
WINDOW_LINES = 20
LONGEST_TEXT = 400_000
"""Characters: a text that is larger is not searched for what is alike."""

_NEAR_BEFORE, _NEAR_AFTER = 1_200, 300
_ALIKE_BEFORE = 600
_LEAST_ALIKE = 0.25
_ABOUT_A_PIECE = 12
"""Tokens that a path takes, and what stands around it."""
_NAME = re.compile(r"[^\W\d]\w{2,}")
_WORD_END = re.compile(r"\w*\Z")
_COMMON = frozenset(
    """abstract and as assert async await bool boolean break case catch char class const constexpr continue def default defer del delete
    do double elif else enum except export extends extern false final finally float fn for from func function global go goto if impl
    implements import in include instanceof int interface is lambda let long match mod module move mut namespace new nil none nonlocal
    not null nullptr operator or override package pass private protected pub public raise range return select self short signed sizeof
    static str string struct super switch template this throw throws trait true try type typedef typeof undefined union unsafe
    unsigned use using var virtual void volatile where while with yield""".split()  # noqa: SIM905 - a literal would have a hundred lines
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some lines of a file; lines count from one. ``worth`` orders pieces, ``reason`` says in words why it is one."""

    path: str
    first: int
    text: str
    worth: float
    reason: str

    @property
    def last(self) -> int:
        """The last line."""
        return self.first + self.text.count("\n")


def names_near(gap: Gap) -> tuple[str, ...]:
    """Return the names around the cursor that may be defined elsewhere, the nearest first; not the word that is being typed."""
    before = _WORD_END.sub("", gap.prefix)[-_NEAR_BEFORE:]
    names = (*reversed(_NAME.findall(before)), *_NAME.findall(gap.suffix[:_NEAR_AFTER]))
    return tuple(dict.fromkeys(name for name in names if name.casefold() not in _COMMON))[:MOST_NAMES]


def definition(path: str, text: str, name: str, lines: tuple[int, int], *, rank: int) -> Piece | None:
    """Return the beginning of a definition; ``rank`` is how near its name is to the cursor. None where the text has changed too much."""
    shown = text.split("\n")[lines[0] - 1 : min(lines[1], lines[0] - 1 + DEFINITION_LINES)]
    if not shown or name not in shown[0]:
        return None
    return Piece(path=path, first=lines[0], text="\n".join(shown), worth=1.0 - 0.05 * rank, reason=f"defines `{name}`")


def place(path: str, text: str, line: int, *, age: int) -> Piece:
    """Return what stands around a line that the person was at; ``age`` counts the places since."""
    lines = text.split("\n")
    first = max(1, min(line, len(lines)) - PLACE_LINES)
    shown = "\n".join(lines[first - 1 : first + 2 * PLACE_LINES])
    return Piece(path=path, first=first, text=shown, worth=0.8 - 0.1 * age, reason="you were there just now")


def alike(gap: Gap, path: str, text: str) -> Piece | None:
    """Return the lines of a text that have most names in common with those before the cursor, if they have enough."""
    here = frozenset(_NAME.findall(gap.prefix[-_ALIKE_BEFORE:])) - _COMMON
    if not here or len(text) > LONGEST_TEXT:
        return None
    lines = text.split("\n")
    windows = range(0, max(1, len(lines) - WINDOW_LINES // 2), WINDOW_LINES // 2)
    found = ((_shared(here, lines[start : start + WINDOW_LINES]), start) for start in windows)
    score, start = max(found, key=lambda each: (each[0], -each[1]))
    if score < _LEAST_ALIKE:
        return None
    shown = "\n".join(lines[start : start + WINDOW_LINES])
    return Piece(path=path, first=start + 1, text=shown, worth=score, reason="is like the code at the cursor")


def chosen(pieces: Iterable[Piece], gap: Gap, calibration: Calibration, tokens: int = SNIPPET_TOKENS) -> tuple[Piece, ...]:
    """Return what to show, what matters most last, within so many tokens: each line once, and none that is around the cursor already."""
    kept: list[Piece] = []
    around = f"{gap.prefix}{gap.suffix}"
    for piece in sorted(pieces, key=lambda piece: -piece.worth):
        cost = calibration.tokens(len(piece.text.encode(errors="replace"))) + _ABOUT_A_PIECE
        is_new = piece.text.strip() and piece.text.strip() not in around and not any(_overlap(piece, other) for other in kept)
        if is_new and cost <= tokens and len(kept) < MOST_PIECES:
            kept.append(piece)
            tokens -= cost
    return tuple(reversed(kept))


def _shared(here: frozenset[str], lines: Sequence[str]) -> float:
    there = frozenset(_NAME.findall("\n".join(lines))) - _COMMON
    return len(here & there) / len(here | there)


def _overlap(one: Piece, other: Piece) -> bool:
    return one.path == other.path and one.first <= other.last and other.first <= one.last


def changed_line(before: str, now: str) -> int | None:
    """Return the last of the lines that are other ones than before, counted from one in the text of now; None when none is."""
    if before == now:
        return None
    old, new = before.split("\n"), now.split("\n")
    same = sum(1 for _ in _equal_from_the_end(old, new))
    return max(1, len(new) - same)


def _equal_from_the_end(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for one, other in zip(reversed(old), reversed(new), strict=False):
        if one != other:
            return
        yield one
