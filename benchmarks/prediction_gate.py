"""Learn the weights of the predictor's gate again: ``python -m benchmarks.prediction_gate REPOSITORY… --write``.

The trees are `boosting`'s. The candidates of a place are learned against each other, as one is right at most. What is shown, from which
likelihood on, is decided on repositories that the trees were not learned from: they are learned four times without a quarter of the
repositories, before they are learned from all. The repositories must not be those that `prediction` is then asked to report on.

Each place is asked about twice: as an editor knows it, and with less of its file, so that one gate serves whoever asks.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path
from typing import get_args

import numpy as np

from benchmarks.boosting import Grown, Growth, Matrix, Numbers, boost, sum_of
from benchmarks.prediction_places import Extent, cut, places_of, texts_of
from coterie.features.prediction import FolderPredictor
from coterie.predictor.gate import shares

WEIGHTS = Path(__file__).parents[1] / "server" / "coterie" / "predictor" / "weights.json"
PLACES = 210
SEED = 21
GROWTH = Growth(trees=1100, levels=5, rate=0.05, caution=20.0, rows_seen=0.35, measures_seen=0.25)
AIM = 0.85
"""The share of what is shown that is to be exactly right where `SHORTEST` characters are hidden, in repositories not learned from.

Fewer are surer. It is the share of all places: where the whole file is known, more are right, and where nothing below is, less.
"""
SHORTEST = 3
FOLDS = 4
LESS: tuple[Extent, ...] = ("nothing below", "a line below", "nothing below", "a little")
"""How much is known of a file where it is not the whole, in turn."""


@dataclass(frozen=True)
class Samples:
    """Candidates: their measures by ``names``, whether each was right, at which place, and in which repository.

    Of the places, ``hidden`` says how many characters there were to predict, none at finished lines, and ``extents`` what was known.
    """

    names: list[str]
    values: Matrix
    right: Matrix
    place: Numbers
    repository: Numbers
    hidden: Numbers
    extents: tuple[Extent, ...]


@dataclass(frozen=True)
class Forest:
    """The log odds to start from, and the trees that add to them."""

    bias: float
    trees: Sequence[Grown]

    def likelihoods(self, values: Matrix, place: Numbers) -> Matrix:
        """Return how likely each candidate is right."""
        return shares(self.bias + sum_of(self.trees, values), place)


def collect(repositories: Sequence[Path], places: int) -> Samples:
    """Ask for candidates at places of every repository."""
    names: list[str] = []
    rows: list[list[float]] = []
    facts: list[tuple[float, int, int]] = []
    hidden: list[int] = []
    extents: list[Extent] = []
    for number, repository in enumerate(repositories):
        predictor = FolderPredictor(repository)
        before = len(facts)
        drawn = places_of(texts_of(repository), places, seed=SEED)
        for place, extent in ((place, extent) for place, less in zip(drawn, cycle(LESS), strict=False) for extent in ("whole", less)):
            known = cut(place, extent)
            for candidate in predictor.candidates(known.path, known.prefix, known.suffix):
                if candidate.text.strip():
                    names = names or sorted(candidate.measures)
                    rows.append([candidate.measures[name] for name in names])
                    facts.append((float(candidate.text.rstrip() == known.hidden), len(hidden), number))
            hidden.append(len(known.hidden))
            extents.append(extent)
        print(f"{repository.name}: {len(facts) - before} candidates, {sum(fact[0] for fact in facts[before:]):.0f} right", flush=True)
    right, at, where = (np.array(column) for column in zip(*facts, strict=True))
    return Samples(names, np.array(rows), right, at, where, np.array(hidden), tuple(extents))


def learn(values: Matrix, right: Matrix, place: Numbers) -> Forest:
    """Return trees under which what is right is the likeliest of its place, if anything is."""
    bias = round(float(np.log(right.mean() / (1 - right.mean()))), 4)

    def derivatives(log_odds: Matrix) -> tuple[Matrix, Matrix]:
        likely = shares(log_odds, place)
        return right - likely, likely * (1 - likely)

    return Forest(bias, boost(values, np.full(len(right), bias), derivatives, GROWTH))


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
    for extent, (name, hidden) in product(get_args(Extent), of_interest.items()):
        asked = hidden & (np.array(samples.extents) == extent)
        shown = [right for place, (one, right) in best.items() if asked[place] and one >= least]
        print(f"unseen, {extent}, {name} hidden: shown at {len(shown) / asked.sum():.3f}, of that {np.mean(shown):.3f} right")
    return least


def document(samples: Samples, shown_from: float, forest: Forest, learned_from: str) -> str:
    """Return the text of the file of the weights, a tree a line."""
    note = f"Written by `python -m benchmarks.prediction_gate --write`, from {len(samples.right):,} candidates at places in {learned_from}."
    used = sorted({measure for tree in forest.trees for measure, _ in tree.asked})
    head = {"note": note, "shown_from": shown_from, "bias": forest.bias, "names": [samples.names[measure] for measure in used]}
    listed = ",\n".join(json.dumps(tree.named(samples.names)) for tree in forest.trees)
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
