"""The server's end of the process that predicts lines (see `prediction_process`): no work of numpy's is ever done in the server.

``app.shared`` has one `PredictionProcess` for all editors, ``app.core`` an `EditorPredictor` for each, which implements the port
`coterie.domain.code_ports.LinePredictor` for ``features.suggestions``. The process starts with the first question, which finds nothing yet.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from coterie.base.child import Child
from coterie.base.errors import RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.prediction import PredictedLine, PredictionRequest
from coterie.features.prediction import LARGEST_FILE, path_by_language
from coterie.workspace.documents import Documents
from coterie.workspace.uris import path_in

COMMAND = (sys.executable, "-P", "-m", "coterie.features.prediction_process")
WITHIN_S: Final = 0.5
"""So long a prediction is worth waiting for: many times what it takes."""
REST_S: Final = 2.0
"""How long a process that was too slow is not asked: every request of a person who types would wait for it."""
BEFORE, BEHIND = 40_000, 12_000
"""Characters around the cursor that the predictor looks at."""
BUILDING: Final = PredictedLine(state="building")
UNAVAILABLE: Final = PredictedLine(state="unavailable")
log = logging.getLogger(__name__)


class PredictionProcess:
    """Owns the process, and knows which buffers it has. Used from one event loop; constructing it starts nothing."""

    def __init__(self, *, command: Sequence[str] = COMMAND, within_s: float = WITHIN_S, rest_s: float = REST_S) -> None:
        self._within_s = within_s
        self._rest_s = rest_s
        self._rests_until = float("-inf")
        self._tasks = TaskSupervisor("predictions")
        self._child = Child(command, name="The predictor", code="predictor_unavailable", reborn=self._forgot)
        self._sent: dict[str, str] = {}
        self._is_starting = False

    @property
    def pid(self) -> int | None:
        """The process's id while it lives."""
        return self._child.pid

    async def predict(self, folder: str, path: str, prefix: str, suffix: str, opened: Mapping[str, str | None]) -> PredictedLine:
        """Predict the rest of a line. ``opened`` are texts of other buffers by absolute path, None for one that is open no longer.

        Waits for no start: without a process this is answered at once.
        """
        if self._tasks.closed or asyncio.get_running_loop().time() < self._rests_until:
            return UNAVAILABLE
        if self.pid is None or self._is_starting:
            self._start()
            return BUILDING
        changed = {path: text for path, text in opened.items() if self._sent.get(path) != text}
        try:
            async with asyncio.timeout(self._within_s):
                if changed:
                    self._note(changed)
                    await self._child.call({"op": "opened", "texts": changed})
                found = await self._child.call({"op": "predict", "folder": folder, "path": path, "prefix": prefix, "suffix": suffix})
        except TimeoutError:
            log.info("no prediction within %s s; the predictor is left alone for %s s", self._within_s, self._rest_s)
            self._rests_until = asyncio.get_running_loop().time() + self._rest_s
            return UNAVAILABLE
        except RequestError as failure:
            log.info("no prediction: %s", failure.message)
            return UNAVAILABLE
        return PredictedLine(**found)

    def close(self, paths: Sequence[str]) -> None:
        """Note that buffers are open no longer."""
        closed: dict[str, str | None] = {path: None for path in paths if path in self._sent}
        if closed and self.pid is not None and not self._tasks.closed:
            self._note(closed)
            self._tasks.spawn(self._quietly({"op": "opened", "texts": closed}), name="buffers that were closed")

    async def settled(self) -> None:
        """Wait until what was begun is done."""
        await self._tasks.settled()

    async def aclose(self) -> None:
        """End the process."""
        await self._tasks.aclose()
        await self._child.aclose()

    def _start(self) -> None:
        if not self._is_starting:
            self._is_starting = True
            self._tasks.spawn(self._started(), name="start the predictor")

    async def _started(self) -> None:
        try:
            await self._quietly({"op": "opened", "texts": {}})
        finally:
            self._is_starting = False

    def _note(self, changed: Mapping[str, str | None]) -> None:
        for path, text in changed.items():
            if text is None:
                self._sent.pop(path, None)
            else:
                self._sent[path] = text

    def _forgot(self) -> None:
        self._sent.clear()

    async def _quietly(self, request: Mapping[str, object]) -> None:
        try:
            await self._child.call(request)
        except RequestError as failure:
            log.warning("%s", failure.message)


class EditorPredictor:
    """Predicts for one editor, whose buffers come before the disk. ``roots`` are its workspace's folders, links resolved."""

    def __init__(self, process: PredictionProcess, documents: Documents, roots: Callable[[], frozenset[str]]) -> None:
        self._process = process
        self._documents = documents
        self._roots = roots
        self._told: set[str] = set()

    async def predict(self, request: PredictionRequest) -> PredictedLine:
        """Predict the rest of the line at the cursor; never waits for the project to be read."""
        buffer = self._documents.get(request.uri)
        own = None if buffer is None else buffer.absolute
        folder, path = self._place(own or path_by_language(path_in(request.uri), request.language))
        opened: dict[str, str | None] = {
            other.absolute: other.text[:LARGEST_FILE]
            for other in self._documents.files()
            if other.absolute is not None and other.absolute != own
        }
        opened |= dict.fromkeys(self._told - opened.keys() - {own})
        self._told = {each for each, text in opened.items() if text is not None} | (self._told & {own})
        return await self._process.predict(folder, path, request.prefix[-BEFORE:], request.suffix[:BEHIND], opened)

    def _place(self, path: str) -> tuple[str, str]:
        """Return the folder that a path lies in, and the path; what is on no disk yet belongs to the first folder."""
        roots = sorted(self._roots())
        if not path.startswith("/") and roots:
            return roots[0], f"{roots[0]}/{path}"
        return max((root for root in roots if path.startswith(f"{root}/")), key=len, default=""), path

    def close(self) -> None:
        """Leave, and take the buffers along."""
        self._process.close(tuple(self._told))
