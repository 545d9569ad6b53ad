"""What open buffers hold and the disk does not: laid over a state of the index, in memory alone.

`folder` answers from it. Text that somebody has typed and not saved must not reach the disk by us, so nothing here knows the cache's file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from coterie.index.facts import MAX_BYTES, FileFacts, facts
from coterie.index.imports import importers
from coterie.index.known import KnownFile
from coterie.index.postings import ID_SHIFT
from coterie.index.roles import role_of
from coterie.index.snapshot import File, Postings, Snapshot
from coterie.index.symbols import Symbol
from coterie.workspace.walk import is_listed

_FIRST_OWN_ID = 1 << (ID_SHIFT - 1)
"""Files that are not in the cache have ids from here on, which it never gives."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A buffer's text, as the index keeps a file; ``size`` in bytes."""

    facts: FileFacts
    size: int


class Unsaved:
    """The drafts of one folder by path. ``version`` is another one after each change."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.drafts: dict[str, Draft] = {}
        self.version = 0

    def edit(self, path: str, text: str | None) -> None:
        """Take a buffer's text; None: there is no buffer any more. What would not be indexed on disk is not, either."""
        if text is not None and is_listed(self._folder, path):
            content = text.encode("utf-8", errors="replace")
            self.drafts[path] = Draft(facts(path, content if len(content) <= MAX_BYTES else b""), len(content))
        elif self.drafts.pop(path, None) is None:
            return
        self.version += 1


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A state of the index with drafts laid over it; ``drafts`` are those that differ from what is kept, by the file's id."""

    snapshot: Snapshot
    drafts: Mapping[int, Draft] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files whose drafts count."""
        return tuple(self.snapshot.files[file].path for file in self.drafts)

    def postings(self, kept: Postings) -> Postings:
        """Return what looks a term up in the cache, by ``kept``, and in the drafts."""
        if not self.drafts:
            return kept

        def found(term: str) -> Sequence[int]:
            mine = (file << ID_SHIFT | occurrence for file, draft in self.drafts.items() if (occurrence := draft.facts.terms.get(term)))
            return [*(posting for posting in kept(term) if posting >> ID_SHIFT not in self.drafts), *mine]

        return found

    def definitions(self, name: str) -> list[tuple[str, Symbol]]:
        """Return the definitions in drafts whose names hold ``name``, as `Cache.definitions` does for files."""
        wanted = _folded(name)
        return [
            (self.snapshot.files[file].path, symbol)
            for file, draft in self.drafts.items()
            for symbol in draft.facts.symbols
            if wanted in _folded(symbol.name)
        ]


def overlaid(snapshot: Snapshot, drafts: Mapping[str, Draft], known: Mapping[str, KnownFile], before: Overlaid | None = None) -> Overlaid:
    """Lay drafts over a state. ``known`` are the cache's files at their paths; ``before`` is an earlier result, to be spared work."""
    differing = {path: draft for path, draft in drafts.items() if path not in known or known[path].digest != draft.facts.digest}
    if not differing:
        return Overlaid(snapshot)
    ids = {path: known[path].id if path in known else _FIRST_OWN_ID + number for number, path in enumerate(sorted(differing))}
    by_id = {ids[path]: draft for path, draft in differing.items()}
    files = {ids[path]: File(path, draft.facts.length, draft.size, role_of(path)) for path, draft in differing.items()}
    imported = {**snapshot.imported, **{ids[path]: (path, draft.facts.imports) for path, draft in differing.items()}}
    return Overlaid(
        replace(snapshot, files={**snapshot.files, **files}, imported=imported, imports=_imports(imported, snapshot, before)), by_id
    )


def _imports(
    imported: Mapping[int, tuple[str, tuple[str, ...]]], snapshot: Snapshot, before: Overlaid | None
) -> Mapping[int, Mapping[int, float]]:
    for known in (snapshot, *([] if before is None else [before.snapshot])):
        if known.imported == imported:
            return known.imports
    return importers(imported)


def _folded(name: str) -> str:
    """Lower ASCII letters alone, as SQLite does."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)
