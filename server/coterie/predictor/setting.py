"""How alike the wider text around a place is where a candidate stood before: the names above and below it, whatever their order.

`measures` asks for each candidate. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coterie.predictor.corpus import SHAPE_OFFSET, Ids
from coterie.predictor.surroundings import Surroundings
from coterie.predictor.tokens import tokens_of

_ABOVE: Final = 80
_BELOW: Final = 40
"""Tokens that are compared on each side."""
_ENOUGH: Final = 12
_LEAD_IN: Final = 3


@dataclass(frozen=True, slots=True)
class Setting:
    """What each rare name above, and below, counts: the rarer, the more. ``ends`` holds the tokens that may end this line."""

    around: Surroundings
    above: dict[int, float]
    below: dict[int, float]
    ends: tuple[int, ...]


def setting(around: Surroundings, ends: tuple[int, ...]) -> Setting:
    """Read the names around the cursor once for all candidates."""
    at = len(around.context)
    counts = np.bincount(around.stream, minlength=len(around.shape_of))
    known = len(around.corpus.vocabulary)
    counts[:known] += around.counts_elsewhere(0, known)
    return Setting(
        around=around,
        above=_weights(around, around.stream[max(0, at - _ABOVE) : at], counts),
        below=_weights(around, around.stream[at + 1 : at + 1 + _BELOW], counts),
        ends=ends,
    )


def of_setting(here: Setting, text: str) -> dict[str, float]:
    """Return which part of the names around the cursor is around the place that is most like it, and how many places there are."""
    around = here.around
    tokens = [around.number(token) for token in tokens_of(around.begun + text)]
    lines = [[*around.context[-_LEAD_IN:], *tokens, end] for end in here.ends]
    best_above = best_below = best = 0.0
    for stream, place in chain.from_iterable(_places(around, line, len(tokens)) for line in lines):
        start = max(0, place - len(tokens))
        above = _shared(here.above, reversed(stream[max(0, start - _ABOVE) : start].tolist()))
        below = _shared(here.below, stream[place + 1 : place + 1 + _BELOW].tolist())
        best_above, best_below, best = max(best_above, above), max(best_below, below), max(best, above + below)
    return {"setting_above": best_above, "setting_below": best_below, "setting": best}


def _weights(around: Surroundings, tokens: Ids, counts: NDArray[np.int64]) -> dict[int, float]:
    found = {token for token in tokens.tolist() if around.shape_of[token] < SHAPE_OFFSET}
    weights = {token: 1.0 / log(3.0 + int(counts[token])) for token in found}
    total = sum(weights.values()) or 1.0
    return {token: weight / total for token, weight in weights.items()}


def _shared(weights: dict[int, float], there: Iterable[int]) -> float:
    """Return what those names count together that are there, up to the file's end."""
    return sum(weights[token] for token in weights.keys() & set(takewhile(bool, there)))


def _places(around: Surroundings, line: Sequence[int], least: int) -> list[tuple[Ids, int]]:
    order = around.corpus.by_token
    stretches = order.stretches(line)
    found: list[tuple[Ids, int]] = []
    for stretch in reversed(stretches[least:]):
        places = around.elsewhere(order.places[stretch.low : stretch.high : max(1, (stretch.high - stretch.low) // _ENOUGH)])
        if len(places):
            found += [(order.stream, place) for place in places[:_ENOUGH].tolist()]
            break
    own = around.own_places(around.stream, line)
    if len(own) > least:
        found += [(around.stream, place) for place in around.nearest(own[-1])[:_ENOUGH].tolist()]
    return found
