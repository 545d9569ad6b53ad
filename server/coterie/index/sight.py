"""Says whether a folder is still as it was when it was looked through, without listing it again or reading a file.

`folder` takes a sight with each build and compares it before a question where nothing tells it of changes, as on the command line. That
costs a look at the entry of each file: a tenth of listing the folder. Blocks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from coterie.index.head import head
from coterie.workspace.checkouts import checkout_around, checkout_at
from coterie.workspace.ignore import IGNORE_FILES
from coterie.workspace.walk import Tree

TOO_FRESH_NS = 100_000_000
"""What is this young may change again within the tick of the file system's clock, and look the same."""

_Mark: TypeAlias = tuple[int, ...] | None
"""A file's or folder's entry; None where there is nothing."""
_CHANGING: _Mark = ()
"""Equals no mark: what changed just now has to be looked at once more."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a folder, of what git ignores and tracks there, and of where its HEAD is: entries by their places."""

    marks: Mapping[str, _Mark]

    @property
    def is_current(self) -> bool:
        """Whether it is all the same now."""
        return all(_mark(place) == mark for place, mark in self.marks.items())


def sight(folder: str, tree: Tree, begun_ns: int) -> Sight:
    """Take a sight of a folder that was listed as ``tree`` since ``begun_ns``, before anything else of it is read."""
    fresh = begun_ns - TOO_FRESH_NS
    marks = ((place, _mark(place)) for place in (*_listed(folder, tree), *head(folder).files))
    return Sight({place: _CHANGING if mark is not None and mark[-1] > fresh else mark for place, mark in marks})


def _listed(folder: str, tree: Tree) -> Iterator[str]:
    for path in tree.folders:
        place = folder if path == "." else f"{folder}{os.sep}{path}"
        yield place
        for name in IGNORE_FILES:  # one may be ignored itself
            yield f"{place}{os.sep}{name}"
        if (checkout := checkout_around(place) if path == "." else checkout_at(place)) is not None:
            yield from (str(checkout.excludes), str(checkout.index))
    for path in tree.files:
        yield f"{folder}{os.sep}{path}"


def _mark(place: str) -> _Mark:
    try:
        status = os.lstat(place)
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
