"""The shared daemon of a user: one process, one store, many editors.

It listens on the Unix socket of ``relay.places`` and serves each relay that connects as ``lsp.server`` serves an editor on pipes. Runs,
open questions and channels are shared; environment, workspace and trust stay with each connection. It ends on ``stop``, on a signal, or after
an idle hour: no connection and no run.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from typing import Any

from coterie import __version__
from coterie.app.core import Core
from coterie.app.settings import LiveSettings
from coterie.app.shared import Shared
from coterie.base.tasks import TaskSupervisor
from coterie.config.paths import places
from coterie.features.attachment import Attachment
from coterie.lsp.server import Server
from coterie.lsp.transport import Descriptors
from coterie.relay.greeting import receive, send
from coterie.relay.places import Rendezvous, rendezvous

GREETING_S = 10.0
IDLE_S = 3600.0
IDLE = "COTERIE_DAEMON_IDLE_S"
"""The environment variable that sets how many idle seconds the daemon outlives its last editor."""

log = logging.getLogger(__name__)


class Daemon:
    """Accepts relays. ``environ`` is the daemon's own: it names the home; each session brings the environment it works in."""

    def __init__(self, where: Rendezvous, environ: Mapping[str, str]) -> None:
        self._where = where
        self._idle_s = float(environ.get(IDLE) or IDLE_S)
        self._shared = Shared(places(environ).data)
        self._tasks = TaskSupervisor("daemon")
        self._sessions: dict[str, asyncio.Future[int]] = {}
        self._ending = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None

    async def serve(self, listening: socket.socket) -> None:
        """Accept until the end."""
        listening.setblocking(False)  # noqa: FBT003 - the library's own spelling
        accepting = self._tasks.spawn(self._accept(listening), name="accept")
        self._rest()
        await self._ending.wait()
        accepting.cancel()
        with contextlib.suppress(FileNotFoundError):
            self._where.socket.unlink()
        await self._shared.aclose()
        await self._tasks.aclose()

    def end(self) -> None:
        """Begin the end."""
        self._ending.set()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listening)
            self._tasks.spawn(self._welcome(connection), name="connection")

    async def _welcome(self, connection: socket.socket) -> None:
        with connection:
            try:
                if not _is_ours(connection):
                    return
                connection.settimeout(GREETING_S)
                greeting = await asyncio.to_thread(receive, connection)
                connection.settimeout(None)
                await self._answer(connection, greeting)
            except OSError as reason:
                log.info("a connection was dropped: %s", reason)

    async def _answer(self, connection: socket.socket, greeting: Mapping[str, Any]) -> None:
        match greeting.get("kind"):
            case "session":
                await self._session(connection, str(greeting.get("id")), dict(greeting.get("environ") or {}))
            case "watch":
                ended = self._watched(str(greeting.get("id")))
                await asyncio.to_thread(send, connection, {"exit": await ended})
                self._sessions.pop(str(greeting.get("id")), None)
            case "status":
                await asyncio.to_thread(send, connection, self._status())
            case "stop":
                await asyncio.to_thread(send, connection, {"stopping": os.getpid()})
                self.end()
            case other:
                log.info("a connection wanted %r", other)

    async def _session(self, connection: socket.socket, name: str, environ: Mapping[str, str]) -> None:
        async def build(attachment: Attachment) -> Core:
            settings = LiveSettings(environ, attachment.folders, editor_options=attachment.options)
            core = Core(self._shared, settings, environ, attachment.audience, editor=attachment.editor)
            for problem in core.problems:
                attachment.window.show("warning", problem)
            return core

        ended = self._watched(name)
        self._stay()
        code = 1
        try:
            code = await Server(build).serve(Descriptors(incoming=connection.fileno(), outgoing=connection.fileno()))
        finally:
            if not ended.done():
                ended.set_result(code)
            self._rest()

    def _watched(self, name: str) -> asyncio.Future[int]:
        return self._sessions.setdefault(name, asyncio.get_running_loop().create_future())

    def _status(self) -> dict[str, Any]:
        live = sum(not ended.done() for ended in self._sessions.values())
        return {"pid": os.getpid(), "version": __version__, "editors": live, "runs": self._shared.coordinator.live}

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _rest(self) -> None:
        """Begin to count idle time, unless an editor is there."""
        if all(ended.done() for ended in self._sessions.values()):
            self._stay()
            self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if self._shared.coordinator.live:
            self._rest()
        else:
            self.end()


def run() -> int:
    """Be the daemon until its end; returns the exit status."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    where = rendezvous(os.environ)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(where.socket))
    except OSError as reason:
        sys.stderr.write(f"coterie daemon: {where.socket}: {reason}\n")
        return 1
    finally:
        os.umask(before)
    listening.listen(64)
    gc.freeze()
    with listening:
        asyncio.run(_run(where, listening))
    return 0


async def _run(where: Rendezvous, listening: socket.socket) -> None:
    daemon = Daemon(where, dict(os.environ))
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(getattr(signal, name), daemon.end)
    await daemon.serve(listening)


def _is_ours(connection: socket.socket) -> bool:
    """Say whether the other end belongs to this user; where the system does not tell, the folder's mode is what keeps others out."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user == os.getuid())
