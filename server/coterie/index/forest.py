"""Corrects the scores of the likeliest files by what their `measures` say together: boosted trees, learned from past commits.

All branches of a level ask the same question, so that a tree is a few questions and a table. There is no numpy here, because loading it
takes longer than all answers of a session's first minute. ``benchmarks/retrieval_forest.py`` writes ``forest.json``; `rank` is the caller.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from coterie.index.measures import Columns


@dataclass(frozen=True, slots=True)
class Tree:
    """Three questions, each whether a measure is above a bound, and what to add for each of the eight answers."""

    questions: tuple[tuple[str, float], tuple[str, float], tuple[str, float]]
    heights: tuple[float, ...]


Forest = tuple[Tree, ...]


@cache
def learned_forest() -> Forest:
    """Return the trees that come with the package."""
    read: dict[str, Any] = json.loads(Path(__file__).with_name("forest.json").read_text(encoding="utf-8"))
    return tuple(_tree(tree["questions"], tree["heights"]) for tree in read["trees"])


def corrections(forest: Forest, columns: Columns, files: int) -> list[float]:
    """Return what all trees together add to the score of each of so many files."""
    sums = [0.0] * files
    for tree in forest:
        (first, above), (second, over), (third, beyond) = tree.questions
        heights = tree.heights
        sums = [
            sum_ + heights[(one > above) << 2 | (two > over) << 1 | (three > beyond)]
            for sum_, one, two, three in zip(sums, columns[first], columns[second], columns[third], strict=True)
        ]
    return sums


def _tree(questions: Sequence[tuple[str, float]], heights: Sequence[float]) -> Tree:
    first, second, third = ((name, bound) for name, bound in questions)
    return Tree((first, second, third), tuple(heights))
