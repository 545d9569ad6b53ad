"""The index of one folder in this process: opens its cache, brings it up to date, answers questions. Blocks, and belongs to one thread.

The command line uses it as it is. A server must not: it asks through `client`, which keeps it in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from coterie.config.paths import name_of
from coterie.domain.overview import Landmark
from coterie.domain.retrieval import Definition, Definitions, Found, Question
from coterie.index.build import Progress, Refreshed, refresh, refresh_file, refresh_history
from coterie.index.cache import VERSION, Cache
from coterie.index.disposable import DamagedCacheError
from coterie.index.evidence import gather
from coterie.index.facts import REFERENCE_SHIFT
from coterie.index.forest import learned_forest
from coterie.index.overview import central, main_names
from coterie.index.postings import ID_SHIFT
from coterie.index.query import Query, parse
from coterie.index.rank import Scores, judge, learned_weights, ranked, reasons, weigh
from coterie.index.sight import Sight, sight
from coterie.index.snapshot import Snapshot, load
from coterie.index.symbols import Symbol
from coterie.index.terms import split
from coterie.index.unsaved import Overlaid, Unsaved, overlaid
from coterie.workspace.walk import list_tree

_T = TypeVar("_T")
_UNUSED_S = 30 * 24 * 3600.0


def cache_file(caches: Path, folder: str) -> Path:
    """Say where the index of a folder is kept, below Coterie's cache folder."""
    # Servers of several versions may work at once: one that cannot read the other's builds its own, and not both in turn.
    return caches / "index" / f"{name_of(folder)}.{VERSION}.sqlite"


def sweep(caches: Path, folder: str) -> None:
    """Remove what other versions have kept of a folder and not used for a month."""
    ours = cache_file(caches, folder)
    long_ago = time.time() - _UNUSED_S
    with suppress(OSError):  # there may be nothing yet
        for file in tuple(ours.parent.iterdir()):
            is_of_another = file.name.startswith(f"{name_of(folder)}.") and not file.name.startswith(ours.name)
            if is_of_another and file.stat().st_mtime < long_ago:
                file.unlink()


