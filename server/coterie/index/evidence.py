"""What speaks for each file, for a question: its text, the names that it defines, its path, and what past commits say of it. Pure.

Each kind is a number a file, mostly from nought to one, and says nothing of how much it counts: `rank` weighs the kinds with weights that
were learned. ``benchmarks/retrieval_weights.py`` learns them from the very same numbers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from heapq import nlargest
from types import MappingProxyType
from typing import Literal, TypeAlias

from coterie.index.facts import DEFINED_SHIFT, MOST_BODY, MOST_DEFINED, MOST_PATH, NAMED, PATH_SHIFT, STEM_OF_PATH
from coterie.index.past import alike, rarity, to_one, told
from coterie.index.postings import ID_SHIFT
from coterie.index.query import Query
from coterie.index.roles import Role
from coterie.index.snapshot import File, Postings, Snapshot

Kind: TypeAlias = Literal["text", "first by text", "names", "path", "first by path", "scope", "spelled", "told", "lately", "often", "seen"]
Detail: TypeAlias = Literal["held", "named", "placed", "rarest", "alike", "closest"]
"""What is not weighed and yet tells the likely from what is only likelier than others: shares of all that is asked for, or of commits."""
Nature: TypeAlias = Literal["test", "docs", "other", "asked", "depth"]
"""What a file is, whatever the question; ``asked`` of a test or a page where the question asks for such."""
Evidence: TypeAlias = Mapping[Kind | Detail, Mapping[int, float]]
"""For each kind the files, by their ids in the snapshot, that it speaks for."""
_NONE: Mapping[int, float] = MappingProxyType({})


def gather(query: Query, snapshot: Snapshot, postings: Postings, seen: Mapping[int, float] = _NONE) -> Evidence:
    """Look up what speaks for each file; ``seen`` is how much the person has to do with files now, up to one."""
    text, names, path, scope, held, rarest = (defaultdict[int, float](float) for _ in range(6))
    asked_for = 0.0
    count = len(snapshot.files)
    norms = {file: _K1 * (1 - _B + _B * each.length / snapshot.average_length) for file, each in snapshot.files.items()}
    for term, asked in query.terms:
        found = postings(term)
        in_text = [(posting >> ID_SHIFT, times) for posting in found if (times := posting & MOST_BODY)]
        weight = asked * rarity(len(in_text), count)
        asked_for += weight
        for file, times in in_text:
            text[file] += weight * times / (times + norms[file])
            held[file] += weight
            if rarest[file] < weight:  # noqa: PLR1730 - this is the innermost loop, where a call is dear
                rarest[file] = weight
        named = [posting for posting in found if posting & NAMED]
        in_names = [(posting >> ID_SHIFT, times) for posting in named if (times := posting >> DEFINED_SHIFT & MOST_DEFINED)]
        weight = asked * rarity(len(in_names), count)
        for file, times in in_names:
            names[file] += weight * times / (times + 1)
        in_path = [(posting >> ID_SHIFT, where) for posting in named if (where := posting >> PATH_SHIFT & MOST_PATH)]
        weight = asked * rarity(len(in_path), count)
        for file, where in in_path:
            path[file] += weight * where / STEM_OF_PATH
            if term in query.scope:
                scope[file] += 1 / len(query.scope)
    share, closest = alike(query, snapshot.history)
    return {
        "text": to_one(text),
        "first by text": _places(text),
        "names": to_one(names),
        "path": to_one(path),
        "first by path": _places(path),
        "scope": scope,
        "spelled": _spelled(query, snapshot),
        "told": to_one(told(query, snapshot.history, count)),
        "lately": snapshot.history.lately,
        "often": snapshot.history.often,
        "seen": seen,
        "held": {file: value / asked_for for file, value in held.items()},
        "named": {file: value / asked_for for file, value in names.items()},
        "placed": {file: value / asked_for for file, value in path.items()},
        "rarest": to_one(rarest),
        "alike": share,
        "closest": closest,
    }


_K1, _B = 1.2, 0.6
_LAST_PLACE = 400


def asked_roles(query: Query) -> frozenset[Role]:
    """Return of what roles the files are that a question asks for by name."""
    roles: dict[Role, bool] = {
        "test": query.asks_for("test", "tests", "spec"),
        "docs": query.asks_for("doc", "docs", "document", "readm", "changelog", "typo"),
    }
    return frozenset(role for role, asked in roles.items() if asked)


def nature(file: File, asked: frozenset[Role]) -> tuple[tuple[Nature, float], ...]:
    """Say what a file is; what it is not is left out."""
    depth = float(file.path.count("/"))
    return (("depth", depth),) if file.role == "code" else (("depth", depth), (file.role, 1.0), ("asked", float(file.role in asked)))


def _spelled(query: Query, snapshot: Snapshot) -> dict[int, float]:
    """A path in the question is one of a file when it is the end of it; the fewer files end so, the surer."""
    found: defaultdict[int, float] = defaultdict(float)
    for path in query.paths:
        fitting = [file for file, each in snapshot.files.items() if f"/{each.path.lower()}".endswith(f"/{path}")]
        for file in fitting:
            found[file] = max(found[file], 1 / len(fitting))
    return found


def _places(found: Mapping[int, float]) -> dict[int, float]:
    """Turn values into places: one for the first, half as much for the twentieth, nothing for the four hundredth."""
    order = nlargest(_LAST_PLACE, found, key=lambda file: (found[file], -file))
    return {file: 1 - math.log1p(place) / math.log1p(_LAST_PLACE) for place, file in enumerate(order)}
