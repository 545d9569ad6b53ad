"""Corrects the scores of the likeliest files by what their `measures` say together: boosted trees, learned from past commits.

All branches of a level ask the same question, so that a tree is a few questions and a table. There is no numpy here, because loading it
takes longer than all answers of a session's first minute. ``benchmarks/retrieval_forest.py`` writes the files; `rank` is the caller.

There are two forests. What past commits tell is the best evidence where there are many, and misleads where there are few: in a young
project, a shallow clone, a folder without git. Trees that were learned from whole histories have never seen that.
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
FEW_COMMITS = 70
"""With fewer past commits, the trees answer that were learned where few are known."""


def learned_forest(commits: int) -> Forest:
    """Return the trees that come with the package for a folder of which so many past commits are known."""
    return _read("forest.json" if commits >= FEW_COMMITS else "young_forest.json")


@cache
def _read(name: str) -> Forest:
    read: dict[str, Any] = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
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
