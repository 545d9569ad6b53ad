"""Whether to show: how likely a candidate is to be exactly the rest of the line. Pure.

Each measure of a candidate adds what its curve in `weights` says, and the logistic function makes a likelihood of the sum. The curves are
learned from places in repositories where the rest of the line is known; ``benchmarks/prediction_gate.py`` learns them again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import exp

from coterie.predictor.weights import BIAS, CURVES


def likelihood(measures: Mapping[str, float]) -> float:
    """Return how likely the candidate with these measures is exactly right."""
    return 1.0 / (1.0 + exp(-(BIAS + sum(_height(measures[name], knots, heights) for name, (knots, heights) in CURVES.items()))))


def _height(value: float, knots: Sequence[float], heights: Sequence[float]) -> float:
    """Return the curve's height at ``value``: straight between its knots, level outside of them."""
    if value <= knots[0]:
        return heights[0]
    if value >= knots[-1]:
        return heights[-1]
    right = bisect_right(knots, value)
    left = right - 1
    return heights[left] + (heights[right] - heights[left]) * (value - knots[left]) / (knots[right] - knots[left])
