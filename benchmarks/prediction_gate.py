"""Learn the weights of the predictor's gate again: ``python -m benchmarks.prediction_gate REPOSITORY… --write``.

A logistic regression on piecewise straight curves, one for each measure, by Newton's method. The repositories must not be those that
`prediction` is then asked to report on.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.prediction_places import places_of, texts_of
from coterie.features.prediction import FolderPredictor

WEIGHTS = Path(__file__).parents[1] / "server" / "coterie" / "predictor" / "weights.py"
KNOTS = (0, 10, 25, 50, 75, 90, 100)
"""Percentiles of a measure at which its curve may bend."""
SMOOTHNESS = 3.0
ROUNDS = 12
PLACES = 1500
SEED = 11

Matrix = NDArray[np.float64]


def samples(repositories: Sequence[Path], places: int) -> tuple[list[str], Matrix, Matrix]:
    """Return the measures' names, their values for each candidate, and which candidates were exactly right."""
    rows: list[dict[str, float]] = []
    right: list[float] = []
    for repository in repositories:
        predictor = FolderPredictor(repository)
        before = len(rows)
        for place in places_of(texts_of(repository), places, seed=SEED):
            for candidate in predictor.candidates(place.path, place.prefix, place.suffix):
                rows.append(dict(candidate.measures))
                right.append(float(candidate.text.rstrip() == place.hidden))
        print(f"{repository.name}: {len(rows) - before} candidates, {sum(right[before:]):.0f} right", flush=True)
    names = sorted(rows[0])
    return names, np.array([[row[name] for name in names] for row in rows]), np.array(right)


def knots_of(column: Matrix) -> Matrix:
    """Return where a measure's curve may bend: at its percentiles, or at its few values."""
    values = np.unique(column)
    return np.asarray(values if len(values) <= len(KNOTS) else np.unique(np.round(np.percentile(column, KNOTS), 3)), np.float64)


def basis(column: Matrix, knots: Matrix) -> Matrix:
    """Return how much of each knot's height a value gets: shares of its two neighbours."""
    return np.stack([np.interp(column, knots, row) for row in np.eye(len(knots))], axis=1)


def fit(design: Matrix, penalty: Matrix, right: Matrix) -> Matrix:
    """Return the heights that make what was right likeliest, less the penalty for bends."""
    heights = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        likely = 1 / (1 + np.exp(-(design @ heights)))
        slope = design.T @ (right - likely) - penalty @ heights
        bend = (design * (likely * (1 - likely))[:, None]).T @ design + penalty
        heights = heights + np.linalg.solve(bend, slope)
    return heights


def learn(names: Sequence[str], values: Matrix, right: Matrix) -> tuple[float, dict[str, tuple[list[float], list[float]]]]:
    """Return the bias and a curve for each measure that varies."""
    knots = {name: found for name, column in zip(names, values.T, strict=True) if len(found := knots_of(column)) > 1}
    blocks = [basis(values[:, names.index(name)], found) for name, found in knots.items()]
    design = np.hstack([np.ones((len(values), 1)), *blocks])
    penalty = np.eye(design.shape[1]) * 0.1
    at = 1
    for found in knots.values():
        steps = np.diff(np.eye(len(found)), axis=0)
        penalty[at : at + len(found), at : at + len(found)] += SMOOTHNESS * steps.T @ steps
        at += len(found)
    penalty[0, 0] = 0.0
    heights = fit(design, penalty, right)
    curves = {}
    at = 1
    for name, found in knots.items():
        curves[name] = (
            [round(knot, 3) for knot in found.tolist()],
            [round(height, 3) for height in heights[at : at + len(found)].tolist()],
        )
        at += len(found)
    return round(float(heights[0]), 3), curves


def module(bias: float, curves: dict[str, tuple[list[float], list[float]]], learned_from: str) -> str:
    """Return the source of the module of the weights."""
    lines = [
        '"""What `gate` has learned: how much each measure speaks for a candidate.',
        "",
        f"Written by ``python -m benchmarks.prediction_gate --write``. {learned_from}",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Final",
        "",
        "SHOWN_FROM: Final = 0.6",
        '"""The least likelihood that is shown."""',
        f"BIAS: Final = {bias}",
        "CURVES: Final[dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {",
        *(f"    {name!r}: ({tuple(knots)}, {tuple(heights)}),".replace("'", '"') for name, (knots, heights) in curves.items()),
        "}",
        '"""By measure: its knots, and the curve\'s heights at them, in log odds."""',
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Parse the command line and learn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prediction_gate", description="Learn the predictor's gate again.")
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--places", type=int, default=PLACES, help="how many in each repository")
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name} instead of printing it")
    arguments = parser.parse_args()
    names, values, right = samples(arguments.repositories, arguments.places)
    listed = ", ".join(sorted(repository.resolve().name for repository in arguments.repositories))
    source = module(*learn(names, values, right), f"Learned from {len(values):,} candidates at places in {listed}.")
    if arguments.write:
        WEIGHTS.write_text(source, encoding="utf-8")
    else:
        print(source)


if __name__ == "__main__":
    main()
