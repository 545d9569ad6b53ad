"""Places that have the shape of the cursor's: behind the same shapes, or above a line of the same shapes as the one below the cursor.

`analogy` continues the cursor's line as the lines there go on. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from coterie.predictor.corpus import LAST_LINE_END, ContextOrder, Ids, Stretch
from coterie.predictor.surroundings import Surroundings

LONGEST_LINE: Final = 40
"""In tokens; longer lines are continued by none."""
_SHORTEST: Final = 3
_ENOUGH: Final = 32
"""So many places are compared, those with the longest context of the same shape first."""
_BELOW: Final = 8
"""So many tokens of the line below have to have the same shapes."""
_OWN_WEIGHT: Final = 3.0
"""A place in the cursor's own file counts as so many elsewhere."""


@dataclass(frozen=True, slots=True)
class Spot:
    """``place`` is that of the last token before what goes on there; ``length`` tokens up to it have the shapes of here."""

    stream: Ids
    place: int
    length: int
    weight: float


def spots(around: Surroundings, shapes: list[int]) -> list[Spot]:
    """Return the places behind the ``shapes`` that end at the cursor, those behind most of them first, then those above such a line."""
    before = _behind(around, shapes)
    taken = {(spot.weight, spot.place) for spot in before}
    return before[: 2 * _ENOUGH] + [spot for spot in _above(around) if (spot.weight, spot.place) not in taken]


def _behind(around: Surroundings, shapes: list[int]) -> list[Spot]:
    found: dict[tuple[float, int], Spot] = {}
    own = around.own_places(around.shapes, shapes)
    elsewhere = around.corpus.by_shape.stretches(shapes)
    shortest = _SHORTEST if around.context[-1] else 1  # at a file's beginning there is no more
    for length in range(max(len(own), len(elsewhere)), shortest - 1, -1):
        if length <= len(own):
            for place in around.nearest(own[length - 1])[:_ENOUGH].tolist():
                found.setdefault((_OWN_WEIGHT, place), Spot(around.stream, place, length, _OWN_WEIGHT))
        if length <= len(elsewhere):
            for place in _sample(around, around.corpus.by_shape, elsewhere[length - 1]):
                found.setdefault((1.0, place), Spot(around.corpus.by_token.stream, place, length, 1.0))
        if len(found) >= _ENOUGH:
            break
    return list(found.values())


def _above(around: Surroundings) -> list[Spot]:
    """Return the places in lines that begin with the shapes of the cursor's and stand above one of the shapes below it."""
    below = [int(around.shape_of[token]) for token in around.below[:_BELOW]]
    if len(below) < _SHORTEST:
        return []
    found: list[Spot] = []
    own = around.own_places(around.shapes, below)
    if len(own) == len(below):
        for place in around.nearest(own[-1])[:_ENOUGH].tolist():
            at = _as_far_as_here(around, around.stream, place - len(below))
            if at is not None and at != len(around.context) - 1:
                found.append(Spot(around.stream, at, around.so_far, _OWN_WEIGHT))
    order, stream = around.corpus.by_shape, around.corpus.by_token.stream
    elsewhere = order.stretches(below)
    if len(elsewhere) == len(below):
        for place in _sample(around, order, elsewhere[-1]):
            at = _as_far_as_here(around, stream, place - len(below))
            if at is not None:
                found.append(Spot(stream, at, around.so_far, 1.0))
    return found


def _sample(around: Surroundings, order: ContextOrder, stretch: Stretch) -> list[int]:
    step = max(1, (stretch.high - stretch.low) // _ENOUGH)
    places: list[int] = around.elsewhere(order.places[stretch.low : stretch.high : step]).tolist()
    return places


def _as_far_as_here(around: Surroundings, stream: Ids, end: int) -> int | None:
    """Return the place in the line that ends at ``end`` that is as far in it as the cursor, if it has the same shapes up to there."""
    if end <= 0 or stream[end] > LAST_LINE_END:
        return None
    low = max(0, end - LONGEST_LINE)
    earlier = np.flatnonzero(stream[low:end] <= LAST_LINE_END)
    at = low + int(earlier[-1]) + around.so_far if len(earlier) else end
    if at >= end:
        return None
    there = around.shape_of[stream[at - around.so_far + 1 : at + 1]]
    here = around.shape_of[list(around.context[len(around.context) - around.so_far :])]
    return at if np.array_equal(there, here) else None
