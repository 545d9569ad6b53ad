"""One state of the index as `rank` looks at it: values that nobody changes any more.

Files, past commits and who imports whom are in memory, because every question looks at all of them; postings stay where they are until a
question names their terms. `load` makes a snapshot from a cache and is for `process` and the command line.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

from coterie.index.imports import importers
from coterie.index.known import KnownFile, PastCommit
from coterie.index.past import History, remember
from coterie.index.roles import Role, family_of, role_of

if TYPE_CHECKING:
    from coterie.index.cache import Cache

Postings: TypeAlias = Callable[[str], Sequence[int]]
_LARGEST_FAMILY = 6
"""What more files are called says nothing: ``index``, ``main``."""
_CLOSE_COMMITS = 12
"""Files at most in a commit whose files are taken to belong together."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as ranking sees it; ``length`` counts its terms, ``size`` its bytes."""

    path: str
    length: int
    size: int
    role: Role

    @property
    def folder(self) -> str:
        """The folder that it is in."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state. Ids are the cache's.

    ``together``, ``imports`` and ``family`` map a file to its neighbours, the former with weights up to one; ``imported`` is what
    ``imports`` was made of. ``change`` is the latest of the cache's that is in it.
    """

    files: Mapping[int, File]
    average_length: float
    history: History
    together: Mapping[int, Mapping[int, float]]
    imported: Mapping[int, tuple[str, tuple[str, ...]]]
    imports: Mapping[int, Mapping[int, float]]
    family: Mapping[int, tuple[int, ...]]
    change: int


def load(cache: Cache, commits: Sequence[str], before: Snapshot | None = None) -> Snapshot:
    """Take a snapshot of a cache; ``commits`` are those that count, the newest first.

    ``before`` is an earlier one, with the same commits: what a saved file leaves as it is is taken over from there.
    """
    changed = [] if before is None else cache.files(since=before.change)
    if before is None or cache.ids() != before.files.keys() or any(file.path != before.files[file.id].path for file in changed):
        past = cache.commits(commits)
        return take(cache.files(), [past[sha] for sha in commits if sha in past])
    files = {**before.files, **_files(changed)}
    imported = {**before.imported, **_imported(changed)}
    is_same = all(imported[file.id] == before.imported[file.id] for file in changed)
    return replace(
        before,
        files=files,
        average_length=_average_length(files),
        imported=imported,
        imports=before.imports if is_same else importers(imported),
        change=max((file.change for file in changed), default=before.change),
    )


def take(known: Sequence[KnownFile], past: Sequence[PastCommit]) -> Snapshot:
    """Put a snapshot together."""
    history = remember(((file.path, file.id) for file in known), past)
    files, imported = _files(known), _imported(known)
    return Snapshot(
        files=files,
        average_length=_average_length(files),
        history=history,
        together=_together(history.touched),
        imported=imported,
        imports=importers(imported),
        family=_families(known),
        change=max((file.change for file in known), default=0),
    )


def _files(known: Iterable[KnownFile]) -> Mapping[int, File]:
    return {file.id: File(file.path, file.length, file.stamp.size, role_of(file.path)) for file in known}


def _imported(known: Iterable[KnownFile]) -> Mapping[int, tuple[str, tuple[str, ...]]]:
    return {file.id: (file.path, file.imports) for file in known}


def _average_length(files: Mapping[int, File]) -> float:
    return sum([file.length for file in files.values()]) / max(1, len(files)) or 1.0


def _together(touched: Sequence[tuple[int, ...]]) -> Mapping[int, Mapping[int, float]]:
    """Say how often each file changed when another one did; seldom seen, seldom believed."""
    times: Counter[int] = Counter()
    pairs: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for files in touched:
        if len(files) <= _CLOSE_COMMITS:
            times.update(files)
            for one, other in combinations(files, 2):
                pairs[one][other] += 1
                pairs[other][one] += 1
    return {one: {other: count / (times[one] + 2) for other, count in others.items()} for one, others in pairs.items()}


def _families(known: Iterable[KnownFile]) -> Mapping[int, tuple[int, ...]]:
    members: defaultdict[str, list[int]] = defaultdict(list)
    for file in known:
        members[family_of(file.path)].append(file.id)
    return {
        file: tuple(other for other in family if other != file)
        for family in members.values()
        if 1 < len(family) <= _LARGEST_FAMILY
        for file in family
    }
