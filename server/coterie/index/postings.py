"""Where terms stand: 64 bits for each file that holds a term, and what becomes of them when files change. Pure; `cache` keeps them.

The upper half is the file's id, the lower the packed occurrence (`facts`).
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence

ID_SHIFT = 32


def packed(postings: Sequence[int]) -> bytes:
    """Return postings as they are kept."""
    return array("Q", postings).tobytes()


def unpacked(kept: bytes) -> Sequence[int]:
    """Return postings that were kept. Raises `ValueError` where they cannot have been."""
    found = array("Q")
    found.frombytes(kept)
    return found


class PostingChanges:
    """What becomes of the postings, gathered over files so that each term is written once."""

    def __init__(self) -> None:
        self._added: defaultdict[str, list[int]] = defaultdict(list)
        self._removed: defaultdict[str, set[int]] = defaultdict(set)

    def note(self, file: int, old: Mapping[str, int], new: Mapping[str, int]) -> None:
        """Compare the terms that a file had and has."""
        above = file << ID_SHIFT
        if not old:
            for term, occurrence in new.items():
                self._added[term].append(above | occurrence)
            return
        for term, occurrence in new.items():
            if old.get(term) != occurrence:
                self._added[term].append(above | occurrence)
        for term, occurrence in old.items():
            if new.get(term) != occurrence:
                self._removed[term].add(file)

    def terms(self) -> set[str]:
        """Return the terms whose postings change."""
        return self._added.keys() | self._removed.keys()

    def after(self, term: str, before: Sequence[int]) -> Sequence[int]:
        """Return the postings of a term that had those of ``before``."""
        removed = self._removed.get(term)
        kept = before if not removed else (posting for posting in before if posting >> ID_SHIFT not in removed)
        return [*kept, *self._added.get(term, ())]
