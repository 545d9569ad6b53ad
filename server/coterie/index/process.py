"""The process that keeps indexes: reads requests, one JSON object a line, and answers from the last whole state while a build goes on.

From the server: ``{id, op: "watch", folder}`` builds or brings up to date; ``{id, op: "saved", folder, paths}`` takes single files in;
``{id, op: "rank", folder, question}`` and ``{id, op: "define", folder, name, limit}`` ask. Each is answered by ``{id, result}`` or
``{id, failure: sentence}``; in between come ``{folder, done, files}``, how far a build is.

Builds have a thread with connections of its own, so a question waits for none; questions are answered in the main thread, one after the
other. The process ends with its input, at any point of any work: the cache holds whole transactions only.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Any, BinaryIO

from coterie.base.child import answering
from coterie.domain.retrieval import Definitions, Question, Ranking
from coterie.domain.wire import Json, from_wire, to_wire
from coterie.index.folder import FolderIndex

_TOLD_EVERY_S = 0.1
"""How often at most a build says how far it is."""


class Indexes:
    """The folders of one server, for questions in this thread and builds in another one."""

    def __init__(self, caches: Path, send: Callable[[Mapping[str, Json]], None]) -> None:
        self._caches = caches
        self._send = send
        self._asked: dict[str, FolderIndex] = {}
        self._waiting: dict[str, int] = {}  # builds that are not done, by folder; `_lock` guards it
        self._lock = threading.Lock()
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._built: dict[str, FolderIndex] = {}  # the builder's own
        threading.Thread(target=self._build, name="coterie-index-builds", daemon=True).start()

    def take(self, request: Mapping[str, Any]) -> None:
        """Answer a request, or have it done."""
        number, folder = request["id"], request["folder"]
        match request["op"]:
            case "watch":
                self._later(number, folder, lambda: self._watch(folder))
            case "saved":
                self._later(number, folder, lambda: self._saved(folder, request["paths"]))
            case "rank":
                self._answer(number, lambda: to_wire(self._rank(folder, from_wire(Question, request["question"]))))
            case "define":
                self._answer(number, lambda: to_wire(self._define(folder, request["name"], request["limit"])))
            case other:
                self._send({"id": number, "failure": f"There is no operation {other!r}."})

    def _rank(self, folder: str, question: Question) -> Ranking:
        return Ranking(found=self._opened(folder).ask(question), complete=self._is_complete(folder))

    def _define(self, folder: str, name: str, limit: int) -> Definitions:
        return replace(self._opened(folder).definitions(name, limit), complete=self._is_complete(folder))

    def _opened(self, folder: str) -> FolderIndex:
        if folder not in self._asked:
            self._asked[folder] = FolderIndex(folder, self._caches)
        if (built := self._built.get(folder)) is not None:
            self._asked[folder].use_history(built.commits)
        return self._asked[folder]

    def _is_complete(self, folder: str) -> bool:
        with self._lock:
            return not self._waiting.get(folder)

    def _answer(self, number: int, work: Callable[[], Json]) -> None:
        try:
            result = work()
        except Exception as failure:  # noqa: BLE001 - the server is told, and this process goes on
            self._send({"id": number, "failure": f"{type(failure).__name__}: {failure}"})
        else:
            self._send({"id": number, "result": result})

    def _later(self, number: int, folder: str, work: Callable[[], Json]) -> None:
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
        while True:
            self._work.get()()

    def _watch(self, folder: str) -> Json:
        last = monotonic()

        def told(done: int, files: int) -> None:
            nonlocal last
            if monotonic() - last >= _TOLD_EVERY_S or done == files:
                last = monotonic()
                self._send({"folder": folder, "done": done, "files": files})

        result = self._builder(folder).refresh(told)
        return {"files": result.files, "read": result.read, "gone": result.gone}

    def _saved(self, folder: str, paths: list[str]) -> Json:
        for path in paths:
            self._builder(folder).refresh_file(path)
        return None

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
