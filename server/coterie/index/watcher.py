"""Hears which files of a folder change, from the system. `process` gives what it hears to the builds.

Only folders that are indexed are watched, one by one, so that what is ignored costs nothing however much happens there; and git's own, to
hear of commits and other branches (`head`), and of what a checkout excludes and tracks. What is heard is put together to `Changes`: of
many, only that there were many is kept.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.index.head import Head, head
from coterie.workspace.checkouts import Checkout, checkout_around, checkout_at
from coterie.workspace.ignore import IGNORE_FILES
from coterie.workspace.tracked import Tracked, tracked_below
from coterie.workspace.walk import is_listed, is_wanted

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
_RULES = tuple(f"{os.sep}{name}" for name in IGNORE_FILES)


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


@dataclass(frozen=True, slots=True)
class _Ground:
    """What one watch is of: the folders that are indexed, the places that are watched for that, and the checkouts among them.

    ``tracked`` says by each git index, as of when it was last read, what is tracked below which folder.
    """

    folder: str
    covered: frozenset[str]
    watched: frozenset[str]
    excludes: frozenset[str]
    tracked: dict[str, tuple[str, Tracked]]

    def tracked_anew(self, places: Collection[str]) -> Changes:
        """Say what it means that something happened at these places, as far as git tracks other files now."""
        found = Changes()
        for index in self.tracked.keys() & places:
            top, before = self.tracked[index]
            now = tracked_below(top, Path(index))
            self.tracked[index] = (top, now)
            changed = {os.path.relpath(os.path.join(top, name), self.folder) for name in now.differing(before)}  # noqa: PTH118 - thousands
            found |= sorted_out(self.folder, self.covered, Head(), (os.path.join(self.folder, path) for path in changed))  # noqa: PTH118
            outside = [path for path in changed if (os.path.dirname(path) or ".") not in self.covered]  # noqa: PTH120
            found |= Changes(whole=len(outside) > MOST_FILES or any(is_listed(self.folder, path) for path in outside))
        return found


class Watcher:
    """Watches one folder. ``noted`` is called in a thread of its own, which ends with `close` or with the process."""

    def __init__(self, folder: str, noted: Callable[[Changes], None]) -> None:
        self._folder = folder
        self._noted = noted
        self._watched: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._deafened = 0

    def cover(self, folders: Collection[str]) -> bool:
        """Watch these folders and no others from now on.

        Returns whether the watch began anew: what has happened in a new folder before must be looked for, and what was heard until now and
        not told yet, also where folders have only gone. Raises `UnwatchableError`.
        """
        checkouts = _checkouts(self._folder, folders)
        wanted = self._wanted(folders, checkouts)
        if wanted == self._watched:
            return False
        heard = _started(wanted)
        self.close()
        self._watched, self._stop = wanted, threading.Event()
        # What is tracked is asked before anybody looks through the folder, so that whoever does has seen no less.
        tracked = {str(each.index): (each.folder, each.tracked) for each in checkouts}
        ground = _Ground(self._folder, frozenset(folders), wanted, frozenset(str(each.excludes) for each in checkouts), tracked)
        arguments = (heard, ground, self._stop)
        threading.Thread(target=self._listen, args=arguments, name="coterie-index-watch", daemon=True).start()
        return True

    def close(self) -> None:
        """Watch nothing more."""
        self._stop.set()
        self._watched = frozenset()

    def _wanted(self, folders: Collection[str], checkouts: Iterable[Checkout]) -> frozenset[str]:
        """Return the places to watch that are there, those of git's among them."""
        if len(folders) > MOST_FOLDERS:
            raise UnwatchableError(f"it has more than {MOST_FOLDERS} folders")
        if self._deafened > MOST_DEAFENED:
            raise UnwatchableError("there are files in it whose names are no UTF-8")
        if not Path(self._folder).is_dir():
            raise UnwatchableError("it is not there")
        indexed = [os.path.join(self._folder, folder) for folder in folders]  # noqa: PTH118 - thousands
        gits = [str(file.parent) for checkout in checkouts for file in (checkout.excludes, checkout.index)]
        places = (*indexed, *gits, *head(self._folder).folders)
        return frozenset(place for place in places if os.path.isdir(place))  # noqa: PTH112

    def _listen(self, heard: RustNotify, ground: _Ground, stop: threading.Event) -> None:
        at = head(self._folder)
        with heard, suppress(RuntimeError):
            while isinstance(events := heard.watch(_GATHERED_MS, _PAUSE_MS, 0, stop), set):
                places = {path for _, path in events}
                changes = sorted_out(self._folder, ground.covered, at, places, ground.excludes)
                changes |= ground.tracked_anew(places)
                if changes.history:  # HEAD may be another branch, and in folders of git's that have come or gone
                    at = head(self._folder)
                    if any(place not in ground.watched and Path(place).is_dir() for place in at.folders):
                        self._watch_anew(stop)
                        changes |= Changes(whole=True)
                if any(
                    kind != _MODIFIED and (path in at.folders or os.path.relpath(path, self._folder) in ground.covered)
                    for kind, path in events
                ):
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
            self._watched = frozenset()


def _started(places: Collection[str]) -> RustNotify:
    from watchfiles._rust_notify import RustNotify  # noqa: PLC0415 - only where something is watched

    try:
        return RustNotify(sorted(places), False, False, 0, False, True)  # noqa: FBT003 - its parameters have no names
    except (OSError, RuntimeError) as failure:
        raise UnwatchableError(str(failure)) from failure


def _checkouts(folder: str, folders: Iterable[str]) -> tuple[Checkout, ...]:
    """Return the checkout that a folder lies in, and those in it."""
    places = (os.path.join(folder, path) for path in folders if path != ".")  # noqa: PTH118 - thousands
    return tuple(each for each in (checkout_around(folder), *map(checkout_at, places)) if each is not None)


def sorted_out(folder: str, covered: Collection[str], at: Head, places: Iterable[str], excludes: Container[str] = ()) -> Changes:
    """Say what events at these places mean for a folder of which the folders ``covered`` are indexed, and whose HEAD is ``at``.

    ``excludes`` are the files of patterns that its checkouts have for themselves.
    """
    found = Changes()
    for place in places:
        path = os.path.relpath(place, folder)
        here, name = os.path.split(path)
        if place in at:
            found |= Changes(history=True)
        elif place in excludes or f"{os.sep}{path}".endswith(_RULES):
            found |= Changes(whole=True)
        elif name == ".git" and (here or ".") in covered:  # there is a repository now, or none any more
            found |= Changes(whole=True, history=True)
        elif (here or ".") not in covered or not is_wanted(name):
            continue
        elif path in covered:
            found |= Changes(whole=not os.path.isdir(place))  # noqa: PTH112 - thousands
        else:
            found |= Changes(whole=os.path.isdir(place), paths=frozenset({path}))  # noqa: PTH112
    return found
