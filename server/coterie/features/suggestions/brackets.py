"""Brackets and quotes: which are open, and which the editor has closed already. Pure.

Editors put the closing half behind the cursor as soon as the opening one is typed. A model closes what it sees open, so the two meet:
`fit` leaves out the model's where it ends with it, and else replaces the editor's. `awaited` says how far a text closes only what is open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Final

from coterie.context.fill import Gap

PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
INTERPOLATIONS: Final = frozenset(("${", "#{", "$("))
"""What opens code in a string, in which the string's own quotes are others again."""
QUOTES: Final = frozenset("\"'`")
CLOSERS: Final = frozenset(PAIRS.values()) | QUOTES

_MARKS = re.compile(r"""\\.|(?<!\w)b?r\#+"|"\#+|\"{3}|'{3}|["'`()\[\]{}\n]""", re.DOTALL)
_STRING_PREFIX = re.compile(r"(?:^|\W)(?:[bBfFrRuUtTLR]|[bBfFtT][rR]|[rR][bBfFtT]|u8)$")
_LIFETIMES_BEGUN = re.compile(r"\s*'[a-z_]\w*(?![\w'])[^>\"]*,\s*$")
_BOUND = re.compile(r"(?:\b(?:dyn|impl)\b[^\"']*|\b[A-Z]\w*:\s*[A-Z?][\w:<>?+ ]*|'[a-z_]\w*:[^\"';]*)\+\s*$")
_LIFETIME_NAME = re.compile(r"'[a-z_]\w*\b(?!')")
_AHEAD_OF_STRING: Final = 3
_AHEAD: Final = 80
"""Characters of a line that are looked at for what a mark is."""
_BARS_OPENED = re.compile(r"(?:[({\[=,]|\bmove|\bdo|\breturn)\s*\|[^|]*$")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A suggestion's text, and how many characters right of the cursor it replaces."""

    text: str
    covered: int = 0


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a text leaves open, and what it closes that it had not opened."""

    opened: tuple[str, ...]
    """The innermost last."""
    closed: tuple[tuple[int, str], ...]
    """Where in the text, and what, in order."""
    own: int
    """How many of those that are left open it has opened itself."""


def fit(text: str, line_before: str, line_after: str) -> Fitted:
    """Return ``text`` as it goes between the two halves of the cursor's line."""
    half = _half_of_its_own(line_before)
    if half and line_after.startswith(half) and half in text:
        return _fit_around(half, text, line_before, line_after)
    inside = len(line_after) - len(line_after.lstrip(" "))  # some editors put blanks between the two halves
    run = "".join(takewhile(CLOSERS.__contains__, line_after[inside:]))
    if not run:
        return Fitted(text)
    opened = "".join(mark[-1] if mark in INTERPOLATIONS else mark for mark in open_behind(line_before))
    walked = scan(text, line_before)
    closed = "".join(mark for _, mark in walked.closed)
    if walked.own and "".join(PAIRS.get(mark[-1], mark) for mark in reversed(walked.opened)).startswith(run):
        return Fitted(text)  # the editor's halves close what the text has opened
    # As many are too much as are closed more often than the line has opened them.
    surplus = max(0, min(len(run), len(closed), len(closed) + len(run) - len(opened)))
    while surplus and closed[-surplus:] != run[:surplus]:
        surplus -= 1
    if surplus and text.endswith(run[:surplus]):
        return Fitted(text[:-surplus].rstrip() if inside else text[:-surplus])
    return Fitted(text, 0 if inside else surplus)


def _half_of_its_own(line_before: str) -> str:
    """Return what closes parameters between bars or a raw string (``r#"``), if one of them is open; they are no brackets elsewhere."""
    if _BARS_OPENED.search(line_before) is not None:
        return "|"
    opened = open_behind(line_before)
    return opened[-1] if opened and opened[-1].startswith('"#') else ""


def _fit_around(half: str, text: str, line_before: str, line_after: str) -> Fitted:
    """Fit a text that has the closing half in it which the editor has set already."""
    head, _, tail = text.partition(half)
    if not tail.strip():
        return Fitted(head)
    behind = fit(tail, line_before + head + half, line_after[len(half) :])
    return Fitted(head + half + behind.text, len(half) + behind.covered)


def awaited(text: str, gap: Gap) -> int:
    """Return how many characters of ``text`` there are before the first round or square bracket that closes nothing which is open.

    Braces are left to the indentation: what they close is often out of sight.
    """
    open_before = open_behind(gap.prefix)
    left = {}
    for opener in "([":
        # Brackets in strings and comments mislead the one count or the other: the greater one takes nothing away that is needed.
        seen = max(open_before.count(opener), gap.prefix.count(opener) - gap.prefix.count(PAIRS[opener]))
        left[PAIRS[opener]] = seen - (0 if gap.line_after.strip() else _closed_below(gap, PAIRS[opener]))
    for place, mark in scan(text, gap.line_before).closed:
        if mark in left:
            left[mark] -= 1
            if left[mark] < 0:
                return place
    return len(text)


