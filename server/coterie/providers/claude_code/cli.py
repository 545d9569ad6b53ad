"""One running CLI: lines of JSON to it and from it, and its end, which takes everything below it along.

`conversation` and `worker` speak to it. Lines that are no JSON objects are skipped, as its other output may stand between. Nothing of it
outlives this process: it is tied to it (see `tether`) and leads a process group that is killed as a whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import cast

from typing_extensions import override

from coterie.domain.wire import Json
from coterie.providers.claude_code import tether
from coterie.providers.fields import parse_object

Message = Mapping[str, Json]

_LARGEST_LINE = 32 * 1024 * 1024
_QUEUED = 512
"""Messages that wait to be read before the CLI has to wait, too."""
_LAST_WORDS = 4_000
_LAST_OUTPUT_S = 1.0


class UnreadableLineError(Exception):
    """A line that begins as JSON and is none, or that is far too long; carries its beginning."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a CLI ended: its code (negative: a signal) and the end of what it said on standard error."""

    code: int
    words: str


class Cli:
    """A running CLI. Used by one reader at a time; made by `start`."""

    def __init__(self, pipes: _Pipes, transport: asyncio.SubprocessTransport) -> None:
        self._pipes = pipes
        self._transport = transport
        self._ids = count(1)
        self.pid = transport.get_pid()

    @classmethod
    async def start(cls, argv: Sequence[str], *, environment: Mapping[str, str], cwd: str) -> Cli:
        """Start a CLI. Raises `OSError`."""
        transport, pipes = await asyncio.get_running_loop().subprocess_exec(
            _Pipes, *_tethered(argv), env=dict(environment), cwd=cwd, start_new_session=True
        )
        return cls(pipes, transport)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._transport.get_returncode() is None

    def send(self, message: Message) -> None:
        """Write one message. What is sent to a CLI that has ended is lost: its end is what `receive` tells then."""
        pipe = cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))
        if pipe is not None and not pipe.is_closing():
            pipe.write(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def ask(self, request: Message) -> str:
        """Send a control request and return its id; the answer is a ``control_response`` of that id."""
        request_id = f"coterie_{next(self._ids)}"
        self.send({"type": "control_request", "request_id": request_id, "request": request})
        return request_id

    def reply(self, request_id: str, response: Message) -> None:
        """Answer a control request of the CLI."""
        self.send({"type": "control_response", "response": {"subtype": "success", "request_id": request_id, "response": response}})

    async def receive(self) -> Message | None:
        """Return the next message, None when there will be none. Raises `UnreadableLineError`."""
        while True:
            line = await self._pipes.line()
            if line is None:
                return None
            if line.startswith(b"{"):
                if (message := parse_object(line.decode(errors="replace"))) is None:
                    raise UnreadableLineError(line[:_LAST_WORDS].decode(errors="replace"))
                return message

    def close_input(self) -> None:
        """Say that nothing more comes, on which the CLI ends by itself."""
        if (pipe := self._transport.get_pipe_transport(0)) is not None:
            pipe.close()

    def kill(self) -> None:
        """Kill what is left of it, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end, with what it started."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._transport.terminate()

    async def ended(self) -> Exit:
        """Wait for its end."""
        await self._pipes.exited.wait()
        return Exit(self._transport.get_returncode() or 0, self._pipes.last_words)

    async def aclose(self) -> None:
        """Kill it and wait until it is gone, through any number of cancellations."""
        self.kill()
        cancelled: asyncio.CancelledError | None = None
        while not self._pipes.exited.is_set():
            try:
                await self._pipes.exited.wait()
            except asyncio.CancelledError as again:
                cancelled = again
        self._transport.close()
        if cancelled is not None:
            raise cancelled


class _Pipes(asyncio.SubprocessProtocol):
    """The pipes of a CLI: its lines, and the end of its standard error."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self._lines: deque[bytes] = deque()
        self._rest = bytearray()
        self._said = bytearray()
        self._more = asyncio.Event()
        self._is_over = False
        self._is_too_long = False
        self._transport: asyncio.SubprocessTransport | None = None

    @property
    def last_words(self) -> str:
        """The end of standard error."""
        return self._said.decode(errors="replace").strip()

    async def line(self) -> bytes | None:
        """Return the next line, None at the end. Raises `UnreadableLineError`."""
        while not self._lines:
            if self._is_too_long:
                raise UnreadableLineError(self._rest[:_LAST_WORDS].decode(errors="replace"))
            if self._is_over:
                return None
            self._more.clear()
            await self._more.wait()
        line = self._lines.popleft()
        if len(self._lines) == _QUEUED // 2:
            self._output(pause=False)
        return line

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    @override
    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._take(data)
        else:
            self._said += data
            del self._said[:-_LAST_WORDS]

    @override
    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._end()

    @override
    def process_exited(self) -> None:
        self.exited.set()
        # What left the group may hold the pipe open for ever.
        asyncio.get_running_loop().call_later(_LAST_OUTPUT_S, self._end)

    def _take(self, data: bytes) -> None:
        first, *others = data.split(b"\n")
        self._rest += first
        if others:
            self._lines += (bytes(self._rest), *others[:-1])
            self._rest = bytearray(others[-1])
        self._is_too_long = len(self._rest) > _LARGEST_LINE
        if len(self._lines) > _QUEUED or self._is_too_long:
            self._output(pause=True)
        self._more.set()

    def _end(self) -> None:
        if not self._is_over and self._rest and not self._is_too_long:
            self._lines.append(bytes(self._rest))
            self._rest.clear()
        self._is_over = True
        self._more.set()

    def _output(self, *, pause: bool) -> None:
        pipe = self._transport.get_pipe_transport(1) if self._transport is not None else None
        if isinstance(pipe, asyncio.ReadTransport) and not pipe.is_closing():
            if pause:
                pipe.pause_reading()
            else:
                pipe.resume_reading()


def _tethered(argv: Sequence[str]) -> tuple[str, ...]:
    if sys.platform != "linux":
        return tuple(argv)
    return (sys.executable, "-I", "-S", str(Path(tether.__file__)), str(os.getpid()), *argv)
