"""A copy of a workspace folder in a place of its own, for an agent that works with tools of its own; and what became of it there.

``agents.external`` makes one, lets the agent work in it, and takes the difference over as edits of the real files. In a git repository
it is a worktree without a branch, so that the agent has the history; what it commits there touches no branch. It holds what the person
sees: unsaved text too, and nothing that looks like a secret.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time

from coterie.base.errors import ModelMistakeError, RunError
from coterie.domain.workspace_ports import Folder, Workspace
from coterie.workspace.files import in_thread
from coterie.workspace.git import told_by_git
from coterie.workspace.ignore import is_secret
from coterie.workspace.workspace import LiveWorkspace

_PATIENCE_S = 120.0
_KEPT_S = 7 * 24 * 3600.0
_WORK, _BEFORE = "work", "before.json"


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is other than it was; None: it is not there."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Aside:
    """A copy. ``place`` holds it as a whole; ``folder`` is the workspace folder in it, ``repository`` the one of which it is a worktree."""

    place: Path
    folder: Folder
    repository: str | None

    @property
    def workspace(self) -> Workspace:
        """The copy as a workspace."""
        return LiveWorkspace([self.folder])

    async def differences(self) -> tuple[Difference, ...]:
        """Return what is other than it was when the copy was made."""
        kept = await in_thread((self.place / _BEFORE).read_text, encoding="utf-8")
        before: Mapping[str, str] = json.loads(kept)
        after = await _texts(self.workspace)
        changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
        return tuple(Difference(path, before.get(path), after.get(path)) for path in changed)

    async def remove(self) -> None:
        """Take the copy away."""
        await in_thread(self._remove)

    def _remove(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        if self.repository is not None:
            _git(self.repository, "worktree", "prune")


async def set_aside(workspace: Workspace, folder: Folder, place: Path) -> Aside:
    """Make a copy at ``place``, in the stead of what may be there. Raises `RunError`."""
    seen = await _texts(workspace, folder.uri, exact=True)
    try:
        aside = await in_thread(_made, folder, place, seen)
        before = json.dumps(await _texts(aside.workspace), ensure_ascii=True)
        await in_thread((place / _BEFORE).write_text, before, encoding="utf-8")  # last: what has it is whole
    except OSError as failure:
        raise RunError(f"No copy of the workspace could be made: {failure.strerror or failure}.", code="no_worktree") from failure
    return aside


async def find_aside(folder: Folder, place: Path) -> Aside | None:
    """Return the copy that was made at ``place`` before, when it is whole."""
    return await in_thread(_found, folder, place)


async def _texts(workspace: Workspace, folder: str | None = None, *, exact: bool = False) -> dict[str, str]:
    texts: dict[str, str] = {}
    for file in await workspace.files(folder):
        try:
            text = await workspace.read(file, exact=exact)
        except ModelMistakeError:  # far too large, or no text after all: nobody's to edit
            continue
        if text is not None:
            texts[file.path] = text
    return texts


def _made(folder: Folder, place: Path, seen: Mapping[str, str]) -> Aside:
    _sweep(place.parent)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o700)
    work = place / _WORK
    top = _git(folder.absolute, "rev-parse", "--show-toplevel")
    if top:
        _git(top, "worktree", "prune")
    repository = top if top and _git(top, "worktree", "add", "--detach", "--no-checkout", str(work), "HEAD") is not None else None
    root = work
    if repository is not None:
        # The index alone: checking files out would start the filters that the repository's settings name.
        _git(str(work), "read-tree", "HEAD")
        root = work / os.path.relpath(os.path.realpath(folder.absolute), os.path.realpath(repository))
        _copy_tracked(Path(folder.absolute), root)
    root.mkdir(parents=True, exist_ok=True)
    for path, text in seen.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        source = Path(folder.absolute, path)
        if source.is_file():
            shutil.copymode(source, file) if file.exists() else shutil.copy2(source, file)
        file.write_text(text, encoding="utf-8", newline="")
    return Aside(place, _folder(folder, root), repository)


def _sweep(places: Path) -> None:
    """Take away copies of runs that nobody has resumed for long."""
    for place in places.iterdir() if places.is_dir() else ():
        if time() - place.stat().st_mtime > _KEPT_S:
            shutil.rmtree(place, ignore_errors=True)


def _found(folder: Folder, place: Path) -> Aside | None:
    if not (place / _BEFORE).is_file():
        return None
    work = place / _WORK
    top = _git(folder.absolute, "rev-parse", "--show-toplevel") if (work / ".git").exists() else None
    root = work / os.path.relpath(os.path.realpath(folder.absolute), os.path.realpath(top)) if top else work
    return Aside(place, _folder(folder, root), top)


def _folder(folder: Folder, root: Path) -> Folder:
    absolute = os.path.realpath(root)
    return Folder(uri=Path(absolute).as_uri(), name=folder.name, absolute=absolute)


def _copy_tracked(source: Path, target: Path) -> None:
    """Copy the files that git knows, as they are now: also those that are no text."""
    for path in filter(None, (_git(str(source), "ls-files", "-z") or "").split("\0")):
        file = source / path
        if file.is_file() and not file.is_symlink() and not any(map(is_secret, Path(path).parts)):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target / path)


def _git(folder: str, *words: str) -> str | None:
    return told_by_git(folder, *words, patience_s=_PATIENCE_S)  # a worktree of a large repository takes its time