class FolderIndex:
    """One folder's index. Opening it costs next to nothing: `refresh` does the work."""

    def __init__(self, folder: str, caches: Path) -> None:
        if not cache_file(caches, folder).exists():
            sweep(caches, folder)
        self.folder = folder
        self._cache = Cache(cache_file(caches, folder))
        self._commits: Sequence[str] = ()
        self._seen: tuple[int, Sequence[str], Snapshot] | None = None
        self._unsaved = Unsaved(folder)
        self._laid: tuple[Snapshot, int, Overlaid] | None = None
        self._sight: tuple[int, Sight] | None = None
        self._is_past_mending = False

    def close(self) -> None:
        """Close the cache."""
        self._cache.close()

    def refresh(self, told: Progress = lambda _done, _all: None) -> Refreshed:
        """Bring files and history up to date."""
        try:
            return self._refresh(told)
        except DamagedCacheError:
            self._cache.discard()
            return self._refresh(told)

    def follow(self) -> None:
        """Bring files and history up to date where they, or the cache, are not as the last `refresh` left them; cheap where they are."""
        if self._sight is None or not self._sight[1].is_current or self._sight[0] != self._mended(self._cache.state):
            self.refresh()

    def refresh_file(self, path: str) -> None:
        """Bring one file up to date, be it changed, new or gone."""
        try:
            refresh_file(self.folder, self._cache, path)
        except DamagedCacheError:
            self.refresh()

    def refresh_history(self) -> None:
        """Bring the history up to date, after a commit or a change of branches."""
        try:
            self._commits = refresh_history(self.folder, self._cache)
        except DamagedCacheError:
            self.refresh()

    def edited(self, path: str, text: str | None) -> None:
        """Answer from an open buffer's text, where it differs from the file; None: from the file again."""
        self._unsaved.edit(path, text)

    def use_history(self, commits: Sequence[str]) -> None:
        """Let these commits count, which another `FolderIndex` of the folder has found by its `refresh`."""
        self._commits = commits

    @property
    def commits(self) -> Sequence[str]:
        """The commits that count, the newest first."""
        return self._commits

    def ask(self, question: Question) -> tuple[Found, ...]:
        """Return what a question is most likely about, the best first."""
        return self._mended(lambda: self._ask(question))

    def paths(self, question: Question) -> tuple[str, ...]:
        """Return the paths of what `ask` returns; they alone are had sooner."""
        return self._mended(lambda: self._paths(question))

    def definitions(self, name: str, limit: int) -> Definitions:
        """Return where a name, or one that holds it, is defined, the shortest first; and which files use it."""
        return self._mended(lambda: self._definitions(name, limit))

    def overview(self, limit: int) -> tuple[Landmark, ...]:
        """Return the most central files with their main names, the most central first."""
        return self._mended(lambda: self._overview(limit))

    def _mended(self, look: Callable[[], _T]) -> _T:
        """Look into the cache; into a new one where what it holds turns out to be damaged."""
        try:
            with self._cache.reading():
                return look()
        except DamagedCacheError:
            if self._is_past_mending:
                raise
            self._cache.discard()
            self.refresh()
        self._is_past_mending = True  # what fails in a new cache, too, is a defect, and no reason to build one for each question
        with self._cache.reading():
            found = look()
        self._is_past_mending = False
        return found

    def _definitions(self, name: str, limit: int) -> Definitions:
        whole = split(name)[-1:]
        state = self._state()
        found = [*self._cache.definitions(name, limit, besides=state.paths), *state.definitions(name)]
        found.sort(key=lambda each: (len(each[1].name), each[1].name, each[0], each[1].line))
        postings = state.postings(self._cache.postings)
        users = [posting >> ID_SHIFT for term in whole for posting in postings(term) if posting >> REFERENCE_SHIFT & 1]
        return Definitions(
            found=tuple(
                Definition(path=path, name=each.name, kind=each.kind, line=each.line, end_line=each.end_line)
                for path, each in found[:limit]
            ),
            used_in=tuple(sorted(state.snapshot.files[file].path for file in users)[:limit]),
        )

    def _overview(self, limit: int) -> tuple[Landmark, ...]:
        snapshot = self._snapshot()
        return tuple(
            Landmark(path=snapshot.files[file].path, names=main_names(self._cache.symbols(file))) for file in central(snapshot, limit)
        )

    def _ask(self, question: Question) -> tuple[Found, ...]:
        judged = self._judged(question)
        snapshot = judged.state.snapshot
        asked = {term for term, _ in judged.query.terms}
        return tuple(
            Found(
                path=snapshot.files[file].path,
                score=round(judged.scores.total[file], 4),
                reasons=reasons(file, judged.scores, snapshot),
                tokens=snapshot.files[file].size // _BYTES_A_TOKEN,
                lines=best_lines(judged.query, self._symbols(file, judged.state, asked)) if file in judged.named else None,
            )
            for file in ranked(judged.scores, snapshot, question.limit)
        )

    def _paths(self, question: Question) -> tuple[str, ...]:
        judged = self._judged(question)
        snapshot = judged.state.snapshot
        return tuple(snapshot.files[file].path for file in ranked(judged.scores, snapshot, question.limit))

    def _judged(self, question: Question) -> _Judged:
        query, state = parse(question.text), self._state()
        snapshot = state.snapshot
        evidence = gather(query, snapshot, state.postings(self._cache.postings), _at_hand(question, snapshot))
        forest = learned_forest(len(snapshot.history.touched))
        scores = judge(query, weigh(query, evidence, snapshot, learned_weights()), snapshot, forest)
        return _Judged(query, state, scores, evidence["names"].keys())

    def _refresh(self, told: Progress) -> Refreshed:
        begun = time.time_ns()
        tree = list_tree(self.folder)
        seen = sight(self.folder, tree, begun)
        done = refresh(self.folder, tree, self._cache, told)
        self._commits = refresh_history(self.folder, self._cache)
        with self._cache.reading():
            self._sight = (self._cache.state(), seen)
        return done

    def _symbols(self, file: int, state: Overlaid, asked: AbstractSet[str]) -> Sequence[Symbol]:
        if file in state.drafts:
            return state.drafts[file].facts.symbols
        return self._cache.symbols(file, lambda name: not asked.isdisjoint(split(name)))

    def _state(self) -> Overlaid:
        snapshot = self._snapshot()
        if self._laid is None or self._laid[0] is not snapshot or self._laid[1] != self._unsaved.version:
            drafts = self._unsaved.drafts
            known = {path: file for path in drafts for file in self._cache.files(path)}
            before = None if self._laid is None else self._laid[2]
            self._laid = (snapshot, self._unsaved.version, overlaid(snapshot, drafts, known, before))
        return self._laid[2]

    def _snapshot(self) -> Snapshot:
        state, commits = self._cache.state(), self._commits
        if self._seen is None or self._seen[:2] != (state, commits):
            before = self._seen[2] if self._seen is not None and self._seen[1] == commits else None
            self._seen = (state, commits, load(self._cache, commits, before))
        return self._seen[2]


@dataclass(frozen=True, slots=True)
class _Judged:
    """How files stand to a question; ``named`` are those with matching names in them."""

    query: Query
    state: Overlaid
    scores: Scores
    named: AbstractSet[int]


_BYTES_A_TOKEN = 4
_OPENED, _RECENT, _FAILING = 0.6, 0.4, 1.0


def _at_hand(question: Question, snapshot: Snapshot) -> Mapping[int, float]:
    """Say how much the person has to do with files just now."""
    weights: dict[str, float] = {}
    for paths, weight in ((question.recent, _RECENT), (question.opened, _OPENED), (question.failing, _FAILING)):
        weights.update(dict.fromkeys(paths, weight))
    return {file: weights[each.path] for file, each in snapshot.files.items() if each.path in weights} if weights else {}


def best_lines(query: Query, symbols: Sequence[Symbol]) -> tuple[int, int] | None:
    """Return the lines of the definition whose name fits a question best; of several, the shortest."""
    asked = dict(query.terms)
    fitting = [(sum(asked.get(term, 0.0) for term in split(symbol.name)), symbol) for symbol in symbols]
    best = max(fitting, key=lambda each: (each[0], each[1].line - each[1].end_line), default=None)
    return None if best is None or best[0] <= 0 else (best[1].line, best[1].end_line)
