"""Hears which files of a folder change, from the system. `process` gives what it hears to the builds.

Only folders that are indexed are watched, one by one, so that what is ignored costs nothing however much happens there; and git's own, to
hear of commits and other branches (`head`), and of what a checkout excludes. What is heard is put together to `Changes`: of many, only that
there were many is kept.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.index.head import Head, head
from coterie.workspace.ignore import RULE_FILES
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
_RULE_FOLDERS = tuple({name.rpartition("/")[0] for name in RULE_FILES} - {""})
"""Where a folder's rules are, from it, besides in itself."""
_RULES = tuple(f"{os.sep}{name}" for name in RULE_FILES)


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
        self._watched: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._deafened = 0

    def cover(self, folders: Collection[str]) -> bool:
        """Watch these folders and no others from now on.

        Returns whether the watch began anew: what has happened in a new folder before must be looked for, and what was heard until now and
        not told yet, also where folders have only gone. Raises `UnwatchableError`.
        """
        wanted = self._wanted(folders)
        if wanted == self._watched:
            return False
        heard = _started(wanted)
        self.close()
        self._watched, self._stop = wanted, threading.Event()
        arguments = (heard, frozenset(folders), wanted, self._stop)
        threading.Thread(target=self._listen, args=arguments, name="coterie-index-watch", daemon=True).start()
        return True

    def close(self) -> None:
        """Watch nothing more."""
        self._stop.set()
        self._watched = frozenset()

    def _wanted(self, folders: Collection[str]) -> frozenset[str]:
        """Return the places to watch that are there, those of git's among them."""
        if len(folders) > MOST_FOLDERS:
            raise UnwatchableError(f"it has more than {MOST_FOLDERS} folders")
        if self._deafened > MOST_DEAFENED:
            raise UnwatchableError("there are files in it whose names are no UTF-8")
        if not Path(self._folder).is_dir():
            raise UnwatchableError("it is not there")
        indexed = [os.path.join(self._folder, folder) for folder in folders]  # noqa: PTH118 - thousands
        rules = [os.path.join(place, name) for place in indexed for name in _RULE_FOLDERS]  # noqa: PTH118
        places = (*indexed, *rules, *head(self._folder).folders)
        return frozenset(place for place in places if os.path.isdir(place))  # noqa: PTH112

    def _listen(self, heard: RustNotify, covered: frozenset[str], watched: frozenset[str], stop: threading.Event) -> None:
        at = head(self._folder)
        with heard, suppress(RuntimeError):
            while isinstance(events := heard.watch(_GATHERED_MS, _PAUSE_MS, 0, stop), set):
                changes = sorted_out(self._folder, covered, at, (path for _, path in events))
                if changes.history:  # HEAD may be another branch, and in folders of git's that have come or gone
                    at = head(self._folder)
                    if any(place not in watched and Path(place).is_dir() for place in at.folders):
                        self._watch_anew(stop)
                        changes |= Changes(whole=True)
                if any(
                    kind != _MODIFIED and (path in at.folders or os.path.relpath(path, self._folder) in covered) for kind, path in events
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


def sorted_out(folder: str, covered: Collection[str], at: Head, places: Iterable[str]) -> Changes:
    """Say what events at these places mean for a folder of which the folders ``covered`` are indexed, and whose HEAD is ``at``."""
    found = Changes()
    for place in places:
        path = os.path.relpath(place, folder)
        here, name = os.path.split(path)
        if place in at:
            found |= Changes(history=True)
        elif f"{os.sep}{path}".endswith(_RULES):
            found |= Changes(whole=True)
        elif (here or ".") not in covered or not is_wanted(name):
            continue
        elif path in covered:
            found |= Changes(whole=not os.path.isdir(place))  # noqa: PTH112 - thousands
        else:
            found |= Changes(whole=os.path.isdir(place), paths=frozenset({path}))  # noqa: PTH112
    return found
