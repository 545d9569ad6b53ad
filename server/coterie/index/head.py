"""Where git writes down which commit a folder's HEAD is: in files of which one is written whenever HEAD comes to another commit.

`sight` compares their entries, `watcher` hears of them. Nothing here runs git.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coterie.workspace.checkouts import checkout_around, told

_TABLES = "reftable/tables.list"
_OF_A_WORKTREE = ("HEAD", _TABLES)
_OF_ALL_WORKTREES = ("packed-refs", "shallow", _TABLES)


@dataclass(frozen=True, slots=True)
class Head:
    """Absolute places, be they there or not: of the files, and of the folders of git's in which they are, at any depth."""

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    def __contains__(self, place: str) -> bool:
        """Say whether HEAD may be another when something happens at this place."""
        return place in self.files or place in self.folders


def head(folder: str) -> Head:
    """Say where HEAD of a folder is written down; nowhere, where there is no repository. Blocks."""
    checkout = checkout_around(folder)
    if checkout is None:
        return Head()
    git, shared = checkout.git, checkout.shared
    written = [(git, name) for name in _OF_A_WORKTREE] + [(shared, name) for name in (*_branch(git), *_OF_ALL_WORKTREES)]
    files = {place / name for place, name in written}
    folders = {place / parent for place, name in written for parent in Path(name).parents}
    return Head(frozenset(map(str, files)), frozenset(map(str, folders)))


def _branch(git: Path) -> Iterator[str]:
    """Yield the name of the branch that is checked out, if one is."""
    try:
        said = told(git / "HEAD")
    except (OSError, ValueError):
        return
    if said.startswith("ref: refs/"):
        yield said.removeprefix("ref:").strip()
