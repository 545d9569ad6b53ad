"""Find where a text stands in a file, or what comes closest to it when it does not."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import accumulate

from coterie.base.text import bare_lines

_MAX_LINES = 20_000
_MIN_LIKENESS = 0.4
_FULLY_COMPARED = 40


def places_of(piece: str, text: str) -> list[int]:
    """Return the offsets of all occurrences, overlapping ones too: a person could not tell which of them was meant either."""
    places, at = list[int](), text.find(piece)
    while at >= 0:
        places.append(at)
        at = text.find(piece, at + 1)
    return places


def closest_region(piece: str, text: str) -> str:
    """Return a sentence with the lines of ``text`` that are most like ``piece``, as they really are."""
    wanted, lines = bare_lines(piece), bare_lines(text)
    if not lines:
        return "The file is empty."
    start, likeness = _most_alike(wanted, lines[:_MAX_LINES])
    if likeness < _MIN_LIKENESS:
        return f"Nothing like it is there; the file has {len(lines)} lines. Read it first."
    end = min(start + len(wanted), len(lines))
    region = "\n".join(lines[start:end])
    return f"The closest text there, lines {start + 1}-{end}, is:\n{region}"


def _most_alike(wanted: list[str], lines: list[str]) -> tuple[int, float]:
    """Return where the window of ``lines`` begins that is most like ``wanted``, and how much (0 to 1).

    Windows are ranked by the words they share; the best of them are compared by their characters, in time that grows with the text only.
    """
    words = set(" ".join(wanted).split())
    size = max(len(wanted), 1)
    shared = [0, *accumulate(len(words.intersection(line.split())) for line in lines)]
    starts = range(max(len(lines) - size, 0) + 1)
    ranked = sorted(starts, key=lambda start: shared[start] - shared[min(start + size, len(lines))])[:_FULLY_COMPARED]
    target = "\n".join(line.strip() for line in wanted)
    scored = (
        (SequenceMatcher(None, "\n".join(line.strip() for line in lines[at : at + size]), target, autojunk=False).quick_ratio(), -at)
        for at in ranked
    )
    likeness, negated = max(scored)
    return -negated, likeness
