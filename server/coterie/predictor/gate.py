"""Whether to show: how likely a candidate is to be exactly the rest of the line. Pure, but for reading its weights once.

Boosted trees, because measures matter together (a line may end without a colon unless the next one is deeper). All branches of a level ask
the same question, so that a tree is a few questions and a table, and small enough to be read. ``benchmarks/prediction_gate.py`` learns
``weights.json`` from places in repositories where the rest of the line is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tree:
    """The measure and the threshold of each level, and what each leaf adds to the log odds."""

    questions: tuple[tuple[str, float], ...]
    heights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """What was learned. ``shown_from`` is the least likelihood that is shown, ``bias`` the log odds that the trees correct."""

    shown_from: float
    bias: float
    trees: tuple[Tree, ...]

    def likelihood(self, measures: Mapping[str, float]) -> float:
        """Return how likely the candidate with these measures is exactly right."""
        odds = self.bias
        for tree in self.trees:
            leaf = 0
            for name, threshold in tree.questions:
                leaf = 2 * leaf + (measures[name] > threshold)
            odds += tree.heights[leaf]
        return 1.0 / (1.0 + exp(-odds))


@cache
def learned_gate() -> Gate:
    """Return the gate that comes with the package."""
    read = json.loads(Path(__file__).with_name("weights.json").read_text(encoding="utf-8"))
    trees = tuple(Tree(tuple((name, threshold) for name, threshold in tree["questions"]), tuple(tree["heights"])) for tree in read["trees"])
    return Gate(shown_from=read["shown_from"], bias=read["bias"], trees=trees)
