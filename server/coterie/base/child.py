"""A process of our own that is asked and answers in JSON, one object a line, for work that must not be done in the server's own process.

`Child` is the asking end: it starts the process on first need, numbers the requests, and starts another one when it has died; whoever
waited asks again. `answering` is what the other end needs: a way to send from any thread. ``index.client`` asks, ``index.process`` answers.
The process ends with its input, hence with the one that started it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, BinaryIO

from coterie.base.errors import RequestError
from coterie.base.tasks import TaskSupervisor

_ATTEMPTS = 3
_GITS = ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
_HANDED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", *_GITS)
"""What a child needs of the environment: places, no key."""
_LONGEST_LINE = 64 * 1024 * 1024
log = logging.getLogger(__name__)


def no_news(message: Mapping[str, Any]) -> None:
    """Refuse every message that answers no request."""
    raise ValueError(message)


class Child:
    """Owns one process at a time. Used from one event loop; constructing it starts nothing.

    ``name`` is who it is in sentences ("The index"), ``code`` the error's when it cannot be asked. ``news`` is told what answers no
    request, ``reborn`` that a new process took the place of one that died.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str,
        code: str,
        news: Callable[[Mapping[str, Any]], None] = no_news,
        reborn: Callable[[], None] = lambda: None,
    ) -> None:
        self._command = tuple(command)
        self._name = name
        self._code = code
        self._news = news
        self._reborn = reborn
        self._starting = asyncio.Lock()
        self._life: _Life | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process's id while it lives."""
        return self._life.process.pid if self._life is not None and not self._life.is_gone else None

    async def call(self, request: Mapping[str, Any]) -> Any:
        """Make a request and return its result. Raises `RequestError` when there is none."""
        reason = "it was closed"
        for _ in range(_ATTEMPTS):
            try:
                return await (await self._started()).call(request)
            except _GoneError as gone:
                reason = str(gone)
        raise RequestError(f"{self._name} cannot be asked: {reason}.", code=self._code)

    async def aclose(self) -> None:
        """End the process; there is no other one after it."""
        self._closed = True
        async with self._starting:
            if self._life is not None:
                await self._life.aclose()

    async def _started(self) -> _Life:
        async with self._starting:
            if self._closed:
                raise _GoneError("it was closed")
            if self._life is None or self._life.is_gone:
                died = self._life is not None
                self._life = await _Life.start(self._command, self._take)
                if died:
                    self._reborn()
            return self._life

    def _take(self, message: Mapping[str, Any], life: _Life) -> None:
        match message:
            case {"id": int(number), "result": result}:
                life.end(number, lambda call: call.set_result(result))
            case {"id": int(number), "failure": str(failure)}:
                life.end(number, lambda call: call.set_exception(RequestError(f"{self._name} failed: {failure}", code=self._code)))
            case _:
                self._news(message)


class _GoneError(Exception):
    """The process is gone, or never came."""


class _Life:
    """One process, from its start to its end."""

    def __init__(self, process: Process, take: Callable[[Mapping[str, Any], _Life], None]) -> None:
        self.process = process
        self.is_gone = False
        self._take = take
        self._numbers = count()
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._tasks = TaskSupervisor("a child")
        self._tasks.spawn(self._read(), name="what a child answers")

    @classmethod
    async def start(cls, command: Sequence[str], take: Callable[[Mapping[str, Any], _Life], None]) -> _Life:
        """Start a process. Raises `_GoneError`."""
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
        return cls(process, take)

    async def call(self, request: Mapping[str, Any]) -> Any:
        """Make a request and wait for its result. Raises `_GoneError`, and `RequestError` for what cannot be answered."""
        if self.is_gone or self.process.stdin is None:
            raise _GoneError(self._why())
        number = next(self._numbers)
        self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            self.process.stdin.write(json.dumps({"id": number, **request}).encode() + b"\n")
            return await self._calls[number]
        finally:
            del self._calls[number]

    def end(self, number: int, end: Callable[[asyncio.Future[Any]], None]) -> None:
        """End a call, unless nobody waits for it any more."""
        call = self._calls.get(number)
        if call is not None and not call.done():
            end(call)

    async def aclose(self) -> None:
        """End the process."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self._tasks.settled()

    async def _read(self) -> None:
        try:
            while self.process.stdout is not None and (line := await self.process.stdout.readline()):
                self._take(json.loads(line), self)
        except (ValueError, KeyError) as wrong:
            log.warning("a child said something that cannot be read: %s", type(wrong).__name__)
            with suppress(ProcessLookupError):
                self.process.kill()
        await self.process.wait()
        self.is_gone = True
        for call in self._calls.values():
            if not call.done():
                call.set_exception(_GoneError(self._why()))

    def _why(self) -> str:
        return f"its process ended with status {self.process.returncode}"


def answering(answers: BinaryIO) -> Callable[[Mapping[str, Any]], None]:
    """Return what sends a message, in one piece from whatever thread."""
    turn = threading.Lock()

    def send(message: Mapping[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        with turn:
            answers.write(line)
            answers.flush()

    return send
