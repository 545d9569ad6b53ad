"""The shared daemon of a user: one process, one store, many editors.

It accepts relays (``relay.attach``) on the Unix socket of ``relay.places`` and serves each of them as ``lsp.server`` serves an editor on
pipes. Runs, open questions and channels are shared; environment, settings, workspace, trust and the grants of a session stay with each
connection. It ends on ``stop``, on a signal, or when for an hour no editor was there and no run went on. When its files are replaced
by others (`succession`) it takes no more editors, and ends with the last of those that it has.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Mapping
from typing import Any

from coterie import __version__
from coterie.app.joining import joining
from coterie.app.relayed import greeting_of, tell, until_gone
from coterie.app.shared import Shared
from coterie.base.redaction import Redaction
from coterie.base.tasks import TaskSupervisor
from coterie.config.paths import places
from coterie.lsp.server import Server
from coterie.lsp.transport import Descriptors
from coterie.relay.places import Rendezvous

GREETING_S = 30.0
LEAVING_S = 30.0
"""How long editors may take at the end to be told of it."""
FULL_S = 1.0
"""How long nobody is accepted when no more can be."""
IDLE_S = 3600.0
SUPERSEDED_S = 1.0
"""The same of a daemon whose files are others now."""
IDLE = "COTERIE_DAEMON_IDLE_S"
"""The environment variable that sets how many idle seconds the daemon outlives its last editor."""
RETURN = "COTERIE_DAEMON_RETURN_S"
"""The environment variable that sets how many seconds a question outlives the last editor that could answer it; none unless it is set."""

log = logging.getLogger(__name__)


class _Session:
    """One editor's connection: what it brought, and its server from its first byte to its last."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._server: Server | None = None

    async def serve(self, stream: socket.socket, shared: Shared) -> None:
        """Serve the editor until it leaves. The stream may be closed afterwards: nothing uses it any more."""
        if self._server is not None or self.ended.done():
            return
        self._server = Server(joining(shared, self.environ))
        code = 1
        try:
            code = await self._server.serve(Descriptors(incoming=os.dup(stream.fileno()), outgoing=os.dup(stream.fileno())))
        finally:
            self._end(code)

    def leave(self) -> None:
        """Let the editor's server end, in order; at once when there is none yet."""
        if self._server is None:
            self._end(1)
        else:
            self._server.leave()

    def _end(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)


