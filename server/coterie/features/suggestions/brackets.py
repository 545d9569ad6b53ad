"""Brackets and quotes that the editor has closed already. Pure.

Editors put the closing half behind the cursor as soon as the opening one is typed. A model closes what it sees open, so the two meet:
`fit` leaves out the model's where it ends with it, and else replaces the editor's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Final

PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
QUOTES: Final = frozenset("\"'`")
CLOSERS: Final = frozenset(PAIRS.values()) | QUOTES


@dataclass(frozen=True, slots=True)
class Fitted:
    """A suggestion's text, and how many characters right of the cursor it replaces."""

    text: str
    covered: int = 0


def fit(text: str, line_before: str, line_after: str) -> Fitted:
    """Return ``text`` as it goes between the two halves of the cursor's line."""
    run = "".join(takewhile(CLOSERS.__contains__, line_after))
    opened = _scan(line_before).opened
    closed = _scan(text, opened[-1:] if opened[-1:] in QUOTES else "").closed
    # As many are too much as are closed more often than the line has opened them.
    surplus = max(0, min(len(run), len(closed), len(closed) + len(run) - len(opened)))
    while surplus and closed[-surplus:] != run[:surplus]:
        surplus -= 1
    if surplus and text.endswith(run[:surplus]):
        return Fitted(text[:-surplus])
    return Fitted(text, surplus)


@dataclass(frozen=True, slots=True)
class _Scanned:
    opened: str
    """What was opened and not closed, the innermost last."""
    closed: str
    """What was closed that had not been opened, in order."""


def _scan(text: str, quote: str = "") -> _Scanned:
    """Walk through ``text``; with ``quote`` it begins inside of a string that this quote opened."""
    opened: list[str] = []
    closed: list[str] = []
    inherited, escaped = quote, False
    for character in text:
        if escaped:
            escaped = False
        elif quote:
            escaped = character == "\\"
            if character == quote:
                closed += inherited
                quote = inherited = ""
            elif character == "\n":
                quote = inherited = ""
        elif character in QUOTES:
            quote = character
        elif character in PAIRS:
            opened.append(character)
        elif character in CLOSERS:
            if opened and PAIRS[opened[-1]] == character:
                opened.pop()
            else:
                closed.append(character)
    return _Scanned("".join(opened) + ("" if inherited else quote), "".join(closed))
