"""Continues the line as the same context was continued before, in this file and in the others, the longest context first.

A token's likelihood mixes what came after the last sixteen tokens, the last fifteen, and so on: each length takes a share of what the
longer ones have left, the greater the surer it is (Witten and Bell's escape). `continuations` follows the likeliest beginning until lines
are whole.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from math import exp, log
from typing import Final

import numpy as np

from coterie.predictor.corpus import LAST_LINE_END, LONGEST_CONTEXT, Ids, Stretch
from coterie.predictor.surroundings import Surroundings

_SAMPLE: Final = 64
"""So many places of a stretch are looked at, evenly over it."""
_OWN_WEIGHT: Final = 8.0
"""A place in the cursor's own file counts as so many elsewhere."""
_ESCAPE: Final = 1.0
"""How much each different token speaks for there being others, where Witten and Bell have 1: code repeats itself more than prose."""
_NEGLIGIBLE: Final = 0.04
_LOOKED_BACK: Final = 4
_LEAST: Final = 1e-4
_MOST_STEPS: Final = 64
_MOST_LINES: Final = 9
_MOST_TOKENS: Final = 40
_BRANCHES: Final = 5
_FLOOR: Final = 0.02
"""The least likelihood of a token that one of the two sources alone did not foresee."""
_HOPELESS: Final = 6.0
"""A beginning that is so much less likely, in nats, than the best whole line is given up."""