class Daemon:
    """Accepts relays. ``environ`` is the daemon's own: it names the home; each session brings the environment it works in."""

    def __init__(self, environ: Mapping[str, str], redaction: Redaction | None = None) -> None:
        self._idle_s = _seconds(environ, IDLE, IDLE_S)
        self._shared = Shared(places(environ).data, redaction, return_s=_seconds(environ, RETURN, 0.0))
        self._accepting = TaskSupervisor("accepting")  # until a connection has said what it is for
        self._unheard: set[socket.socket] = set()  # those connections: a task that is cancelled before it has begun closes none
        self._connections = TaskSupervisor("connections")
        self._watching = TaskSupervisor("watching")
        self._sessions: dict[str, _Session] = {}
        self._stoppers: list[socket.socket] = []  # who wait for our end: these connections are closed by it
        self._ending = asyncio.Event()
        self._where: tuple[socket.socket, Rendezvous, int] | None = None  # while it accepts: the inode tells our socket's file from others
        self._idle: asyncio.TimerHandle | None = None

    async def serve(self, listening: socket.socket, where: Rendezvous) -> None:
        """Accept until the end, then end in order: runs are interrupted and journalled, editors are told, the store is closed."""
        self._where = listening, where, where.socket.stat().st_ino
        self._listen(listening)
        self._shared.succession.watch(self._give_way)
        self._watching.spawn(self._shared.succession.watch_files(), name="watch our files")
        self._idle = asyncio.get_running_loop().call_later(max(self._idle_s, GREETING_S), self._end_if_idle)
        await self._ending.wait()
        await self._watching.aclose()
        await self._accept_no_more()
        await self._shared.coordinator.aclose()
        for session in tuple(self._sessions.values()):
            session.leave()
        try:
            await asyncio.wait_for(self._connections.settled(), LEAVING_S)
        except TimeoutError:
            log.warning("not every connection ended in order")
        await self._connections.aclose()
        await self._shared.aclose()

    def end(self) -> None:
        """Begin the end."""
        self._ending.set()

    async def _accept_no_more(self) -> None:
        if self._where is None:
            return
        (listening, where, ours), self._where = self._where, None
        with where.changing():
            if where.socket.exists() and where.socket.stat().st_ino == ours:
                where.socket.unlink()
        asyncio.get_running_loop().remove_reader(listening)
        listening.close()  # who waits in its queue finds out, and starts the next daemon
        await self._accepting.aclose()
        for connection in tuple(self._unheard):
            connection.close()

    def _give_way(self) -> None:
        """Leave the place to a daemon of the new files, and end with the editors that are here; none of them comes back to us."""
        self._shared.hub.return_s = 0.0
        self._connections.spawn(self._accept_no_more(), name="accept no more")
        self._rest()

    def _listen(self, listening: socket.socket) -> None:
        # Not by ``sock_accept``: one that comes while that is cancelled is accepted, belongs to nobody then, and waits for a minute.
        if self._where is not None:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as reason:
            log.warning("no connection can be accepted for a while: %s", reason)  # it would come up again at once
            loop.remove_reader(listening)
            loop.call_later(FULL_S, self._listen, listening)
            return
        self._unheard.add(connection)
        self._accepting.spawn(self._welcome(connection), name="greeting")

    async def _welcome(self, connection: socket.socket) -> None:
        with contextlib.ExitStack() as ours:
            ours.enter_context(connection)
            try:
                async with asyncio.timeout(GREETING_S):
                    greeting = await greeting_of(connection)
            except OSError as reason:
                log.info("a connection was dropped: %s", reason)
            else:
                ours.pop_all()
                self._connections.spawn(self._attend(connection, greeting), name="connection")
            finally:
                self._unheard.discard(connection)

    async def _attend(self, connection: socket.socket, greeting: Mapping[str, Any]) -> None:
        with connection:
            try:
                await self._answer(connection, greeting)
            except OSError as reason:
                log.info("a connection broke off: %s", reason)

    async def _answer(self, connection: socket.socket, greeting: Mapping[str, Any]) -> None:
        match greeting:
            case {"kind": "session"} if await self._shared.succession.look():
                log.info("an editor was sent to the next daemon")
            case {"kind": "session", "environ": dict(environ)}:
                await self._session(connection, {str(name): str(value) for name, value in environ.items()})
            case {"kind": "stream", "id": str(name)} if name in self._sessions:
                await self._stream(connection, self._sessions[name])
            case {"kind": "status"}:
                await tell(connection, self._status())
            case {"kind": "stop"}:
                self._stoppers.append(connection.dup())
                await tell(connection, {"stopping": os.getpid()})
                self.end()
            case _:
                log.info("a connection wanted what there is not")

    async def _session(self, connection: socket.socket, environ: Mapping[str, str]) -> None:
        name = secrets.token_hex(16)
        session = self._sessions[name] = _Session(environ)
        self._stay()
        log.info("editor %s attached", name[:8])
        try:
            await tell(connection, {"welcome": name})
            gone = self._connections.spawn(until_gone(connection), name="a relay's life")
            either: tuple[asyncio.Future[Any], ...] = (session.ended, gone)
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            session.leave()
            await tell(connection, {"exit": await session.ended})
        finally:
            del self._sessions[name]
            self._rest()
            log.info("editor %s left", name[:8])

    async def _stream(self, connection: socket.socket, session: _Session) -> None:
        connection.setblocking(True)  # noqa: FBT003 - the library's own spelling; threads read and write it from now on
        try:
            await session.serve(connection, self._shared)
        finally:
            # Wakes the threads that still read or write, so that none of them touches a later connection's descriptor.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _status(self) -> dict[str, Any]:
        return {"pid": os.getpid(), "version": __version__, "editors": len(self._sessions), "runs": self._shared.coordinator.live}

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _rest(self) -> None:
        """Begin to count idle time, unless an editor is there."""
        if not self._sessions:
            self._stay()
            idle_s = min(self._idle_s, SUPERSEDED_S) if self._shared.succession.superseded else self._idle_s
            self._idle = asyncio.get_running_loop().call_later(idle_s, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if self._shared.coordinator.live:
            self._rest()
        else:
            self.end()


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    if not (text := environ.get(name)):
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if seconds >= 0:  # which is also not so of what is no number
        return seconds
    log.warning("%s is %r and no number of seconds; %d are taken", name, text, default)
    return default
