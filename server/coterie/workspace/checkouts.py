"""Where git keeps what of a checkout: read from its files alone, nothing here runs git but `Checkout.tracked`. Blocks.

``ignore`` asks what a checkout excludes and tracks; ``index.head`` where its HEAD is written down, ``index.watcher`` what to listen to.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from coterie.base.small_file import read_small
from coterie.workspace.tracked import Tracked, tracked_below

EXCLUDES = "info/exclude"
"""Patterns of a repository that are nobody else's, from the folder that all its worktrees share."""
MOST_TOLD = 64 * 1024
"""Bytes of a file that holds a single name."""


@dataclass(frozen=True)
class Checkout:
    """A folder that belongs to a work tree, at its top or below it, as it was when it was looked up.

    ``top`` is the folder at its top; ``git`` is git's folder for this work tree alone, ``shared`` the one for all work trees of its
    repository: the same where there is one.
    """

    folder: str
    top: str
    git: Path
    shared: Path

    @property
    def index(self) -> Path:
        """The file that says what is tracked."""
        return self.git / "index"

    @property
    def excludes(self) -> Path:
        """The file of patterns that are nobody else's."""
        return self.shared / EXCLUDES

    @cached_property
    def tracked(self) -> Tracked:
        """What is tracked below the folder; always the same, once it was asked for."""
        return tracked_below(self.folder, self.index)


def checkout_at(folder: str | Path) -> Checkout | None:
    """Return the checkout whose top a folder is."""
    return _checkout(str(folder), str(folder))


def checkout_around(folder: str | Path) -> Checkout | None:
    """Return the innermost checkout that a folder lies in, or is."""
    real = Path(os.path.realpath(folder))
    top = next((str(place) for place in (real, *real.parents) if _kind(f"{place}{os.sep}.git")), None)
    return None if top is None else _checkout(str(folder), top)


def told(file: Path | str) -> str:
    """Return what one of the small files says in which git keeps a name. Raises `OSError` and `ValueError`."""
    return read_small(file, MOST_TOLD).decode()


def _checkout(folder: str, top: str) -> Checkout | None:
    place = f"{top}{os.sep}.git"
    kind = _kind(place)
    if not kind:
        return None
    try:
        # A file is what a worktree that was added has there, or a submodule.
        said = told(place).removeprefix("gitdir:").strip() if stat.S_ISREG(kind) else place
        git = Path(os.path.realpath(Path(top, said)))
        return Checkout(folder, top, git, _shared(git)) if stat.S_ISREG(kind) or stat.S_ISDIR(kind) else None
    except (OSError, ValueError):
        return None


def _kind(place: str) -> int:
    """Return the mode of what is at a place, 0 where nothing is. Asked of each folder of a walk."""
    try:
        return os.stat(place).st_mode  # noqa: PTH116 - a Path takes as long as the answer
    except (OSError, ValueError):
        return 0


def _shared(git: Path) -> Path:
    try:
        return Path(os.path.realpath(git / told(git / "commondir").strip()))
    except (OSError, ValueError):
        return git
