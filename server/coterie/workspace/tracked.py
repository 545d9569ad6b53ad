"""Which files git tracks, whatever its ignore files say of them: what is committed in spite of a pattern is a file like any other.

``checkouts`` asks. Git is asked once for each state of its index; where it is not there, or cannot read the index, nothing is tracked.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from coterie.workspace.git import told_by_git

MOST_KEPT = 1_000
"""Folders whose tracked files are remembered; who has more repositories in a project asks git at each look."""

_Mark: TypeAlias = tuple[int, ...]
_latest: dict[str, tuple[_Mark, Tracked]] = {}
"""What git said last of a folder, with the entry of the index of which it said that."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """The tracked files below a folder: their paths from there, each with a NUL behind it, sorted by their bytes.

    They stay the one text that git tells them in. Half a million files are then as many megabytes as their names, and not ten times that.
    """

    names: bytes = b""

    def holds(self, path: str, *, is_folder: bool) -> bool:
        """Say whether a file is tracked, or anything in a folder; a submodule is, as a whole."""
        name = path.encode(errors="surrogateescape")
        inside = name + b"/"
        return self._first_from(name) == name or (is_folder and self._first_from(inside).startswith(inside))

    def differing(self, other: Tracked) -> frozenset[str]:
        """Return the paths of the files that are tracked here or there and not in both."""
        if self.names == other.names:
            return frozenset()
        changed = set(self.names.split(b"\0")) ^ set(other.names.split(b"\0"))
        return frozenset(name.decode(errors="surrogateescape") for name in changed - {b""})

    def _first_from(self, name: bytes) -> bytes:
        """Return the first name that does not come before this one; nothing where all do."""
        at = bisect_left(range(len(self.names)), name, key=self._name_around)
        return self._name_around(at)

    def _name_around(self, at: int) -> bytes:
        return self.names[self.names.rfind(b"\0", 0, at) + 1 : max(at, self.names.find(b"\0", at))]


def tracked_below(folder: str, index: Path) -> Tracked:
    """Return what is tracked below a folder by the repository whose index this file is. Blocks."""
    try:
        status = index.stat()
    except (OSError, ValueError):
        return Tracked()
    mark = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    known = _latest.get(folder)
    if known is not None and known[0] == mark:
        return known[1]
    told = told_by_git(folder, "ls-files", "-z")
    found = Tracked((told or "").encode(errors="surrogateescape"))
    if len(_latest) >= MOST_KEPT:
        _latest.pop(next(iter(_latest)), None)
    _latest[folder] = (mark, found)
    return found
