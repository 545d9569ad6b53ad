"""``coterie serve --tcp`` and ``--ws``: one process that serves every client that connects.

``wiring`` calls `run`. Like the shared daemon's, the clients see the same channels and runs, and a run outlives the client that started it;
unlike there, all work in this process's environment. The doors (``tcp``, ``websocket``) let clients in; ``admission`` says who may. It
ends on a signal, in order: runs are interrupted and journalled, clients are told, the store is closed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping

from coterie.app.admission import TOKEN, Admission, admission_for, endpoint
from coterie.app.doors import Door, NotListeningError
from coterie.app.joining import joining
from coterie.app.shared import Shared
from coterie.app.turnstile import Turnstile
from coterie.base.errors import RequestError
from coterie.base.redaction import Redaction, redacted_log
from coterie.base.tasks import TaskSupervisor
from coterie.cli.wiring import Listening, Scheme
from coterie.config.paths import places
from coterie.lsp.server import Server
from coterie.lsp.transport import Transport

HANDSHAKE_S = 30.0
MOST_CLIENTS = 64
MOST_CONNECTIONS = 2 * MOST_CLIENTS
"""Far fewer than a process may have descriptors, whoever they are and however little they have said."""
LEAVING_S = 30.0
"""How long clients may take at the end to be told of it."""

log = logging.getLogger(__name__)


class Listener:
    """Serves the clients of one door. ``environ`` is what all of them work in."""

    def __init__(
        self,
        scheme: Scheme,
        admission: Admission,
        environ: Mapping[str, str],
        *,
        handshake_s: float = HANDSHAKE_S,
        redaction: Redaction | None = None,
        most_clients: int = MOST_CLIENTS,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        self._environ = environ
        self._most_clients = most_clients
        self._most_connections = most_connections
        self._shared = Shared(places(environ).data, redaction)
        self._servers: set[Server] = set()
        self._connections = TaskSupervisor("connections")
        self._ending = asyncio.Event()
        self._door = _door(scheme, admission, self, handshake_s)

    async def serve(self, listening: socket.socket) -> None:
        """Accept on ``listening``, which becomes the listener's own, until `end`; then end in order."""
        turnstile = Turnstile(listening, most=self._most_connections)
        await self._door.open(turnstile)
        await self._ending.wait()
        await self._door.shut()
        await self._shared.coordinator.aclose()
        for server in tuple(self._servers):
            server.leave()
        try:
            await asyncio.wait_for(self._connections.settled(), LEAVING_S)
        except TimeoutError:
            log.warning("not every connection ended in order")
        await self._connections.aclose()
        turnstile.hang_up()
        await self._door.aclose()
        await self._shared.aclose()

    def end(self) -> None:
        """Begin the end."""
        self._ending.set()

    async def attend(self, transport: Transport) -> None:
        """Serve one client until it leaves. Implements `coterie.app.doors.Attend`."""
        if not self._ending.is_set():
            await self._connections.spawn(self._attend(transport), name="a client's server")

    async def _attend(self, transport: Transport) -> None:
        server = Server(joining(self._shared, self._environ), same_machine=False, refusal=self._refusal())
        self._servers.add(server)
        log.info("a client came")
        try:
            await server.serve(transport)
        finally:
            self._servers.discard(server)
            log.info("a client left")

    def _refusal(self) -> RequestError | None:
        if len(self._servers) < self._most_clients:
            return None
        log.warning("a client too many came")
        return RequestError(f"This server has {self._most_clients} clients already; try again when one has left.", code="too_many_clients")


def _door(scheme: Scheme, admission: Admission, listener: Listener, handshake_s: float) -> Door:
    match scheme:
        case "tcp":
            from coterie.app.tcp import TcpDoor  # noqa: PLC0415 - only the door that is opened is loaded

            return TcpDoor(admission, listener.attend, handshake_s=handshake_s)
        case "ws":
            from coterie.app.websocket import WebSocketDoor  # noqa: PLC0415

            return WebSocketDoor(admission, listener.attend, handshake_s=handshake_s)


def run(wanted: Listening) -> int:
    """Listen until a signal comes; returns the exit status: 2 when listening like that is refused, 1 when it is not possible."""
    redaction = redacted_log()
    logging.getLogger("coterie").setLevel(logging.INFO)
    given = os.environ.pop(TOKEN, "")  # for clients: no child of ours finds it in its environment
    try:
        where = endpoint(wanted.where)
        admission = admission_for(where, given, token_file=wanted.token_file, cert=wanted.tls_cert, key=wanted.tls_key)
    except NotListeningError as refusal:
        sys.stderr.write(f"coterie: not listening. {refusal}\n")
        return 2
    try:
        listening = where.bind()
    except OSError as reason:
        sys.stderr.write(f"coterie: not listening on {wanted.where}: {reason}\n")
        return 1
    gc.freeze()
    with listening:
        asyncio.run(_run(wanted.scheme, admission, dict(os.environ), listening, redaction))
    return 0


async def _run(scheme: Scheme, admission: Admission, environ: Mapping[str, str], listening: socket.socket, redaction: Redaction) -> None:
    listener = Listener(scheme, admission, environ, redaction=redaction)
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(getattr(signal, name), listener.end)
    host, port = listening.getsockname()[:2]
    secure = {"tcp": "tls", "ws": "wss"}[scheme] if admission.tls else scheme
    sys.stderr.write(f"coterie: listening on {secure}://{f'[{host}]' if ':' in host else host}:{port}\n")
    sys.stderr.flush()
    await listener.serve(listening)
