"""The front door for WebSocket: one JSON-RPC message in each text frame, no headers.

The token comes in the ``Authorization`` header, or as ``?token=`` where a client (a browser) cannot set one. Without a token no web page is
let in: any page may connect to this machine, and its browser says so with ``Origin``. ``listening`` opens the door; ``admission`` judges.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event

from coterie.app.admission import Admission, bearer
from coterie.app.doors import Attend
from coterie.base.tasks import TaskSupervisor
from coterie.lsp.framing import LONGEST_BODY, BadFrame
from coterie.lsp.streams import from_writer_thread
from coterie.lsp.transport import OnFrame

CLOSING_S = 5.0
MOST_PONGS = 256
"""How many answers to pings are kept for a client that does not read."""

log = logging.getLogger(__name__)


class WebSocketDoor:
    """Implements `coterie.app.doors.Door`."""

    def __init__(self, admission: Admission, attend: Attend, *, handshake_s: float) -> None:
        self._admission = admission
        self._attend = attend
        self._handshake_s = handshake_s
        self._reading = TaskSupervisor("reading")
        self._server: Server | None = None
        self._silent = log.getChild("library")
        self._silent.setLevel(logging.CRITICAL)  # it logs a traceback for each client that gives up

    async def open(self, listening: socket.socket) -> None:
        """Accept from now on."""
        tls = self._admission.tls
        self._server = await serve(
            self._welcome,
            sock=listening,
            ssl=tls,
            process_request=self._judge,
            origins=[None] if self._admission.token is None else None,
            compression=None,
            open_timeout=self._handshake_s,
            ping_timeout=None,  # a client that does not read is detached, not dropped
            close_timeout=CLOSING_S,
            max_size=LONGEST_BODY,
            server_header=None,
            create_connection=_Connection,
            logger=self._silent,
        )

    async def shut(self) -> None:
        """Accept no more; those who are in stay."""
        if self._server is not None:
            self._server.close(close_connections=False)

    async def aclose(self) -> None:
        """Hang up on whoever is still there."""
        await self._reading.aclose()
        if self._server is not None:
            for connection in tuple(self._server.connections):
                connection.transport.abort()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), CLOSING_S)

    def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        address = str(connection.remote_address[0])
        match self._admission.judge(address, _shown(request), page="Origin" in request.headers):
            case "admitted":
                return None
            case "wrong":
                self._admission.log_refusal(address, "did not show the token")
                return connection.respond(HTTPStatus.UNAUTHORIZED, "This takes the token.\n")
            case "later":
                self._admission.log_refusal(address, "failed too often")
                return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong tokens; later.\n")

    async def _welcome(self, connection: ServerConnection) -> None:
        await self._attend(WebSocketTransport(connection, self._reading))


class _Connection(ServerConnection):
    """Hangs up on a client that pings on and on and reads no answer: the library would keep all of them."""

    _unread_pongs = 0

    @override
    def process_event(self, event: Event) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode is Opcode.PING and self.paused:
            self._unread_pongs += 1
            if self._unread_pongs > MOST_PONGS:
                self.transport.abort()

    @override
    def resume_writing(self) -> None:
        self._unread_pongs = 0
        super().resume_writing()


class WebSocketTransport:
    """Implements `coterie.lsp.transport.Transport`. ``tasks`` owns the reading."""

    def __init__(self, connection: ServerConnection, tasks: TaskSupervisor) -> None:
        self._connection = connection
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()

    def start(self, on_frame: OnFrame, on_end: Callable[[], None]) -> None:
        """Read in a task."""
        self._tasks.spawn(self._read(on_frame, on_end), name="reading a WebSocket")

    async def _read(self, on_frame: OnFrame, on_end: Callable[[], None]) -> None:
        try:
            async for message in self._connection:
                on_frame(message.encode() if isinstance(message, str) else BadFrame("a binary frame"))
        except ConnectionClosed:
            log.info("a client broke off")
        on_end()

    def pack(self, body: bytes) -> bytes:
        """Leave a message as it is: the frame is its envelope."""
        return body

    def write(self, packed: bytes) -> None:
        """Have the event loop send it, and wait until the client has made room."""
        from_writer_thread(self._loop, self._send(packed))

    async def _send(self, packed: bytes) -> None:
        try:
            await self._connection.send(packed, text=True)
        except ConnectionClosed as closed:
            raise ConnectionResetError("the client has left") from closed

    def close(self) -> None:
        """Leave the end to the door: it closes the connection of a client that has been attended."""


def _shown(request: Request) -> bytes | None:
    """Return the token that a request brings, or None."""
    values = request.headers.get_all("Authorization")  # the library reads bytes as ISO-8859-1, so none is lost
    if values:
        return bearer(values[0].encode("iso-8859-1")) if len(values) == 1 else None
    tokens = parse_qs(urlsplit(request.path).query).get("token", [])
    return tokens[0].encode() if len(tokens) == 1 else None
