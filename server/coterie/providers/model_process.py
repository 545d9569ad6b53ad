"""One model host from its start to its end, and the calls that it has under way: `model_host` starts them, one after another.

It is spoken to over a socket in frames (`coterie.modelhost.frames`); what it prints is nobody's answer. No key is in its arguments or
environment: each call brings its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, TypeAlias

from coterie.base.tasks import TaskSupervisor
from coterie.domain.wire import Json
from coterie.modelhost.frames import framed, receive
from coterie.providers.fields import count as count_of
from coterie.providers.fields import record, text

START_S = 120.0
"""Importing LiteLLM takes three seconds on a fast machine and many more on a busy one."""
_LEAVING_S = 5.0
"""How long a process that has hung up may take to end."""
_LONGEST_LINE = 64 * 1024
_HANDED_ON = frozenset(
    """PATH HOME USER LANG LC_ALL LC_CTYPE TZ TMPDIR TEMP TMP SYSTEMROOT PYTHONPATH PYTHONHOME VIRTUAL_ENV SSL_CERT_FILE SSL_CERT_DIR
    REQUESTS_CA_BUNDLE HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
    AWS_CA_BUNDLE AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE CLOUDSDK_CONFIG""".split()  # noqa: SIM905 - a literal would be thirty lines
)
"""What the child needs of the environment: places and proxies, no key."""
_SET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",  # else it reads whatever `.env` it finds
    "LITELLM_LOG": "ERROR",
    "HF_HUB_OFFLINE": "1",
    "PYTHONUTF8": "1",
}
_DIRECT = ("localhost", "127.0.0.1", "::1")

Operation = Literal["chat", "fill", "count"]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer, JSON text."""

    json: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The call failed at the vendor; as `coterie.modelhost.failures` describes it. The last of its call.

    ``status`` is None where no answer came that had one; ``code`` is one that we know, ``type`` the vendor's own.
    """

    status: int | None
    code: str
    type: str
    message: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Died:
    """The process is gone, or never came. The last of its call."""

    reason: str


Piece: TypeAlias = Chunk | Refused | Died


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCall:
    """A call. ``body`` are LiteLLM's arguments, keys among them."""

    operation: Operation
    body: Mapping[str, Json] = field(repr=False)
    connect_s: float
    read_s: float


@dataclass(slots=True, eq=False)
class Running:
    """A call that is under way; ``pieces`` holds a window of its answer at most."""

    number: int
    pieces: asyncio.Queue[Piece | None] = field(default_factory=asyncio.Queue)  # None: the answer is whole


class ModelProcess:
    """One process, from its start to its end. ``on_death`` is told when it ends by itself."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_death: Callable[[], None]
    ) -> None:
        self.process = process
        self.is_gone = False
        self._reader = reader
        self._writer = writer
        self._on_death = on_death
        self._closing = False
        self._numbers = count()
        self._calls: dict[int, Running] = {}
        self._last_line = ""
        self._ready = asyncio.Event()
        self._tasks = TaskSupervisor("a model host's process")
        self._listening = self._tasks.spawn(self._listen(), name="what the model host prints")
        self._tasks.spawn(self._read(), name="what the model host answers")

    @classmethod
    async def start(cls, command: Sequence[str], environ: Mapping[str, str], on_death: Callable[[], None]) -> ModelProcess:
        """Start one, with what it needs of the environment. Raises `OSError`."""
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)  # noqa: FBT003 - the library's own spelling
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                    env=_environment(environ),
                    cwd=sys.prefix,  # the project's folder may hold modules and settings that are not ours
                    limit=_LONGEST_LINE,
                )
            except BaseException:
                ours.close()
                raise
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer, on_death)

    async def until_ready(self) -> str | None:
        """Wait for the first sign of life; return why there will be none."""
        try:
            async with asyncio.timeout(START_S):
                await self._ready.wait()
        except TimeoutError:
            return f"it was not ready within {START_S:g} s"
        return self._why() if self.is_gone else None

    @contextlib.contextmanager
    def running(self, call: HostCall) -> Iterator[Running]:
        """Have a call made while the block lasts; leaving it earlier cancels the call."""
        running = Running(next(self._numbers))
        self._calls[running.number] = running
        timeouts = {"connect_s": call.connect_s, "read_s": call.read_s}
        try:
            if self.is_gone:
                running.pieces.put_nowait(Died(self._why()))
            self.send({"id": running.number, "op": call.operation, "body": call.body, "timeouts": timeouts})
            yield running
        finally:
            if self._calls.pop(running.number, None) is not None:
                self.send({"id": running.number, "op": "cancel"})

    def send(self, message: Mapping[str, Any]) -> None:
        """Write a frame; to a process that is gone, nothing."""
        if not self.is_gone and not self._writer.is_closing():
            self._writer.write(framed(message))

    async def aclose(self) -> None:
        """End the process: it holds nothing that could be lost."""
        self._closing = True
        self._writer.close()
        self._kill()
        await self._tasks.settled()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while (message := await receive(self._reader)) is not None:
                self._take(message)
        except (ValueError, KeyError) as wrong:
            log.warning("the model host said something that cannot be read: %s", type(wrong).__name__)
        finally:
            await self._end()

    async def _end(self) -> None:
        """Wait for the end of a process that has hung up, and tell its calls. What it prints last may say why."""
        self._writer.close()
        try:
            async with asyncio.timeout(_LEAVING_S):
                await self.process.wait()
        except TimeoutError:
            self._kill()
        await self.process.wait()
        await asyncio.wait((self._listening,), timeout=_LEAVING_S)
        self._listening.cancel()  # a child of it may still hold the pipe
        self.is_gone = True
        if not self._closing:
            log.info("the model host ended: %s", self._why())
            self._on_death()
        for running in tuple(self._calls.values()):
            running.pieces.put_nowait(Died(self._why()))
        self._calls.clear()
        self._ready.set()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def _take(self, message: Mapping[str, Any]) -> None:
        if "ready" in message:
            log.info("the model host is ready (LiteLLM %s)", message["ready"])
            self._ready.set()
            return
        running = self._calls.get(message["id"])
        if running is None:  # cancelled meanwhile
            return
        match message:
            case {"chunk": str(chunk)}:
                running.pieces.put_nowait(Chunk(chunk))
            case {"failure": dict(failure)}:
                del self._calls[running.number]
                running.pieces.put_nowait(_refused(failure))
            case _:
                del self._calls[running.number]
                running.pieces.put_nowait(None)

    async def _listen(self) -> None:
        while (output := self.process.stdout) is not None:
            try:
                line = await output.readline()
            except ValueError:  # longer than the limit; dropped
                continue
            if not line:
                return
            self._last_line = line.decode(errors="replace").strip() or self._last_line
            log.debug("the model host printed: %s", self._last_line)

    def _why(self) -> str:
        code = self.process.returncode
        how = f"it was ended by signal {-code}" if code is not None and code < 0 else f"it ended with status {code}"
        return f"{how}: {self._last_line}" if self._last_line and code else how


def _refused(failure: Mapping[str, Any]) -> Refused:
    return Refused(
        status=count_of(failure, "status"),
        code=text(failure, "code"),
        type=text(failure, "type"),
        message=text(failure, "message"),
        headers=record(failure, "headers"),
    )


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    direct = ",".join((*_DIRECT, *filter(None, (environ.get("NO_PROXY") or environ.get("no_proxy"),))))
    return {name: value for name, value in environ.items() if name in _HANDED_ON} | _SET | {"NO_PROXY": direct, "no_proxy": direct}
