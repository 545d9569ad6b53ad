"""Which files a question is about: weighs what `evidence` has gathered, and looks at the neighbours of the best. Pure, over a `Snapshot`.

A file's score is a sum: each kind of evidence times its weight. The weights in ``weights.json`` were learned by
``benchmarks/retrieval_weights.py`` from past commits, of which message and touched files are known. Neighbours are files that changed
together with a good one, that an import ties to it, or that are named like it. `weigh` sums up for all files; `judge` then looks again at
the likeliest ones, and has a `forest` correct their scores. `folder` calls both.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from heapq import nlargest
from pathlib import Path
from typing import TypeAlias, get_args

from coterie.index.evidence import Evidence, Kind, Nature, asked_roles, nature
from coterie.index.forest import Forest, corrections
from coterie.index.measures import Tie, Ties, measured
from coterie.index.query import Query
from coterie.index.roles import Role
from coterie.index.snapshot import File, Snapshot

Weights: TypeAlias = Mapping[Kind | Nature | Tie, float]
UNLEARNED: dict[Kind | Nature | Tie, float] = {"seen": 1.0, "asked": 1.0}
"""That the person has to do with a file, or asks for tests and means it: no history of commits tells what these count."""


@cache
def learned_weights() -> Weights:
    """Return the weights that come with the package."""
    weights: dict[Kind | Nature | Tie, float] = json.loads(Path(__file__).with_name("weights.json").read_text(encoding="utf-8"))["weights"]
    return weights | UNLEARNED


@dataclass(frozen=True, slots=True)
class Scores:
    """What all of it comes to. ``near`` has for a file the neighbour that says most for it, and why."""

    total: Mapping[int, float]
    evidence: Evidence
    ties: Ties
    near: Mapping[int, tuple[float, int, Tie]]
    weights: Weights


def weigh(query: Query, evidence: Evidence, snapshot: Snapshot, weights: Weights) -> Scores:
    """Weigh the evidence, neighbours included."""
    asked = asked_roles(query)
    own = own_scores(asked, evidence, snapshot, weights)
    total = dict(own)
    near: dict[int, tuple[float, int, Tie]] = {}
    ties = neighbours(own, snapshot)
    for tie, found in ties.items():
        for file, (strength, source) in found.items():
            gain = weights[tie] * strength
            if file not in total:
                total[file] = _of_nature(snapshot.files[file], asked, weights)
            total[file] += gain
            near[file] = max(near.get(file, (0.0, source, tie)), (gain, source, tie))
    return Scores(total, evidence, ties, near, weights)


def judge(query: Query, scores: Scores, snapshot: Snapshot, forest: Forest) -> Scores:
    """Correct the scores of the likeliest files by what is known of them together; the others stay behind them."""
    best = likeliest(scores, snapshot)
    if not best:
        return scores
    changes = corrections(forest, measured(query, snapshot, scores.evidence, scores.ties, best), len(best))
    least = min(changes)
    judged = {file: score + change for (file, score), change in zip(best.items(), changes, strict=True)}
    return replace(scores, total={file: score + least for file, score in scores.total.items()} | judged)


def likeliest(scores: Scores, snapshot: Snapshot) -> dict[int, float]:
    """Return the files that `judge` looks at, with their scores, the best first."""
    return {file: scores.total[file] for file in ranked(scores, snapshot, _JUDGED)}


def own_scores(asked: frozenset[Role], evidence: Evidence, snapshot: Snapshot, weights: Weights) -> dict[int, float]:
    """Return what speaks for each file by itself; files for which nothing does are left out."""
    own: dict[int, float] = {}
    for kind in get_args(Kind):
        weight = weights[kind]
        for file, value in evidence[kind].items():
            own[file] = own.get(file, 0.0) + weight * value
    return {file: score + _of_nature(snapshot.files[file], asked, weights) for file, score in own.items()}


def _of_nature(file: File, asked: frozenset[Role], weights: Weights) -> float:
    return sum([weights[name] * value for name, value in nature(file, asked)])


_JUDGED = 60
_SOURCES = 10
"""Files whose neighbours are looked at."""
_COOLING = 2.0


def neighbours(own: Mapping[int, float], snapshot: Snapshot) -> Ties:
    """Say which files the best ones speak for: by each tie how much, and which of them the most."""
    found: dict[Tie, dict[int, tuple[float, int]]] = {tie: {} for tie in get_args(Tie)}
    best = nlargest(_SOURCES, own, key=lambda file: (own[file], snapshot.files[file].path))
    for source in best:
        sure = math.exp((own[source] - own[best[0]]) / _COOLING)
        ties: tuple[tuple[Tie, Mapping[int, float]], ...] = (
            ("together", snapshot.together.get(source, {})),
            ("imports", snapshot.imports.get(source, {})),
            ("family", dict.fromkeys(snapshot.family.get(source, ()), 1.0)),
        )
        for tie, near in ties:
            for file, strength in near.items():
                if sure * strength > found[tie].get(file, (0.0, 0))[0]:
                    found[tie][file] = (sure * strength, source)
    return found


def ranked(scores: Scores, snapshot: Snapshot, limit: int) -> Sequence[int]:
    """Return the files with the best scores, the best first."""
    return nlargest(limit, scores.total, key=lambda file: (scores.total[file], snapshot.files[file].path))


def reasons(file: int, scores: Scores, snapshot: Snapshot) -> tuple[str, ...]:
    """Say in words what speaks for a file: first what has to do with the question, then what holds for any, each the strongest first."""
    said: defaultdict[str, float] = defaultdict(float)
    for kind, words in _WORDS.items():
        said[words] += scores.weights[kind] * scores.evidence[kind].get(file, 0.0)
    if file in scores.near:
        gain, source, tie = scores.near[file]
        said[f"{_TIES[tie]} {snapshot.files[source].path}"] = gain
    worth = (words for words, gain in said.items() if gain > _WORTH_SAYING)
    return tuple(nlargest(_MOST_REASONS, worth, key=lambda words: (words not in _OF_ANY_QUESTION, said[words])))


_WORTH_SAYING = 0.05
_MOST_REASONS = 3
_WORDS: Mapping[Kind, str] = {
    "text": "its text matches",
    "first by text": "its text matches",
    "names": "it defines matching names",
    "path": "its path matches",
    "first by path": "its path matches",
    "scope": "its path matches",
    "spelled": "its path is in the question",
    "told": "similar commits changed it",
    "lately": "it changed lately",
    "often": "it changes often",
    "seen": "it is open, recent or has errors",
}
_OF_ANY_QUESTION = frozenset({_WORDS["lately"], _WORDS["often"], _WORDS["seen"]})
_TIES: Mapping[Tie, str] = {"together": "it changes together with", "imports": "an import ties it to", "family": "it is named like"}
