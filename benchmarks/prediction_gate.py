"""Learn the weights of the predictor's gate again: ``python -m benchmarks.prediction_gate REPOSITORY… --write``.

Gradient boosting of trees whose levels ask one question each; each tree looks at a part of the candidates and of the measures, so that
they do not all learn the same. The candidates of a place are learned against each other, as one is right at most. What is shown, from
which likelihood on, is decided on repositories that the trees were not learned from: they are learned four times without a quarter of the
repositories, before they are learned from all. The repositories must not be those that `prediction` is then asked to report on.
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
from coterie.predictor.gate import shares, tree_sums

WEIGHTS = Path(__file__).parents[1] / "server" / "coterie" / "predictor" / "weights.json"
PLACES = 210
SEED = 21
TREES = 700
LEVELS = 5
RATE = 0.05
CAUTION = 20.0
"""As if each leaf had seen so much indecision already."""
BINS = 32
ROWS_SEEN = 0.35
MEASURES_SEEN = 0.25
AIM = 0.855
"""The share of what is shown that is to be exactly right where `SHORTEST` characters are hidden, in repositories not learned from.

Fewer are surer.
"""
SHORTEST = 3
FOLDS = 4

Matrix = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Candidates: their measures by ``names``, whether each was right, at which place, and in which repository.

    Of the places, ``hidden`` says how many characters there were to predict, none at finished lines.
    """

    names: list[str]
    values: Matrix
    right: Matrix
    place: Numbers
    repository: Numbers
    hidden: Numbers


@dataclass(frozen=True)
class Forest:
    """The log odds to start from, and a row for each tree: the measures and thresholds of its levels, and what each leaf adds."""

    bias: float
    asked: Numbers
    thresholds: Matrix
    heights: Matrix

    def likelihoods(self, values: Matrix, place: Numbers) -> Matrix:
        """Return how likely each candidate is right."""
        parts = np.array_split(values, max(1, len(values) // 2_000))
        log_odds = np.concatenate([tree_sums(part, self.asked, self.thresholds, self.heights) for part in parts])
        return shares(self.bias + log_odds, place)


def collect(repositories: Sequence[Path], places: int) -> Samples:
    """Ask for candidates at places of every repository."""
    names: list[str] = []
    rows: list[list[float]] = []
    facts: list[tuple[float, int, int]] = []
    hidden: list[int] = []
    for number, repository in enumerate(repositories):
        predictor = FolderPredictor(repository)
        before = len(facts)
        for place in places_of(texts_of(repository), places, seed=SEED):
            for candidate in predictor.candidates(place.path, place.prefix, place.suffix):
                if candidate.text.strip():
                    names = names or sorted(candidate.measures)
                    rows.append([candidate.measures[name] for name in names])
                    facts.append((float(candidate.text.rstrip() == place.hidden), len(hidden), number))
            hidden.append(len(place.hidden))
        print(f"{repository.name}: {len(facts) - before} candidates, {sum(fact[0] for fact in facts[before:]):.0f} right", flush=True)
    right, at, where = (np.array(column) for column in zip(*facts, strict=True))
    return Samples(names, np.array(rows), right, at, where, np.array(hidden))


def learn(values: Matrix, right: Matrix, place: Numbers) -> Forest:
    """Learn trees one after the other, each from what those before it got wrong."""
    chance = np.random.default_rng(SEED)
    edges = [np.unique(np.round(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1]), 3)) for column in values.T]
    bins = [np.searchsorted(edge, column, "left") for edge, column in zip(edges, values.T, strict=True)]
    bias = round(float(np.log(right.mean() / (1 - right.mean()))), 4)
    log_odds = np.full(len(right), bias)
    trees: list[tuple[list[int], list[float], Matrix]] = []
    for _ in range(TREES):
        likely = shares(log_odds, place)
        rows = chance.choice(len(right), int(ROWS_SEEN * len(right)), replace=False)
        measures = chance.choice(len(edges), int(MEASURES_SEEN * len(edges)), replace=False)
        slope, bend = (right - likely)[rows], (likely * (1 - likely))[rows]
        seen = {int(measure): (bins[measure][rows], edges[measure]) for measure in measures if len(edges[measure])}
        asked, heights = grow(seen, slope, bend)
        leaf = np.zeros(len(right), np.int64)
        for measure, split in asked:
            leaf = 2 * leaf + (bins[measure] > split)
        log_odds += heights[leaf]
        trees.append(([measure for measure, _ in asked], [float(edges[measure][split]) for measure, split in asked], heights))
    asked_of_all, thresholds, heights_of_all = zip(*trees, strict=True)
    return Forest(bias, np.array(asked_of_all), np.array(thresholds), np.array(heights_of_all))


