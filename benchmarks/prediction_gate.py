"""Learn the weights of the predictor's gate again: ``python -m benchmarks.prediction_gate REPOSITORY… --write``.

Gradient boosting of trees whose levels ask one question each. What is shown, from which likelihood on, is decided on repositories that the
trees were not learned from: they are learned four times without a quarter of the repositories, before they are learned from all. The
repositories must not be those that `prediction` is then asked to report on.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.prediction_places import places_of, texts_of
from coterie.features.prediction import FolderPredictor

WEIGHTS = Path(__file__).parents[1] / "server" / "coterie" / "predictor" / "weights.json"
PLACES = 1200
SEED = 11
TREES = 80
LEVELS = 4
RATE = 0.15
CAUTION = 20.0
"""As if each leaf had seen so much indecision already."""
BINS = 16
AIM = 0.84
"""The share of what is shown that is to be exactly right where nothing was learned; learned from all, the trees are a little better."""
SHORTEST = 3
FOLDS = 4

Matrix = NDArray[np.float64]
Bins = NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Candidates: their measures by ``names``, whether each was right, at which place, and in which repository."""

    names: list[str]
    values: Matrix
    right: Matrix
    place: Bins
    repository: Bins


@dataclass(frozen=True)
class Tree:
    """The measure's number and the threshold of each level, and what each leaf adds to the log odds."""

    questions: list[tuple[int, float]]
    heights: Matrix

    def __call__(self, values: Matrix) -> Matrix:
        """Return what it says of each candidate."""
        leaf = np.zeros(len(values), np.int64)
        for measure, threshold in self.questions:
            leaf = 2 * leaf + (values[:, measure] > threshold)
        return self.heights[leaf]


def collect(repositories: Sequence[Path], places: int) -> Samples:
    """Ask for candidates at places of every repository."""
    rows: list[dict[str, float]] = []
    facts: list[tuple[float, int, int]] = []
    place_number = 0
    for number, repository in enumerate(repositories):
        predictor = FolderPredictor(repository)
        before = len(facts)
        for place in places_of(texts_of(repository), places, seed=SEED):
            place_number += 1
            for candidate in predictor.candidates(place.path, place.prefix, place.suffix):
                if len(candidate.text.strip()) >= SHORTEST:
                    rows.append(dict(candidate.measures))
                    facts.append((float(candidate.text.rstrip() == place.hidden), place_number, number))
        print(f"{repository.name}: {len(facts) - before} candidates, {sum(fact[0] for fact in facts[before:]):.0f} right", flush=True)
    names = sorted(rows[0])
    right, at, where = (np.array(column) for column in zip(*facts, strict=True))
    return Samples(names, np.array([[row[name] for name in names] for row in rows]), right, at, where)


def learn(values: Matrix, right: Matrix) -> tuple[float, list[Tree]]:
    """Return the log odds to start from and the trees that correct them, one after the other."""
    edges = [np.unique(np.round(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1]), 3)) for column in values.T]
    bins = np.stack([np.searchsorted(edge, column, "left") for edge, column in zip(edges, values.T, strict=True)], axis=1)
    bias = float(np.log(right.mean() / (1 - right.mean())))
    odds = np.full(len(right), bias)
    trees: list[Tree] = []
    for _ in range(TREES):
        likely = 1 / (1 + np.exp(-odds))
        tree = grow(bins, edges, right - likely, likely * (1 - likely))
        odds = odds + tree(values)
        trees.append(tree)
    return round(bias, 4), trees


def grow(bins: Bins, edges: Sequence[Matrix], slope: Matrix, bend: Matrix) -> Tree:
    """Return the tree that corrects most, level by level the question that helps all leaves together the most."""
    leaf = np.zeros(len(bins), np.int64)
    questions: list[tuple[int, float]] = []
    for _ in range(LEVELS):
        gains = [best_split(leaf, bins[:, measure], len(edge), (slope, bend)) for measure, edge in enumerate(edges)]
        measure = max(range(len(gains)), key=lambda number: gains[number][0])
        split = gains[measure][1]
        questions.append((measure, float(edges[measure][split])))
        leaf = 2 * leaf + (bins[:, measure] > split)
    slopes, bends = (np.bincount(leaf, weights, minlength=2**LEVELS) for weights in (slope, bend))
    return Tree(questions, np.asarray(np.round(RATE * slopes / (bends + CAUTION), 4), np.float64))