@dataclass(frozen=True, slots=True)
class Step:
    """What may come next: likelihoods by token. ``order`` is the longest context that was met before, ``seen`` how often.

    ``own_order`` is the longest that was met in the cursor's own file. ``here`` and ``there`` are the shares of what came after the
    longest context in the cursor's file alone, and in the others alone.
    """

    likelihood: dict[int, float]
    order: int
    seen: float
    own_order: int
    here: dict[int, float]
    there: dict[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """A whole rest of the line, from what was begun on, without its ``end``.

    ``logp`` is its likelihood, ``end_logp`` that of its end, ``weakest`` that of its weakest token.
    ``order``, ``seen`` and ``own_order`` are those of the first step, ``least_order`` and ``least_own_order`` the least of all steps.
    ``here`` and ``there`` are its likelihoods by the cursor's file alone and by the others alone; ``rival`` is how likely the first step
    had another token than this one, at most.
    """

    tokens: tuple[int, ...] = ()
    end: int = 0
    logp: float = 0.0
    end_logp: float = 0.0
    weakest: float = 0.0
    order: int = 0
    seen: float = 0.0
    own_order: int = 0
    least_order: int = LONGEST_CONTEXT
    least_own_order: int = LONGEST_CONTEXT
    here: float = 0.0
    there: float = 0.0
    rival: float = 0.0


def continuations(around: Surroundings) -> list[Continuation]:
    """Return whole lines, the likeliest first; one without tokens beyond what was begun says that the line is finished."""
    waiting: list[tuple[float, int, Continuation]] = [(0.0, 0, Continuation())]
    whole: list[Continuation] = []
    born = 0
    for _ in range(_MOST_STEPS):
        if not waiting or len(whole) == _MOST_LINES or (whole and -waiting[0][0] < whole[0].logp - _HOPELESS):
            break
        beginning = heapq.heappop(waiting)[2]
        if beginning.tokens and beginning.tokens[-1] <= LAST_LINE_END:
            whole.append(_without_end(beginning))
            continue
        if len(beginning.tokens) >= _MOST_TOKENS:
            continue
        for longer in _longer(beginning, next_step(around, beginning.tokens)):
            born += 1
            heapq.heappush(waiting, (-longer.logp, born, longer))
    return whole


def familiarity(around: Surroundings) -> float:
    """Return how well the last tokens before the cursor could have been foreseen: the mean of their likelihoods, in nats."""
    known = len(around.context)
    total = 0.0
    for at in range(known - _LOOKED_BACK, known):
        earlier = replace(around, context=around.context[:at], begun="", stream=around.stream[:at])
        total += log(max(_LEAST, next_step(earlier, ()).likelihood.get(around.context[at], 0.0)))
    return total / _LOOKED_BACK


def _without_end(line: Continuation) -> Continuation:
    return replace(line, tokens=line.tokens[:-1], end=line.tokens[-1])


def _longer(beginning: Continuation, step: Step) -> list[Continuation]:
    likeliest = heapq.nlargest(_BRANCHES, step.likelihood.items(), key=lambda item: (item[1], -item[0]))
    first = not beginning.tokens
    return [
        Continuation(
            tokens=(*beginning.tokens, token),
            logp=beginning.logp + log(likelihood),
            end_logp=log(likelihood),
            weakest=min(beginning.weakest, log(likelihood)),
            order=step.order if first else beginning.order,
            seen=step.seen if first else beginning.seen,
            own_order=step.own_order if first else beginning.own_order,
            least_order=min(beginning.least_order, step.order),
            least_own_order=min(beginning.least_own_order, step.own_order),
            here=beginning.here + log(max(_FLOOR, step.here.get(token, 0.0))),
            there=beginning.there + log(max(_FLOOR, step.there.get(token, 0.0))),
            rival=(likeliest[1][1] if len(likeliest) > 1 else 0.0)
            if first and token == likeliest[0][0]
            else likeliest[0][1]
            if first
            else beginning.rival,
        )
        for token, likelihood in likeliest
        if likelihood > exp(-_HOPELESS - 1)
    ]


def next_step(around: Surroundings, more: tuple[int, ...]) -> Step:
    """Mix what came after this context, ``more`` being what has been added to the cursor's own."""
    context = (*around.context[-LONGEST_CONTEXT:], *more)[-LONGEST_CONTEXT:]
    must_fit = not more and bool(around.begun)
    elsewhere = around.corpus.by_token.stretches(context)
    own = around.own_places(around.stream, context)
    likelihood: dict[int, float] = {}
    left, order, seen = 1.0, 0, 0.0
    met = (0, 0)
    shares_here: dict[int, float] = {}
    shares_there: dict[int, float] = {}
    for length in range(max(len(elsewhere), len(own)), 0, -1):
        there = elsewhere[length - 1] if length <= len(elsewhere) else None
        here = own[length - 1] if length <= len(own) else None
        longer, met = met, (0 if there is None else there.high - there.low, 0 if here is None else len(here))
        if longer == met:
            continue  # the same places as of the longer context: they have spoken
        theirs = {} if there is None else _counts_elsewhere(around, there, must_fit=must_fit)
        mine = {} if here is None else _count(around, around.stream[here[-_SAMPLE:] + 1], must_fit=must_fit)
        shares_here = shares_here or _shares(mine)
        shares_there = shares_there or _shares(theirs)
        counts = dict(theirs)
        for token, count in mine.items():
            counts[token] = counts.get(token, 0.0) + _OWN_WEIGHT * count
        if not counts:
            continue
        total = sum(counts.values())
        if not order:
            order, seen = length, total
        share = left * total / (total + _ESCAPE * len(counts))
        for token, count in counts.items():
            likelihood[token] = likelihood.get(token, 0.0) + share * count / total
        left -= share
        if left < _NEGLIGIBLE:
            break
    if left >= _NEGLIGIBLE and must_fit:
        _words_with_this_beginning(around, likelihood, left)
    return Step(likelihood, order, seen, len(own), shares_here, shares_there)


def _shares(counts: dict[int, float]) -> dict[int, float]:
    total = sum(counts.values()) + len(counts)
    return {token: count / total for token, count in counts.items()}


def _counts_elsewhere(around: Surroundings, there: Stretch, *, must_fit: bool) -> dict[int, float]:
    """Count the tokens after the places of other files; line ends count, the files' ends do not."""
    order = around.corpus.by_token
    places = around.elsewhere(order.places[there.low : there.high : max(1, (there.high - there.low) // _SAMPLE)])
    return _count(around, order.stream[places + 1], must_fit=must_fit)


def _count(around: Surroundings, tokens: Ids, *, must_fit: bool) -> dict[int, float]:
    if must_fit:
        tokens = tokens[around.starts_with_begun(tokens)]
    counts: dict[int, float] = {}
    for token in tokens.tolist():
        if token:
            counts[token] = counts.get(token, 0.0) + 1.0
    return counts


def _words_with_this_beginning(around: Surroundings, likelihood: dict[int, float], left: float) -> None:
    """Give what is left to the most frequent tokens that start with what was begun."""
    low, high = around.begun_range
    frequent = around.counts_elsewhere(low, high)
    counts = {int(at) + low: float(frequent[at]) for at in np.argsort(frequent, kind="stable")[-8:] if frequent[at]}
    own, times = np.unique(around.stream[around.starts_with_begun(around.stream)], return_counts=True)
    for token, count in zip(own.tolist(), times.tolist(), strict=True):
        counts[token] = counts.get(token, 0.0) + _OWN_WEIGHT * count
    total = sum(counts.values()) + 1.0
    for token, count in counts.items():
        likelihood[token] = likelihood.get(token, 0.0) + left * count / total
