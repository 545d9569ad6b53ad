"""Gradient boosting of trees whose levels ask one question each: what `retrieval_forest` and `prediction_gate` learn with.

Each tree looks at a part of the rows and of the measures, so that they do not all learn the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Numbers = NDArray[np.int64]
Derivatives = Callable[[Matrix], tuple[Matrix, Matrix]]
"""For the scores so far, how much each is too low, and how sure that is: the first derivative of the loss, turned round, and the second."""


@dataclass(frozen=True)
class Growth:
    """How trees are grown. ``caution`` is as if each leaf had seen so much indecision already."""

    trees: int
    levels: int
    rate: float
    caution: float
    bins: int = 32
    rows_seen: float = 0.5
    measures_seen: float = 0.4
    seed: int = 21


@dataclass(frozen=True)
class Grown:
    """A tree: the measures, by their columns, and bounds of its levels, and what each leaf adds."""

    asked: tuple[tuple[int, float], ...]
    heights: Matrix

    def sums(self, values: Matrix) -> Matrix:
        """Return what the tree adds to each row."""
        leaf = np.zeros(len(values), np.int64)
        for measure, bound in self.asked:
            leaf = 2 * leaf + (values[:, measure] > bound)
        sums: Matrix = self.heights[leaf]
        return sums

    def named(self, names: Sequence[str]) -> dict[str, list[tuple[str, float]] | list[float]]:
        """Return the tree as the product reads it, with the measures by name."""
        return {"questions": [(names[measure], bound) for measure, bound in self.asked], "heights": self.heights.tolist()}


def boost(values: Matrix, scores: Matrix, derivatives: Derivatives, growth: Growth) -> list[Grown]:
    """Learn trees one after the other, each from what the ``scores`` and those before it got wrong."""
    chance = np.random.default_rng(growth.seed)
    edges = [np.unique(np.quantile(column, np.linspace(0, 1, growth.bins + 1)[1:-1]).round(4)) for column in values.T]
    bins = [np.searchsorted(edge, column, "left") for edge, column in zip(edges, values.T, strict=True)]
    scores = scores.copy()
    trees: list[Grown] = []
    for _ in range(growth.trees):
        missing, bend = derivatives(scores)
        rows = np.flatnonzero(chance.random(len(values)) < growth.rows_seen)
        measures = chance.choice(len(edges), int(growth.measures_seen * len(edges)), replace=False)
        seen = {int(measure): (bins[measure][rows], len(edges[measure])) for measure in measures if len(edges[measure])}
        asked, heights = _grow(seen, missing[rows], bend[rows], growth)
        leaf = np.zeros(len(values), np.int64)
        for measure, split in asked:
            leaf = 2 * leaf + (bins[measure] > split)
        scores += heights[leaf]
        trees.append(Grown(tuple((measure, float(edges[measure][split])) for measure, split in asked), heights))
    return trees


def sum_of(trees: Sequence[Grown], values: Matrix) -> Matrix:
    """Return what trees together add to each row."""
    sums = np.zeros(len(values))
    for tree in trees:
        sums += tree.sums(values)
    return sums


def _grow(seen: dict[int, tuple[Numbers, int]], missing: Matrix, bend: Matrix, growth: Growth) -> tuple[list[tuple[int, int]], Matrix]:
    """Return the questions of the tree that corrects most, level by level the one that helps all leaves together, and its leaves."""
    leaf = np.zeros(len(missing), np.int64)
    asked: list[tuple[int, int]] = []
    for level in range(growth.levels):
        found = {measure: _best_split(leaf, 2**level, column, (missing, bend), growth.caution) for measure, column in seen.items()}
        measure = max(found, key=lambda number: found[number][0])
        split = found[measure][1]
        asked.append((measure, split))
        leaf = 2 * leaf + (seen[measure][0] > split)
    sums, bends = (np.bincount(leaf, weights, minlength=2**growth.levels) for weights in (missing, bend))
    return asked, np.asarray(np.round(growth.rate * sums / (bends + growth.caution), 4), np.float64)


def _best_split(leaf: Numbers, leaves: int, column: tuple[Numbers, int], weights: Sequence[Matrix], caution: float) -> tuple[float, int]:
    """Return how much the best bound of a measure helps, and its number."""
    bins = column[1] + 1
    code = leaf * bins + column[0]
    sums = [np.bincount(code, weight, minlength=leaves * bins).reshape(leaves, bins) for weight in weights]
    low = [np.cumsum(total, axis=1)[:, :-1] for total in sums]
    high = [total.sum(axis=1, keepdims=True) - part for total, part in zip(sums, low, strict=True)]
    gain = (low[0] ** 2 / (low[1] + caution) + high[0] ** 2 / (high[1] + caution)).sum(axis=0)
    return float(gain.max()), int(gain.argmax())
