"""The process that keeps indexes: reads requests, one JSON object a line, and answers from the last whole state while a build goes on.

From the server: ``{id, op: "refresh", folder}`` builds or brings up to date, ``watch`` does so and goes on whenever something changes,
until ``unwatch``; ``{id, op: "saved", folder, paths}`` takes single files in, ``{id, op: "edited", folder, path, text}`` the text of an
open buffer, or its end; ``{id, op: "rank", folder, question}``, ``{id, op: "define", folder, name, limit}`` and
``{id, op: "overview", folder, limit}`` ask. Each is answered by ``{id, result}`` or ``{id, failure: sentence}``; in between come
`BuildNews`, which have no id.

Builds have a thread with connections of its own, which steps back behind other work, so a question waits for none; questions are answered
in the main thread, one after the other. A watched folder has a thread that hears of changes (`watcher`) and lets the builds know, once
however many they are. Where that is not possible, each question has the folder looked through behind its answer. The process ends with its
input, at any point of any work: the cache holds whole transactions only.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Any, BinaryIO

from coterie.base.child import answering
from coterie.domain.overview import Overview
from coterie.domain.retrieval import BuildNews, Definitions, Question, Ranking
from coterie.domain.wire import Json, from_wire, to_wire
from coterie.index.build import Refreshed
from coterie.index.folder import FolderIndex
from coterie.index.watcher import Changes, UnwatchableError, Watcher
from coterie.workspace.walk import list_tree

_TOLD_EVERY_S = 0.1
"""How often at most a build says how far it is."""
_NICER = 5
_MOST_LOOKS = 3
"""A folder in which folders come and go faster than they can be watched is looked through again, after what else is to be done."""


class Indexes:
    """The folders of one server, for questions in this thread and builds in another one. ``watcher`` hears of a folder's changes."""

    def __init__(
        self,
        caches: Path,
        send: Callable[[Mapping[str, Json]], None],
        *,
        watcher: Callable[[str, Callable[[Changes], None]], Watcher] = Watcher,
    ) -> None:
        self._caches = caches
        self._send = send
        self._watcher = watcher
        self._asked: dict[str, FolderIndex] = {}
        self._waiting: dict[str, int] = {}  # builds that are not done, by folder; `_lock` guards it
        self._lock = threading.Lock()
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._built: dict[str, FolderIndex] = {}  # the builder's own, as the next two
        self._watchers: dict[str, Watcher] = {}
        self._unwatched: dict[str, str] = {}  # why folders that should be watched are not
        self._changes: dict[str, Changes] = {}  # what is noted and not yet looked at; `_lock` guards it
        threading.Thread(target=self._build, name="coterie-index-builds", daemon=True).start()

    def take(self, request: Mapping[str, Any]) -> None:
        """Answer a request, or have it done."""
        number, folder = request["id"], request["folder"]
        match request["op"]:
            case "refresh":
                self._later(number, folder, lambda: self._refresh(folder))
            case "watch":
                self._later(number, folder, lambda: self._watch(folder))
            case "unwatch":
                self._later(number, folder, lambda: self._unwatch(folder))
            case "saved":
                self._later(number, folder, lambda: self._saved(folder, request["paths"]))
            case "edited":
                self._answer(number, lambda: self._opened(folder).edited(request["path"], request["text"]))
            case "rank":
                self._answer(number, lambda: to_wire(self._rank(folder, from_wire(Question, request["question"]))))
            case "define":
                self._answer(number, lambda: to_wire(self._define(folder, request["name"], request["limit"])))
            case "overview":
                self._answer(number, lambda: to_wire(self._overview(folder, request["limit"])))
            case other:
                self._send({"id": number, "failure": f"There is no operation {other!r}."})

    def noted(self, folder: str, changes: Changes) -> None:
        """Have what has changed looked at, once for all that is noted until then. Called in any thread."""
        with self._lock:
            is_waiting = folder in self._changes
            self._changes[folder] = self._changes.get(folder, Changes()) | changes
        if not is_waiting:
            self._later(None, folder, lambda: self._catch_up(folder))

    def _rank(self, folder: str, question: Question) -> Ranking:
        return Ranking(found=self._opened(folder).ask(question), complete=self._is_complete(folder))

    def _overview(self, folder: str, limit: int) -> Overview:
        return Overview(landmarks=self._opened(folder).overview(limit), complete=self._is_complete(folder))

    def _define(self, folder: str, name: str, limit: int) -> Definitions:
        return replace(self._opened(folder).definitions(name, limit), complete=self._is_complete(folder))

    def _opened(self, folder: str) -> FolderIndex:
        if folder not in self._asked:
            self._asked[folder] = FolderIndex(folder, self._caches)
        if (built := self._built.get(folder)) is not None:
            self._asked[folder].use_history(built.commits)
        return self._asked[folder]

    def _is_complete(self, folder: str) -> bool:
        if folder in self._unwatched:
            self.noted(folder, Changes(whole=True))
        with self._lock:
            return not self._waiting.get(folder)

    def _answer(self, number: int | None, work: Callable[[], Json]) -> None:
        try:
            result = work()
        except Exception as failure:  # noqa: BLE001 - the server is told, and this process goes on
            self._send({"id": number, "failure": f"{type(failure).__name__}: {failure}"})
        else:
            if number is not None:
                self._send({"id": number, "result": result})

    def _later(self, number: int | None, folder: str, work: Callable[[], Json]) -> None:
        with self._lock:
            self._waiting[folder] = self._waiting.get(folder, 0) + 1

        def do() -> None:
            self._answer(number, lambda: self._counted(folder, work))

        self._work.put(do)

    def _counted(self, folder: str, work: Callable[[], Json]) -> Json:
        try:
            return work()
        finally:
            with self._lock:
                self._waiting[folder] -= 1

    def _build(self) -> None:
        with suppress(OSError):  # a build must not make the editor wait; what this thread starts gets the same
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + _NICER)
        while True:
            self._work.get()()

    def _watch(self, folder: str) -> Json:
        if folder not in self._watchers:
            self._watchers[folder] = self._watcher(folder, lambda changes: self.noted(folder, changes))
            self._cover(folder, list_tree(folder).folders)  # so that what happens during the first build is noted
        return self._refresh(folder)

    def _unwatch(self, folder: str) -> Json:
        self._unwatched.pop(folder, None)
        if (watcher := self._watchers.pop(folder, None)) is not None:
            watcher.close()
        return None

    def _refresh(self, folder: str) -> Json:
        result = self._look_through(folder)
        for _ in range(_MOST_LOOKS - 1):
            if not self._cover(folder, result.folders):
                break
            result = self._look_through(folder)
        else:
            if self._cover(folder, result.folders):
                self.noted(folder, Changes(whole=True))
        self._tell(BuildNews(folder=folder, done=result.files, files=result.files, complete=True, unwatched=self._unwatched.get(folder)))
        return {"files": result.files, "read": result.read, "gone": result.gone}

    def _look_through(self, folder: str) -> Refreshed:
        last = monotonic()

        def told(done: int, files: int) -> None:
            nonlocal last
            if monotonic() - last >= _TOLD_EVERY_S:
                last = monotonic()
                self._tell(BuildNews(folder=folder, done=done, files=files, complete=False))

        return self._builder(folder).refresh(told)

    def _cover(self, folder: str, folders: Sequence[str]) -> bool:
        """Watch the folders of a folder, if it is to be watched; say whether there is anything to look for again."""
        watcher = self._watchers.get(folder)
        try:
            found = watcher is not None and watcher.cover(folders)
        except UnwatchableError as failure:
            self._unwatched[folder] = f"Changes in {folder} are noticed late, because it cannot be watched: {failure}."
            return False
        self._unwatched.pop(folder, None)
        return found

    def _catch_up(self, folder: str) -> Json:
        with self._lock:
            changes = self._changes.pop(folder)
        if changes.whole:
            return self._refresh(folder)
        if changes.history:
            self._builder(folder).refresh_history()
        return self._saved(folder, changes.paths)

    def _saved(self, folder: str, paths: Iterable[str]) -> Json:
        for path in paths:
            self._builder(folder).refresh_file(path)
        return None

    def _tell(self, news: BuildNews) -> None:
        self._send({"news": to_wire(news)})

    def _builder(self, folder: str) -> FolderIndex:
        if folder not in self._built:
            self._built[folder] = FolderIndex(folder, self._caches)
        return self._built[folder]


def serve(caches: str, asked: BinaryIO, answers: BinaryIO) -> None:
    """Serve until the input ends; does not return then."""
    indexes = Indexes(Path(caches), answering(answers))
    for line in asked:
        indexes.take(json.loads(line))
    # A build may be under way, which nobody waits for; what it has written is whole.
    os._exit(0)
