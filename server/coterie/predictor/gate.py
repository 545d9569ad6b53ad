"""Whether to show: how likely a candidate is to be exactly the rest of the line. Pure, but for reading its weights once.

One candidate of a place is right at most, so each takes likelihood from the others. How much speaks for one is told by boosted trees,
because measures matter together (a line may end without a colon unless the next one is deeper). All branches of a level ask the same
question, so that a tree is a few questions and a table, and all trees are asked of all candidates at once.
``benchmarks/prediction_gate.py`` learns ``weights.json`` from places in repositories where the rest of the line is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Gate:
    """What was learned. ``shown_from`` is the least likelihood that is shown, ``bias`` the log odds that the trees correct.

    ``asked`` and ``thresholds`` hold a row for each tree, its levels' measures (by their place in ``names``) and bounds; ``heights`` what
    each leaf adds to the log odds.
    """

    shown_from: float
    bias: float
    names: tuple[str, ...]
    asked: NDArray[np.int64]
    thresholds: NDArray[np.float64]
    heights: NDArray[np.float64]

    def likelihoods(self, measured: Sequence[Mapping[str, float]]) -> list[float]:
        """Return how likely each of the candidates with these measures, all those of one place, is exactly right."""
        values = np.array([[measures[name] for name in self.names] for measures in measured]).reshape(-1, len(self.names))
        log_odds = self.bias + tree_sums(values, self.asked, self.thresholds, self.heights)
        likely: list[float] = shares(log_odds, np.zeros(len(measured), np.int64)).tolist()
        return likely


def tree_sums(
    values: NDArray[np.float64], asked: NDArray[np.int64], thresholds: NDArray[np.float64], heights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what all trees together say of each row of values."""
    levels = asked.shape[1]
    leaves = (values[:, asked] > thresholds) @ (1 << np.arange(levels - 1, -1, -1))
    sums: NDArray[np.float64] = heights[np.arange(len(heights)), leaves].sum(axis=1)
    return sums


def shares(log_odds: NDArray[np.float64], place: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how likely each candidate is right when one is at most at its ``place``, by the log odds of each against none."""
    odds = np.exp(log_odds)
    likely: NDArray[np.float64] = odds / (1.0 + np.bincount(place, odds))[place]
    return likely


@cache
def learned_gate() -> Gate:
    """Return the gate that comes with the package."""
    read: dict[str, Any] = json.loads(Path(__file__).with_name("weights.json").read_text(encoding="utf-8"))
    number = {name: at for at, name in enumerate(read["names"])}
    return Gate(
        shown_from=read["shown_from"],
        bias=read["bias"],
        names=tuple(read["names"]),
        asked=np.array([[number[name] for name, _ in tree["questions"]] for tree in read["trees"]], np.int64),
        thresholds=np.array([[threshold for _, threshold in tree["questions"]] for tree in read["trees"]]),
        heights=np.array([tree["heights"] for tree in read["trees"]]),
    )
