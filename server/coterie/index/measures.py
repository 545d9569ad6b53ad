"""What is known of the likeliest files, side by side, so that a `forest` can weigh one thing by another. Pure.

`rank` sums evidence up, and a sum cannot say that a changelog matters where similar commits touched it, or that the best of the tests is
worth more than the twelfth file of code. Measures are what `evidence` tells of a file by itself, how it stands to the likeliest ones, what
past commits did with files of its kind, and whether the question asks for such.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

from coterie.index.evidence import Detail, Evidence, Kind, asked_roles
from coterie.index.query import Query
from coterie.index.roles import Role
from coterie.index.snapshot import Snapshot
from coterie.index.terms import identifiers, split

Tie: TypeAlias = Literal["together", "imports", "family"]
Columns: TypeAlias = Mapping[str, Sequence[float]]
"""For each measure a value a file."""
Ties: TypeAlias = Mapping[Tie, Mapping[int, tuple[float, int]]]
"""By each tie how much is said for a file, and which file says the most."""
_NEWEST = 200
"""Commits that tell of what roles files are changed."""
_SOURCES = 8
_COOLING = 1.5
_NEVER = 3_000


def measured(query: Query, snapshot: Snapshot, evidence: Evidence, ties: Ties, best: Mapping[int, float]) -> Columns:
    """Measure the files ``best``, the likeliest first, with their scores; ``ties`` say which others speak for them."""
    columns: dict[str, Sequence[float]] = {
        kind: [found.get(file, 0.0) for file in best]
        for kind in (*get_args(Kind), *get_args(Detail))
        if kind != "seen"
        for found in (evidence[kind],)
    }
    columns |= {tie: [found[file][0] if file in found else 0.0 for file in best] for tie, found in ties.items()}
    columns |= _of_history(snapshot, evidence, best) | _of_places(snapshot, best) | _of_likeliest(query, snapshot, best)
    asked = asked_roles(query)
    for role in ("test", "docs"):
        columns[f"asks for {role}"] = [float(role in asked)] * len(best)
    for detail in ("closest", "alike"):
        columns[f"most {detail}"] = [max(columns[detail], default=0.0)] * len(best)
    columns["remembered"] = [math.log1p(len(snapshot.history.touched))] * len(best)
    return columns


def _of_history(snapshot: Snapshot, evidence: Evidence, best: Mapping[int, float]) -> dict[str, Sequence[float]]:
    """Say what past commits did with each file, with its folder and with files of its role."""
    history, files = snapshot.history, snapshot.files
    roles, folders = Counter[Role](), Counter[str]()
    newest = history.touched[:_NEWEST]
    for touched in newest:
        roles.update({files[file].role for file in touched})
        folders.update({files[file].folder for file in touched})
    alike: defaultdict[str, float] = defaultdict(float)
    for file, share in evidence["alike"].items():
        alike[files[file].role] += share
        alike[f"{files[file].folder}/"] += share
    return {
        "rate": [history.rate.get(file, 0.0) for file in best],
        "since": [math.log1p(history.since.get(file, _NEVER)) for file in best],
        "changes": [math.log1p(history.changes.get(file, 0.0)) for file in best],
        "rate of role": [roles[files[file].role] / max(1, len(newest)) for file in best],
        "rate of folder": [folders[files[file].folder] / max(1, len(newest)) for file in best],
        "alike of role": [alike[files[file].role] for file in best],
        "alike of folder": [alike[f"{files[file].folder}/"] for file in best],
    }


def _of_places(snapshot: Snapshot, best: Mapping[int, float]) -> dict[str, Sequence[float]]:
    """Say what each file is, and how far behind the likeliest one it is, and behind the likeliest of its role."""
    files = [snapshot.files[file] for file in best]
    roles = [file.role for file in files]
    first, counted = dict[Role, float](), Counter[Role]()
    behind_in_role, place_in_role = list[float](), list[float]()
    for role, score in zip(roles, best.values(), strict=True):
        behind_in_role.append(first.setdefault(role, score) - score)
        place_in_role.append(math.log1p(counted[role]))
        counted[role] += 1
    top = max(best.values(), default=0.0)
    return {
        **{f"is {role}": [float(each == role) for each in roles] for role in get_args(Role)},
        "depth": [float(file.path.count("/")) for file in files],
        "length": [math.log1p(file.length) for file in files],
        "score": list(best.values()),
        "behind": [top - score for score in best.values()],
        "place": [math.log1p(place) for place in range(len(best))],
        "behind in role": behind_in_role,
        "place in role": place_in_role,
    }


def _of_likeliest(query: Query, snapshot: Snapshot, best: Mapping[int, float]) -> dict[str, Sequence[float]]:
    """Say how each file stands to the few likeliest ones: by past commits, imports, folder and name."""
    top = max(best.values(), default=0.0)
    odds = {file: math.exp((best[file] - top) / _COOLING) for file in [*best][:_SOURCES]}
    whole = sum(odds.values())
    sure = {file: each / whole for file, each in odds.items()}
    beside: defaultdict[str, float] = defaultdict(float)
    for file, likely in sure.items():
        beside[snapshot.files[file].folder] += likely
    goes_with: defaultdict[int, float] = defaultdict(float)
    for source, likely in sure.items():
        for file, share in snapshot.together.get(source, {}).items():
            goes_with[file] += likely * share
    stems = {file: _stem(snapshot.files[file].path) for file in best}
    asked = {term for term, _ in query.terms}
    return {
        "goes with": [goes_with[file] for file in best],
        "followed by": [_tied(snapshot.together.get(file, {}), sure) for file in best],
        "tied": [_tied(snapshot.imports.get(file, {}), sure) for file in best],
        "imports of": [math.log1p(len(snapshot.imports.get(file, {}))) for file in best],
        "beside": [beside[snapshot.files[file].folder] for file in best],
        "stem asked": [len(stem & asked) / max(1, len(stem)) for stem in stems.values()],
        "named alike": [
            max(
                [
                    likely * len(stem & stems[source]) / max(1, len(stem | stems[source]))
                    for source, likely in sure.items()
                    if source != file
                ],
                default=0.0,
            )
            for file, stem in stems.items()
        ],
    }


def _tied(near: Mapping[int, float], sure: Mapping[int, float]) -> float:
    return sum([near[source] * likely for source, likely in sure.items() if source in near])


def _stem(path: str) -> frozenset[str]:
    name = path.rpartition("/")[2].partition(".")[0].replace("-", " ")
    return frozenset(term for word in identifiers(name) for term in split(word))
