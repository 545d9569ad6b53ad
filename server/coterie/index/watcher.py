"""Hears which files of a folder change, from the system. `process` gives what it hears to the builds.

Only folders that are indexed are watched, one by one, so that what is ignored costs nothing however much happens there; and git's own, to
hear of commits and other branches. What is heard is put together to `Changes`: of many, only that there were many is kept.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.workspace.ignore import IGNORE_FILES
from coterie.workspace.walk import is_wanted

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

MOST_FILES = 100
"""So many changed files are looked at one by one; of more, the whole folder is looked through."""
MOST_FOLDERS = 20_000
MOST_DEAFENED = 20
"""So often a watch is begun anew because of a name that it cannot tell; then the folder is one that cannot be watched."""
_GATHERED_MS = 1_600
"""What happens without a pause is put together for so long."""
_PAUSE_MS = 50
_MODIFIED = 2
"""The kind of an event that neither makes nor takes away."""
_MOVED_HEAD = frozenset({"HEAD", "logs"})


class UnwatchableError(Exception):
    """The system does not let us watch; the words are for a person."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What has happened in a folder: to single files, to so much that all has to be looked through, to what HEAD descends from."""

    paths: frozenset[str] = frozenset()
    whole: bool = False
    history: bool = False

    def __or__(self, other: Changes) -> Changes:
        """Put two together."""
        paths = self.paths | other.paths
        whole = self.whole or other.whole or len(paths) > MOST_FILES
        return Changes(frozenset() if whole else paths, whole, self.history or other.history)

    def __bool__(self) -> bool:
        """Say whether there is anything to do."""
        return self.whole or self.history or bool(self.paths)


class Watcher:
    """Watches one folder. ``noted`` is called in a thread of its own, which ends with `close` or with the process."""

    def __init__(self, folder: str, noted: Callable[[Changes], None]) -> None:
        self._folder = folder
        self._noted = noted
        self._covered: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._deafened = 0

    def cover(self, folders: Collection[str]) -> bool:
        """Watch these folders and no others from now on.

        Returns whether any is new: what has happened there before must be looked for. Raises `UnwatchableError`.
        """
        wanted = frozenset(folders)
        if wanted == self._covered:
            return False
        is_new = not wanted <= self._covered
        heard = self._started(wanted)
        self.close()
        self._covered, self._stop = wanted, threading.Event()
        threading.Thread(target=self._listen, args=(heard, wanted, self._stop), name="coterie-index-watch", daemon=True).start()
        return is_new

    def close(self) -> None:
        """Watch nothing more."""
        self._stop.set()
        self._covered = frozenset()

    def _started(self, folders: Collection[str]) -> RustNotify:
        from watchfiles._rust_notify import RustNotify  # noqa: PLC0415 - only where something is watched

        if len(folders) > MOST_FOLDERS:
            raise UnwatchableError(f"it has more than {MOST_FOLDERS} folders")
        if self._deafened > MOST_DEAFENED:
            raise UnwatchableError("there are files in it whose names are no UTF-8")
        if not Path(self._folder).is_dir():
            raise UnwatchableError("it is not there")
        wanted = [os.path.join(self._folder, folder) for folder in folders] + git_folders(self._folder)  # noqa: PTH118 - thousands
        try:
            there = [place for place in wanted if os.path.isdir(place)]  # noqa: PTH112 - thousands
            return RustNotify(there, False, False, 0, False, True)  # noqa: FBT003 - its parameters have no names
        except (OSError, RuntimeError) as failure:
            raise UnwatchableError(str(failure)) from failure

    def _listen(self, heard: RustNotify, covered: frozenset[str], stop: threading.Event) -> None:
        with heard, suppress(RuntimeError):
            while isinstance(events := heard.watch(_GATHERED_MS, _PAUSE_MS, 0, stop), set):
                changes = sorted_out(self._folder, covered, (path for _, path in events))
                if any(kind != _MODIFIED and os.path.relpath(path, self._folder) in covered for kind, path in events):
                    self._watch_anew(stop)
                    changes |= Changes(whole=True)
                if changes:
                    self._noted(changes)
            return
        # It hears nothing more once it has met a name that is no UTF-8. Who looks through the folder now begins anew, a few times.
        self._deafened += 1
        self._watch_anew(stop)
        self._noted(Changes(whole=True))

    def _watch_anew(self, stop: threading.Event) -> None:
        """Let the next `cover` begin anew: a folder that was taken away and is back is another one to the system."""
        if self._stop is stop:
            self._covered = frozenset()


def sorted_out(folder: str, covered: Collection[str], places: Iterable[str]) -> Changes:
    """Say what events at these places mean for a folder of which the folders ``covered`` are indexed."""
    found = Changes()
    for place in places:
        path = os.path.relpath(place, folder)
        here, name = os.path.split(path)
        if (here or ".") not in covered:
            found |= Changes(history=name in _MOVED_HEAD)
        elif not is_wanted(name):
            continue
        elif path in covered:
            found |= Changes(whole=not os.path.isdir(place))  # noqa: PTH112 - thousands
        else:
            found |= Changes(whole=name in IGNORE_FILES or os.path.isdir(place), paths=frozenset({path}))  # noqa: PTH112
    return found


def git_folders(folder: str) -> list[str]:
    """Return the folders that hold HEAD and its log; of a worktree of its own, they lie elsewhere."""
    around = (Path(os.path.realpath(folder)), *Path(os.path.realpath(folder)).parents)
    git = next((place / ".git" for place in around if (place / ".git").exists()), None)
    try:
        if git is not None and git.is_file():
            git = git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    except (OSError, ValueError):
        return []
    return [] if git is None else [str(place) for place in (git, git / "logs") if place.is_dir()]
