"""The index of one folder in this process: opens its cache, brings it up to date, answers questions. Blocks, and belongs to one thread.

The command line uses it as it is. A server must not: it asks through `client`, which keeps it in a process of its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from coterie.index.build import Progress, Refreshed, refresh, refresh_history
from coterie.index.cache import Cache, DamagedCacheError
from coterie.index.query import parse
from coterie.index.rank import Weights, gather, ranked, weigh
from coterie.index.snapshot import Snapshot, load


def cache_file(caches: Path, folder: str) -> Path:
    """Say where the index of a folder is kept, below Coterie's cache folder."""
    real = os.path.realpath(folder)
    return caches / "index" / f"{Path(real).name[:40]}-{hashlib.blake2b(os.fsencode(real), digest_size=8).hexdigest()}.sqlite"


class FolderIndex:
    """One folder's index. Opening it costs next to nothing: a first question, or `refresh`, does the work."""

    def __init__(self, folder: str, caches: Path) -> None:
        self.folder = folder
        self._cache = Cache(cache_file(caches, folder))
        self._commits: Sequence[str] = ()
        self._seen: tuple[int, Snapshot] | None = None

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

    def rank(self, text: str, limit: int) -> list[str]:
        """Return the paths of the files that a question is most likely about, the best first."""
        try:
            return self._rank(text, limit)
        except DamagedCacheError:
            self.refresh()
            return self._rank(text, limit)

    def _refresh(self, told: Progress) -> Refreshed:
        done = refresh(self.folder, self._cache, told)
        self._commits = refresh_history(self.folder, self._cache)
        self._seen = None
        return done

    def _rank(self, text: str, limit: int) -> list[str]:
        with self._cache.reading():
            snapshot = self._snapshot()
            scores = weigh(gather(parse(text), snapshot, self._cache.postings), snapshot, Weights())
        return [snapshot.files[file].path for file in ranked(scores, snapshot, limit)]

    def _snapshot(self) -> Snapshot:
        state = self._cache.state()
        if self._seen is None or self._seen[0] != state:
            self._seen = (state, load(self._cache, self._commits))
        return self._seen[1]
