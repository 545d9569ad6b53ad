"""Which files a question is about: gathers what speaks for each file, and weighs it. Pure, over a `Snapshot`.

What speaks for a file: its text (BM25, identifiers split), the names that it defines, its path, commits of the past that said similar
things, how often it changes; and then its neighbours: files that changed together with a good one, import it, or are its test.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Literal, TypeAlias

from coterie.index.cache import ID_SHIFT
from coterie.index.facts import DEFINED_SHIFT, MOST_BODY, MOST_DEFINED, MOST_PATH, PATH_SHIFT, STEM_OF_PATH
from coterie.index.query import Query
from coterie.index.roles import Role
from coterie.index.snapshot import History, Postings, Snapshot

Kind: TypeAlias = Literal["text", "names", "path", "spelled", "votes", "often", "seen"]
Tie: TypeAlias = Literal["together", "imports", "family"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each kind of evidence counts. Found by `benchmarks.retrieval` on repositories that its page names."""

    body: float = 1.35
    defined: float = 0.4
    path: float = 0.8
    spelled: float = 1.0
    votes: float = 1.1
    often: float = 0.25
    seen: float = 0.25
    test: float = 0.45
    docs: float = 0.3
    other: float = 0.1
    together: float = 0.22
    imports: float = 0.1
    family: float = 0.2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each file, by kind; ids as in the snapshot, each kind at most one."""

    body: Mapping[int, float] = field(default_factory=dict)
    defined: Mapping[int, float] = field(default_factory=dict)
    path: Mapping[int, float] = field(default_factory=dict)
    spelled: Mapping[int, float] = field(default_factory=dict)
    votes: Mapping[int, float] = field(default_factory=dict)
    often: Mapping[int, float] = field(default_factory=dict)
    seen: Mapping[int, float] = field(default_factory=dict)
    asks_for_tests: bool = False
    asks_for_docs: bool = False


def gather(query: Query, snapshot: Snapshot, postings: Postings, seen: Mapping[int, float] | None = None) -> Evidence:
    """Look up what speaks for each file; ``seen`` is how much the person has to do with files now, up to one."""
    body, defined, path = _lexical(query, snapshot, postings)
    return Evidence(
        body=_to_one(body),
        defined=_to_one(defined),
        path=_to_one(path),
        spelled=_spelled(query, snapshot),
        votes=_to_one(_votes(query, snapshot.history)),
        often=_to_one(_often(snapshot.history)),
        seen=seen or {},
        asks_for_tests=query.asks_for("test", "tests", "spec"),
        asks_for_docs=query.asks_for("doc", "docs", "document", "readm", "changelog", "typo"),
    )


_K1, _B = 1.2, 0.6
SCOPE = 2.0
"""How much more a term says of paths when the question begins with it as with a part of the project."""


def _lexical(query: Query, snapshot: Snapshot, postings: Postings) -> tuple[dict[int, float], dict[int, float], dict[int, float]]:
    """Add up, for text, names and paths, what each term says; the fewer files hold it there, the more."""
    body, defined, path = defaultdict[int, float](float), defaultdict[int, float](float), defaultdict[int, float](float)
    count = len(snapshot.files)
    norms = {file: _K1 * (1 - _B + _B * each.length / snapshot.average_length) for file, each in snapshot.files.items()}
    for term, asked in query.terms:
        found = postings(term)
        in_body = [(posting >> ID_SHIFT, times) for posting in found if (times := posting & MOST_BODY)]
        weight = asked * _rarity(len(in_body), count)
        for file, times in in_body:
            body[file] += weight * times / (times + norms[file])
        in_names = [(posting >> ID_SHIFT, times) for posting in found if (times := posting >> DEFINED_SHIFT & MOST_DEFINED)]
        weight = asked * _rarity(len(in_names), count)
        for file, times in in_names:
            defined[file] += weight * times / (times + 1)
        in_path = [(posting >> ID_SHIFT, where) for posting in found if (where := posting >> PATH_SHIFT & MOST_PATH)]
        weight = asked * _rarity(len(in_path), count) * (SCOPE if term in query.scope else 1.0)
        for file, where in in_path:
            path[file] += weight * where / STEM_OF_PATH
    return body, defined, path


def _rarity(holding: int, count: int) -> float:
    return math.log(1 + (count - holding + 0.5) / (holding + 0.5))


def _spelled(query: Query, snapshot: Snapshot) -> dict[int, float]:
    """A path in the question is one of a file when it is the end of it; the fewer files end so, the surer."""
    found: defaultdict[int, float] = defaultdict(float)
    for path in query.paths:
        fitting = [file for file, each in snapshot.files.items() if f"/{each.path.lower()}".endswith(f"/{path}")]
        for file in fitting:
            found[file] = max(found[file], 1 / len(fitting))
    return found


_NEIGHBOUR_COMMITS = 30
_SHARPNESS = 2.0


def _votes(query: Query, history: History) -> dict[int, float]:
    """The commits that said most similar things vote for the files that they touched."""
    alike: defaultdict[int, float] = defaultdict(float)
    count = len(history.touched)
    for term, asked in query.terms:
        commits = history.said.get(term, ()) if count else ()
        if commits:
            weight = asked * math.log(1 + count / len(commits))
            for commit in commits:
                alike[commit] += weight
    votes: defaultdict[int, float] = defaultdict(float)
    for commit in alike:
        alike[commit] /= (4 + history.weights[commit]) ** 0.5
    best = nlargest(_NEIGHBOUR_COMMITS, alike.items(), key=lambda item: (item[1], -item[0]))
    for commit, likeness in best:
        touched = history.touched[commit]
        for file in touched:
            votes[file] += (likeness / best[0][1]) ** _SHARPNESS / len(touched) ** 0.5
    return votes


def _often(history: History) -> dict[int, float]:
    changes: Counter[int] = Counter()
    often: defaultdict[int, float] = defaultdict(float)
    for age, touched in enumerate(history.touched):
        changes.update(touched)
        for file in touched:
            often[file] += 1 / (len(touched) ** 0.5 * (1 + age / 100))
    return {file: math.log1p(times) for file, times in often.items()}


def _to_one(found: Mapping[int, float]) -> dict[int, float]:
    most = max(found.values(), default=0.0)
    return {file: value / most for file, value in found.items()} if most > 0 else {}


@dataclass(frozen=True, slots=True)
class Scores:
    """What all of it comes to. ``own`` has for each file the share of each kind, ``near`` the neighbour that says most for it, and why."""

    total: Mapping[int, float]
    own: Mapping[Kind, Mapping[int, float]]
    near: Mapping[int, tuple[float, int, Tie]]


def weigh(evidence: Evidence, snapshot: Snapshot, weights: Weights) -> Scores:
    """Weigh the evidence, neighbours included."""
    factor: dict[Role, float] = {
        "code": 1.0,
        "test": 1.0 if evidence.asks_for_tests else weights.test,
        "docs": 1.0 if evidence.asks_for_docs else weights.docs,
        "other": weights.other,
    }
    by_role = {file: factor[each.role] for file, each in snapshot.files.items()}
    own: dict[Kind, dict[int, float]] = {
        "text": {file: weights.body * value * by_role[file] for file, value in evidence.body.items()},
        "names": {file: weights.defined * value * by_role[file] for file, value in evidence.defined.items()},
        "path": {file: weights.path * value * by_role[file] for file, value in evidence.path.items()},
        "spelled": {file: weights.spelled * value * by_role[file] for file, value in evidence.spelled.items()},
        "votes": {file: weights.votes * value for file, value in evidence.votes.items()},
        "often": {file: weights.often * value for file, value in evidence.often.items()},
        "seen": {file: weights.seen * value for file, value in evidence.seen.items()},
    }
    total: defaultdict[int, float] = defaultdict(float)
    for found in own.values():
        for file, value in found.items():
            total[file] += value
    return Scores(total, own, _spread(total, snapshot, weights))


_SOURCES = 10
"""Files whose neighbours are looked at."""


def _spread(total: defaultdict[int, float], snapshot: Snapshot, weights: Weights) -> Mapping[int, tuple[float, int, Tie]]:
    """Add to ``total`` what the best files say for their neighbours."""
    best = nlargest(_SOURCES, total.items(), key=lambda item: (item[1], -item[0]))
    near: dict[int, tuple[float, int, Tie]] = {}
    for source, value in best:
        ties: tuple[tuple[Tie, Mapping[int, float], float], ...] = (
            ("together", snapshot.together.get(source, {}), weights.together),
            ("imports", snapshot.imports.get(source, {}), weights.imports),
            ("family", dict.fromkeys(snapshot.family.get(source, ()), 1.0), weights.family),
        )
        for tie, neighbours, weight in ties:
            for file, strength in neighbours.items():
                gain = weight * value * strength
                total[file] += gain
                near[file] = max(near.get(file, (0.0, source, tie)), (gain, source, tie))
    return near


def ranked(scores: Scores, snapshot: Snapshot, limit: int) -> Sequence[int]:
    """Return the files with the best scores, the best first."""
    return nlargest(limit, scores.total, key=lambda file: (scores.total[file], snapshot.files[file].path))


def reasons(file: int, scores: Scores, snapshot: Snapshot) -> tuple[str, ...]:
    """Say in words what speaks for a file, the strongest first."""
    said = [(found[file], _WORDS[kind]) for kind, found in scores.own.items() if found.get(file, 0.0) > _WORTH_SAYING]
    if file in scores.near and scores.near[file][0] > _WORTH_SAYING:
        gain, source, tie = scores.near[file]
        said.append((gain, f"{_TIES[tie]} {snapshot.files[source].path}"))
    return tuple(words for _, words in nlargest(_MOST_REASONS, said))


_WORTH_SAYING = 0.02
_MOST_REASONS = 3
_WORDS: Mapping[Kind, str] = {
    "text": "its text matches",
    "names": "it defines matching names",
    "path": "its path matches",
    "spelled": "its path is in the question",
    "votes": "similar commits changed it",
    "often": "it changes often",
    "seen": "it is open, recent or has errors",
}
_TIES: Mapping[Tie, str] = {"together": "it changes together with", "imports": "an import ties it to", "family": "it is named like"}
