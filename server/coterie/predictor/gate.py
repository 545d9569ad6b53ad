"""Whether to show: how likely a candidate is to be exactly the rest of the line. Pure.

Boosted trees, because measures matter together (a line may end without a colon unless the next one is deeper). All branches of a level ask
the same question, so that a tree is a few questions and a table, and small enough to be read. ``benchmarks/prediction_gate.py`` learns
`weights` from places in repositories where the rest of the line is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

from coterie.predictor.weights import BIAS, TREES


def likelihood(measures: Mapping[str, float]) -> float:
    """Return how likely the candidate with these measures is exactly right."""
    odds = BIAS
    for questions, heights in TREES:
        leaf = 0
        for name, threshold in questions:
            leaf = 2 * leaf + (measures[name] > threshold)
        odds += heights[leaf]
    return 1.0 / (1.0 + exp(-odds))
