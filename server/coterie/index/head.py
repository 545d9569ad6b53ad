"""Where git writes down which commit a folder's HEAD is: in files of which one is written whenever HEAD comes to another commit.

`sight` compares their entries, `watcher` hears of them. Nothing here runs git.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OF_ALL_WORKTREES = ("packed-refs", "shallow", "reftable/tables.list")


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
    found = _git_folder(folder)
    if found is None:
        return Head()
    git = Path(os.path.realpath(found))
    files = {git / "HEAD"}
    folders = {git}
    try:
        shared = Path(os.path.realpath(git / (git / "commondir").read_text(encoding="utf-8").strip()))  # of a worktree that was added
    except (OSError, ValueError):
        shared = git
    for name in (*_branch(git), *_OF_ALL_WORKTREES):
        files.add(shared / name)
        folders.update(shared / parent for parent in Path(name).parents)
    return Head(frozenset(map(str, files)), frozenset(map(str, folders)))


def _git_folder(folder: str) -> Path | None:
    around = (Path(os.path.realpath(folder)), *Path(os.path.realpath(folder)).parents)
    git = next((place / ".git" for place in around if (place / ".git").exists()), None)
    try:
        if git is not None and git.is_file():  # of a worktree of its own, or a submodule
            return git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    except (OSError, ValueError):
        return None
    return git


def _branch(git: Path) -> Iterator[str]:
    """Yield the name of the branch that is checked out, if one is."""
    try:
        said = (git / "HEAD").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    if said.startswith("ref: refs/"):
        yield said.removeprefix("ref:").strip()