def grow(seen: dict[int, tuple[Numbers, Matrix]], slope: Matrix, bend: Matrix) -> tuple[list[tuple[int, int]], Matrix]:
    """Return the questions of the tree that corrects most, level by level the one that helps all leaves together, and its leaves."""
    leaf = np.zeros(len(slope), np.int64)
    questions: list[tuple[int, int]] = []
    for _ in range(LEVELS):
        gains = {measure: best_split(leaf, column, len(edges), (slope, bend)) for measure, (column, edges) in seen.items()}
        measure = max(gains, key=lambda number: gains[number][0])
        split = gains[measure][1]
        questions.append((measure, split))
        leaf = 2 * leaf + (seen[measure][0] > split)
    slopes, bends = (np.bincount(leaf, weights, minlength=2**LEVELS) for weights in (slope, bend))
    return questions, np.asarray(np.round(RATE * slopes / (bends + CAUTION), 4), np.float64)


def best_split(leaf: Numbers, column: Numbers, edges: int, weights: tuple[Matrix, Matrix]) -> tuple[float, int]:
    """Return how much the best threshold of a measure helps, and its number."""
    bins = edges + 1
    code = leaf * bins + column
    leaves = int(leaf.max()) + 1
    sums = [np.bincount(code, weight, minlength=leaves * bins).reshape(leaves, bins) for weight in weights]
    left = [np.cumsum(total, axis=1)[:, :-1] for total in sums]
    rest = [total.sum(axis=1, keepdims=True) - part for total, part in zip(sums, left, strict=True)]
    gain = (left[0] ** 2 / (left[1] + CAUTION) + rest[0] ** 2 / (rest[1] + CAUTION)).sum(axis=0)
    return float(gain.max()), int(gain.argmax())


def threshold(samples: Samples) -> float:
    """Return the least likelihood from which on as much is right as is wanted, in repositories that were not learned from."""
    likely = np.zeros(len(samples.right))
    for fold in range(FOLDS):
        unseen = samples.repository % FOLDS == fold
        forest = learn(samples.values[~unseen], samples.right[~unseen], samples.place[~unseen])
        likely[unseen] = forest.likelihoods(samples.values[unseen], samples.place[unseen])
    best: dict[int, tuple[float, bool]] = {}
    for place, one, right in zip(samples.place.tolist(), likely.tolist(), samples.right.tolist(), strict=True):
        best[place] = max(best.get(place, (0.0, False)), (one, bool(right)))
    found = sorted((told for place, told in best.items() if samples.hidden[place] >= SHORTEST), reverse=True)
    exact = np.cumsum([right for _, right in found]) / np.arange(1, len(found) + 1)
    least = round(found[int(np.flatnonzero(exact >= AIM)[-1])][0], 3)
    of_interest = {f"{SHORTEST} characters or more": samples.hidden >= SHORTEST, "any": samples.hidden > 0, "none": samples.hidden == 0}
    for name, asked in of_interest.items():
        shown = [right for place, (one, right) in best.items() if asked[place] and one >= least]
        print(f"unseen, {name} hidden: shown at {len(shown) / asked.sum():.3f}, of that {np.mean(shown):.3f} right")
    return least


def document(samples: Samples, shown_from: float, forest: Forest, learned_from: str) -> str:
    """Return the text of the file of the weights, a tree a line."""
    note = f"Written by `python -m benchmarks.prediction_gate --write`, from {len(samples.right):,} candidates at places in {learned_from}."
    used = sorted({int(measure) for measure in forest.asked.ravel()})
    trees = [
        {"questions": [[samples.names[measure], split] for measure, split in zip(asked, splits, strict=True)], "heights": heights.tolist()}
        for asked, splits, heights in zip(forest.asked.tolist(), forest.thresholds.tolist(), forest.heights, strict=True)
    ]
    head = {"note": note, "shown_from": shown_from, "bias": forest.bias, "names": [samples.names[measure] for measure in used]}
    listed = ",\n".join(json.dumps(tree) for tree in trees)
    return f'{json.dumps(head)[:-1]}, "trees": [\n{listed}\n]}}\n'


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
    source = document(samples, shown_from, learn(samples.values, samples.right, samples.place), listed)
    if arguments.write:
        WEIGHTS.write_text(source, encoding="utf-8")
    else:
        print(source)


if __name__ == "__main__":
    main()
