"""What past commits say of files: which ones those touched that said what a question says, and which ones change anyway.

A commit that touches many files says less of each of them. Pure; `snapshot` calls `remember` once a state, `evidence` calls `told`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from coterie.index.known import PastCommit
from coterie.index.query import Query

_K1, _B = 1.2, 0.75
_LATELY = 15
"""Commits after which a change counts for a third; after six times as many it does not count."""
_LONG_AGO = 100
"""Commits after which a change counts for half as something that happens often."""
_JUST_NOW = 60
"""Commits of which it is told how many touched a file."""
_ALIKE = 40
"""Commits at most that are taken for similar to a question."""
_COMMON = 4
"""A term that more than one in four commits holds makes none of them similar."""
_SHORTEST = 4
"""Terms by which every commit is taken for longer, so that one of two words is not the most similar to everything."""
_GENERATION = 600
"""Commits after which a similar one counts for half."""


@dataclass(frozen=True, slots=True)
class History:
    """Past commits, the newest first.

    ``touched`` are ids of files that are still there, ``spoken`` counts the terms of each commit, ``shares`` is how much it says of each of
    its files, and ``said`` has the commits that hold a term. ``changes`` counts for each file the commits that touched it, ``often`` above
    all the newer ones, ``lately`` the newest alone; these two are at most one. ``rate`` is the share of the newest commits that touched a
    file, ``since`` how many are newer than its last.
    """

    touched: tuple[tuple[int, ...], ...] = ()
    spoken: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    said: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    changes: Mapping[int, float] = field(default_factory=dict)
    often: Mapping[int, float] = field(default_factory=dict)
    lately: Mapping[int, float] = field(default_factory=dict)
    rate: Mapping[int, float] = field(default_factory=dict)
    since: Mapping[int, int] = field(default_factory=dict)


def remember(paths: Iterable[tuple[str, int]], commits: Sequence[PastCommit]) -> History:
    """Take in commits, the newest first; ``paths`` are those of the files that are there, with their ids."""
    by_path = dict(paths)
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for path, known in by_path.items():
        by_name[path.rpartition("/")[2]].append(known)

    def found(path: str) -> int | None:
        if path in by_path:
            return by_path[path]
        moved = by_name.get(path.rpartition("/")[2], ())
        return moved[0] if len(moved) == 1 else None

    touched, spoken = list[tuple[int, ...]](), list[int]()
    since = dict[int, int]()
    said: defaultdict[str, list[int]] = defaultdict(list)
    changes, often, lately, rate = (defaultdict[int, float](float) for _ in range(4))
    for commit in commits:
        files = tuple(dict.fromkeys(file for path in commit.paths if (file := found(path)) is not None))
        if not files:
            continue
        age, share = len(touched), _share(files)
        for term in commit.said:
            said[term].append(age)
        for file in files:
            changes[file] += share
            often[file] += share / (1 + age / _LONG_AGO)
            if age < 6 * _LATELY:
                lately[file] += share * math.exp(-age / _LATELY)
            if age < _JUST_NOW:
                rate[file] += 1 / _JUST_NOW
            since.setdefault(file, age)
        touched.append(files)
        spoken.append(len(commit.said))
    return History(
        touched=tuple(touched),
        spoken=tuple(spoken),
        shares=tuple(_share(files) for files in touched),
        said={term: tuple(holding) for term, holding in said.items()},
        changes=changes,
        often=to_one({file: math.log1p(times) for file, times in often.items()}),
        lately=to_one(lately),
        rate=rate,
        since=since,
    )


def alike(query: Query, history: History) -> tuple[dict[int, float], dict[int, float]]:
    """Say which files the commits touched that said most of what a question says; the newer and the closer one is, the more it counts.

    Returned is for each file which share of those commits touched it, and how much of the question the closest of them said.
    """
    held: defaultdict[int, float] = defaultdict(float)
    count, asked_for = len(history.touched), 0.0
    for term, asked in query.terms:
        holding = history.said.get(term, ())
        weight = asked * math.log(1 + count / (1 + len(holding)))
        asked_for += weight
        if len(holding) * _COMMON <= count + _COMMON:
            for commit in holding:
                held[commit] += weight
    fits = {commit: weight / math.sqrt(_SHORTEST + history.spoken[commit]) for commit, weight in held.items()}
    best = nlargest(_ALIKE, fits, key=lambda commit: (fits[commit], -commit))
    counts = {commit: (fits[commit] / fits[best[0]]) ** 2 / (1 + commit / _GENERATION) for commit in best}
    total = sum(counts.values())
    share, closest = (defaultdict[int, float](float) for _ in range(2))
    for commit in best:
        for file in history.touched[commit]:
            share[file] += counts[commit] / total
            closest[file] = max(closest[file], held[commit] / asked_for)
    return share, closest


def told(query: Query, history: History, files: int) -> dict[int, float]:
    """Rank files by BM25 as if the text of each were what all commits said that touched it."""
    found: defaultdict[int, float] = defaultdict(float)
    average = sum(history.changes.values()) / max(1, len(history.changes)) or 1.0
    norms = {file: _K1 * (1 - _B + _B * changes / average) for file, changes in history.changes.items()}
    for term, asked in query.terms:
        times: defaultdict[int, float] = defaultdict(float)
        for commit in history.said.get(term, ()):
            share = history.shares[commit]
            for file in history.touched[commit]:
                times[file] += share
        weight = asked * rarity(len(times), files)
        for file, often in times.items():
            found[file] += weight * often / (often + norms[file])
    return found


def rarity(holding: int, count: int) -> float:
    """Say how telling it is that ``holding`` of ``count`` files hold a term."""
    return math.log(1 + (count - holding + 0.5) / (holding + 0.5))


def to_one(found: Mapping[int, float]) -> dict[int, float]:
    """Measure values by the largest."""
    most = max(found.values(), default=0.0)
    return {file: value / most for file, value in found.items()} if most > 0 else {}


def _share(touched: Sequence[int]) -> float:
    """Return how much a commit that touched these files says of each of them."""
    return float(len(touched) ** -0.5)
