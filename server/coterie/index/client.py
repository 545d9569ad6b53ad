"""The server's end of the index's process (see `process`): implements the port `coterie.domain.ports.Index`.

The child is started on first need. When it dies, whoever waits asks a new one, which finds what the old one had written; a folder is
brought up to date again without being asked for. It ends with this process, because its input does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from coterie.base.errors import RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.retrieval import Definitions, Question, Ranking
from coterie.domain.wire import Json, from_wire, to_wire

COMMAND = (sys.executable, "-P", "-m", "coterie.index", "serve")
_ATTEMPTS = 3
_HANDED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
"""What the child needs of the environment: places, no key."""
_LONGEST_LINE = 64 * 1024 * 1024
log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Is told of a folder how many files are read, of how many."""


class _GoneError(Exception):
    """The child is gone, or never came."""


class IndexProcess:
    """Owns the child. Used from one event loop; constructing it starts nothing."""

    def __init__(
        self, caches: Path, *, command: Sequence[str] = COMMAND, told: Progress = lambda _folder, _done, _files: None, nice: int = 5
    ) -> None:
        self._caches = caches
        self._command = tuple(command)
        self._told = told
        self._nice = nice
        self._tasks = TaskSupervisor("index")
        self._starting = asyncio.Lock()
        self._child: _Child | None = None
        self._watched: dict[str, None] = {}

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.process.pid if self._child is not None and not self._child.is_gone else None

    def watch(self, folder: str) -> None:
        """See the port."""
        if not self._tasks.closed and folder not in self._watched:
            self._watched[folder] = None
            self._tasks.spawn(self._quietly({"op": "watch", "folder": folder}), name=f"index of {folder}")

    async def refresh(self, folder: str) -> None:
        """See the port."""
        self._watched[folder] = None
        await self._call({"op": "watch", "folder": folder})

    def saved(self, folder: str, paths: Sequence[str]) -> None:
        """See the port."""
        if not self._tasks.closed:
            self._tasks.spawn(self._quietly({"op": "saved", "folder": folder, "paths": list(paths)}), name="index of what was saved")

    async def rank(self, folder: str, question: Question) -> Ranking:
        """See the port."""
        return from_wire(Ranking, await self._call({"op": "rank", "folder": folder, "question": to_wire(question)}))

    async def definitions(self, folder: str, name: str, limit: int) -> Definitions:
        """See the port."""
        return from_wire(Definitions, await self._call({"op": "define", "folder": folder, "name": name, "limit": limit}))

    async def settled(self) -> None:
        """Wait until what was noted is done."""
        await self._tasks.settled()

    async def aclose(self) -> None:
        """End the child; what it has not done by then the next one does."""
        await self._tasks.aclose()
        if self._child is not None:
            await self._child.aclose()

    async def _quietly(self, request: Mapping[str, Json]) -> None:
        try:
            await self._call(request)
        except RequestError as failure:
            log.warning("%s", failure.message)

    async def _call(self, request: Mapping[str, Json]) -> Json:
        for _ in range(_ATTEMPTS):
            try:
                return await (await self._started()).call(request)
            except _GoneError as gone:
                reason = str(gone)
        raise RequestError(f"The index cannot be asked: {reason}.", code="index_unavailable")

    async def _started(self) -> _Child:
        async with self._starting:
            if self._child is None or self._child.is_gone:
                died = self._child is not None
                self._child = await _Child.start((*self._command, str(self._caches)), self._nice, self._told)
                if died and not self._tasks.closed:
                    for folder in self._watched:
                        self._tasks.spawn(self._quietly({"op": "watch", "folder": folder}), name=f"index of {folder}, again")
            return self._child


class _Child:
    """One process, from its start to its end."""

    def __init__(self, process: Process, told: Progress) -> None:
        self.process = process
        self.is_gone = False
        self._told = told
        self._numbers = count()
        self._calls: dict[int, asyncio.Future[Json]] = {}
        self._tasks = TaskSupervisor("the index's process")
        self._tasks.spawn(self._read(), name="what the index answers")

    @classmethod
    async def start(cls, command: Sequence[str], nice: int, told: Progress) -> _Child:
        """Start a child. Raises `_GoneError`."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                limit=_LONGEST_LINE,
                env={name: os.environ[name] for name in _HANDED_ON if name in os.environ},
                cwd=sys.prefix,  # the project's folder may hold modules that are not ours
            )
        except OSError as failure:
            raise _GoneError(f"its process cannot be started: {failure}") from failure
        with suppress(OSError):  # a build must not make the editor wait
            os.setpriority(os.PRIO_PROCESS, process.pid, nice)
        return cls(process, told)

    async def call(self, request: Mapping[str, Json]) -> Json:
        """Make a request and wait for its answer. Raises `_GoneError`, and `RequestError` for what cannot be answered."""
        number = self.tell(request)
        try:
            return await self._calls[number]
        finally:
            del self._calls[number]

    def tell(self, request: Mapping[str, Json]) -> int:
        """Make a request; returns its number."""
        if self.is_gone:
            raise _GoneError(self._why())
        number = next(self._numbers)
        self._calls[number] = asyncio.get_running_loop().create_future()
        if self.process.stdin is not None:
            self.process.stdin.write(json.dumps({"id": number, **request}).encode() + b"\n")
        return number

    async def aclose(self) -> None:
        """End the process."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self._tasks.settled()

    async def _read(self) -> None:
        try:
            while self.process.stdout is not None and (line := await self.process.stdout.readline()):
                self._take(json.loads(line))
        except (ValueError, KeyError) as wrong:
            log.warning("the index said something that cannot be read: %s", type(wrong).__name__)
            with suppress(ProcessLookupError):
                self.process.kill()
        await self.process.wait()
        self.is_gone = True
        for call in self._calls.values():
            if not call.done():
                call.set_exception(_GoneError(self._why()))

    def _take(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"folder": str(folder), "done": int(done), "files": int(files)}:
                self._told(folder, done, files)
            case {"id": int(number), "result": result}:
                self._end(number, lambda call: call.set_result(result))
            case {"id": int(number), "failure": str(failure)}:
                self._end(number, lambda call: call.set_exception(RequestError(f"The index failed: {failure}", code="index_unavailable")))
            case _:
                raise ValueError(message)

    def _end(self, number: int, end: Callable[[asyncio.Future[Json]], None]) -> None:
        call = self._calls.get(number)
        if call is not None and not call.done():
            end(call)

    def _why(self) -> str:
        return f"its process ended with status {self.process.returncode}"
