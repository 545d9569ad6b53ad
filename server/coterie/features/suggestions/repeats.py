"""Models that go round in circles: the same piece again and again in a line, the same lines again and again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

TIMES: Final = 3
MOST_LINES: Final = 6
"""Of a piece that repeats."""
LONGEST_LINE: Final = 400
"""A longer one cannot be judged at a glance."""

_SHORT, _SHORT_TIMES = 8, 10
_LONGEST_RUN: Final = 80
"""Of one letter or figure. Numbers and keys that are all zeros have 64."""


def repeated_lines(lines: Sequence[str]) -> int:
    """Return how many lines at the end are mere repetition of those before them; blank ones count for nothing."""
    places = [number for number, line in enumerate(lines) if line.strip()]
    for size in range(1, MOST_LINES + 1):
        if len(places) < TIMES * size:
            break
        latest = [lines[place] for place in places[-TIMES * size :]]
        if latest[:size] * TIMES == latest:
            return len(lines) - 1 - places[-(TIMES - 1) * size - 1]
    return 0


def goes_round(line: str) -> bool:
    """Say whether a line ends with one piece again and again. Tables of numbers, types and rules of dashes do that too, and are none."""
    tail = line.rstrip()[-LONGEST_LINE:]
    if len(tail) > _LONGEST_RUN and tail[-1].isalnum() and tail.endswith(tail[-1] * _LONGEST_RUN):
        return True
    for size in range(2, len(tail) // TIMES + 1):
        piece = tail[-size:]
        times = _SHORT_TIMES if size < _SHORT else TIMES if size > 2 * _SHORT else TIMES + 1
        if len(set(piece)) > 1 and any(map(str.isalpha, piece)) and tail.endswith(piece * times):
            return True
    return False