def best_split(leaf: Bins, column: Bins, edges: int, weights: tuple[Matrix, Matrix]) -> tuple[float, int]:
    """Return how much the best threshold of a measure helps, and its number."""
    bins = edges + 1
    code = leaf * bins + column
    leaves = int(leaf.max()) + 1
    sums = [np.bincount(code, weight, minlength=leaves * bins).reshape(leaves, bins) for weight in weights]
    left = [np.cumsum(total, axis=1)[:, :-1] for total in sums]
    rest = [total.sum(axis=1, keepdims=True) - part for total, part in zip(sums, left, strict=True)]
    gain = (left[0] ** 2 / (left[1] + CAUTION) + rest[0] ** 2 / (rest[1] + CAUTION)).sum(axis=0)
    return (float(gain.max()), int(gain.argmax())) if edges else (0.0, 0)


def judged(samples: Samples, bias: float, trees: Sequence[Tree], chosen: NDArray[np.bool_]) -> list[tuple[float, bool]]:
    """Return the likelihood of the best candidate at each place, and whether it was right."""
    odds = bias + sum(tree(samples.values[chosen]) for tree in trees)
    best: dict[int, tuple[float, bool]] = {}
    for place, likely, right in zip(samples.place[chosen], 1 / (1 + np.exp(-odds)), samples.right[chosen], strict=True):
        if place not in best or likely > best[place][0]:
            best[place] = (float(likely), bool(right))
    return list(best.values())


def threshold(samples: Samples) -> float:
    """Return the least likelihood from which on as much is right as is wanted, in repositories that were not learned from."""
    found: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        unseen = samples.repository % FOLDS == fold
        found += judged(samples, *learn(samples.values[~unseen], samples.right[~unseen]), unseen)
    found.sort(reverse=True)
    shares = np.cumsum([right for _, right in found]) / np.arange(1, len(found) + 1)
    last = int(np.flatnonzero(shares >= AIM)[-1])
    print(f"unseen: {last / len(found):.3f} of the places with candidates are shown, {shares[last]:.3f} of them right")
    return round(found[last][0], 3)


def document(samples: Samples, shown_from: float, bias: float, trees: Sequence[Tree], learned_from: str) -> str:
    """Return the text of the file of the weights, a tree a line."""
    note = f"Written by `python -m benchmarks.prediction_gate --write`, from {len(samples.right):,} candidates at places in {learned_from}."
    lines = [
        json.dumps(
            {
                "questions": [[samples.names[measure], threshold] for measure, threshold in tree.questions],
                "heights": tree.heights.tolist(),
            }
        )
        for tree in trees
    ]
    listed = ",\n    ".join(lines)
    return f'{{\n  "note": {json.dumps(note)},\n  "shown_from": {shown_from},\n  "bias": {bias},\n  "trees": [\n    {listed}\n  ]\n}}\n'


def main() -> None:
    """Parse the command line and learn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prediction_gate", description="Learn the predictor's gate again.")
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--places", type=int, default=PLACES, help="how many in each repository")
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name} instead of printing it")
    arguments = parser.parse_args()
    samples = collect(arguments.repositories, arguments.places)
    shown_from = threshold(samples)
    listed = ", ".join(sorted(repository.resolve().name for repository in arguments.repositories))
    source = document(samples, shown_from, *learn(samples.values, samples.right), listed)
    if arguments.write:
        WEIGHTS.write_text(source, encoding="utf-8")
    else:
        print(source)


if __name__ == "__main__":
    main()