def scan(text: str, before: str = "") -> Scanned:
    """Walk through ``text``, which stands right behind ``before``.

    Braces in strings are followed as if they held code (``{name}``): what is not closed there ends with its string.
    """
    opened = open_behind(before) if before else ()
    walk = _Walk(list(opened), len(opened), [depth for depth, mark in enumerate(opened) if mark[0] in QUOTES])
    ahead = before[-_AHEAD:].rpartition("\n")[2]  # whether a mark is a quote is told by what stands before it
    whole = ahead + text
    for found in _MARKS.finditer(text):
        walk.meet(found.group(), whole, len(ahead) + found.start())
    closed = tuple((place - len(ahead), mark) for place, mark in walk.closed)
    return Scanned(tuple(walk.stack), closed, len(walk.stack) - walk.inherited)


@lru_cache(maxsize=8)
def open_behind(text: str) -> tuple[str, ...]:
    """Return what is open behind a text, the innermost last; asked for with each piece of an answer."""
    return scan(text).opened


@dataclass(slots=True)
class _Walk:
    """What is open at one place of a text; the first ``inherited`` of the stack were open before it, and at ``quotes`` strings are."""

    stack: list[str]
    inherited: int
    quotes: list[int]
    closed: list[tuple[int, str]] = field(default_factory=list)

    def meet(self, mark: str, text: str, place: int) -> None:
        """Take the next mark into account."""
        quote = self.quotes[-1] if self.quotes else None
        if mark[0] in "br":
            if quote is None:
                self._open(mark[mark.index("#") :][::-1])
                return
            place, mark = place + len(mark) - 1, '"'
        if mark == "\n":
            if quote is not None and self.stack[quote] in ("'", '"'):
                self._drop(quote)
        elif (
            quote is not None and mark[0] == self.stack[quote][0] and len(self.stack[quote]) <= len(mark) and not self._interpolates(quote)
        ):
            self._close(quote, mark, place)
        elif quote == len(self.stack) - 1:
            if (opening := text[max(0, place - 1) : place + 1]) in INTERPOLATIONS:
                self.stack.append(opening)
            elif mark in ("{", "\\("):
                self.stack.append(mark[-1])  # an interpolation, or else it ends with the string
        else:
            self._meet_in_code(mark, text, place, in_string=quote is not None)

    def _meet_in_code(self, mark: str, text: str, place: int, *, in_string: bool) -> None:
        if mark[0] in QUOTES:
            if not _is_apostrophe(text, place, mark):
                self._open(mark.rstrip("#"))
        elif mark in PAIRS:
            self.stack.append(mark)
        elif self.stack and PAIRS.get(self.stack[-1][-1]) == mark:
            self._close(len(self.stack) - 1, mark, place)
        elif mark[0] != "\\" and not in_string:
            self.closed.append((place, mark))

    def _open(self, mark: str) -> None:
        self.quotes.append(len(self.stack))
        self.stack.append(mark)

    def _interpolates(self, quote: int) -> bool:
        return self.stack[quote + 1 : quote + 2] != [] and self.stack[quote + 1] in INTERPOLATIONS

    def _close(self, depth: int, mark: str, place: int) -> None:
        if depth < self.inherited:
            self.closed.append((place, mark))
        self._drop(depth)

    def _drop(self, depth: int) -> None:
        del self.stack[depth:]
        while self.quotes and self.quotes[-1] >= depth:
            self.quotes.pop()
        self.inherited = min(self.inherited, depth)


def _is_apostrophe(text: str, place: int, mark: str) -> bool:
    """Say whether a mark that looks like a quote is part of a word, or of a name as lifetimes have them."""
    if mark != "'":
        return False
    ahead = text[max(0, place - _AHEAD) : place].rpartition("\n")[2]
    if not ahead:
        return False
    if ahead[-1].isalnum() or ahead[-1] == "_":
        return _STRING_PREFIX.search(ahead[-_AHEAD_OF_STRING:]) is None
    return _LIFETIME_NAME.match(text, place) is not None and _awaits_lifetime(ahead)


def _awaits_lifetime(ahead: str) -> bool:
    """Say whether a line ends with a reference, in the parameters of a type or in its bounds; behind other signs a string begins."""
    if ahead.endswith(("&", "<")):
        return not ahead.endswith("&&")
    mark = ahead.rstrip()[-1:]
    parameters = ahead[ahead.rfind("<") + 1 :] if "<" in ahead else None
    if mark == ",":
        return parameters is not None and _LIFETIMES_BEGUN.match(parameters) is not None
    if mark == "+":
        is_parameter = parameters is not None and not any(sign in parameters for sign in ">\"'")
        return is_parameter or _BOUND.search(ahead) is not None
    return False


def _closed_below(gap: Gap, closer: str) -> int:
    return "".join(takewhile(CLOSERS.__contains__, gap.below.lstrip())).count(closer)
