"""The front door for TCP, with TLS or without: lets clients in, and makes each connection a transport.

Where a token is demanded, the first line is ``Authorization: Bearer TOKEN``, ended by CR LF; the LSP stream begins behind it. A client that
shows a wrong one is hung up on without a word. ``listening`` opens the door; ``admission`` judges.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from functools import partial

from coterie.app.admission import Admission, bearer
from coterie.app.doors import Attend
from coterie.base.tasks import TaskSupervisor
from coterie.lsp.streams import StreamTransport

LONGEST_LINE = 4096
FIRST_FIELDS = frozenset({b"content-length", b"content-type", b"authorization"})
"""What LSP begins with; the last is for clients that show a token where none is demanded."""
CLOSING_S = 5.0

log = logging.getLogger(__name__)


class TcpDoor:
    """Implements `coterie.app.doors.Door`."""

    def __init__(self, admission: Admission, attend: Attend, *, handshake_s: float) -> None:
        self._admission = admission
        self._attend = attend
        self._handshake_s = handshake_s
        self._arriving = TaskSupervisor("arriving")  # until the first line is read
        self._staying = TaskSupervisor("staying")
        self._server: asyncio.Server | None = None

    async def open(self, listening: socket.socket) -> None:
        """Accept from now on."""
        tls = self._admission.tls
        # The limit is the longest line that is waited for; reading beyond it stops until there is room.
        self._server = await asyncio.start_server(
            self._arrived,
            sock=listening,
            limit=LONGEST_LINE,
            ssl=tls,
            ssl_handshake_timeout=max(self._handshake_s, 1.0) if tls else None,
        )

    async def shut(self) -> None:
        """Accept no more, and hang up on those who have not shown who they are."""
        if self._server is not None:
            self._server.close()
        await self._arriving.aclose()

    async def aclose(self) -> None:
        """Hang up on whoever is still there."""
        await self._staying.aclose()

    def _arrived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._arriving.closed:
            writer.transport.abort()
        else:
            greeting = self._arriving.spawn(self._greet(reader, writer), name="a client that arrives")
            # A task that is cancelled before its first step never ran: only here is it certain that nobody is forgotten.
            greeting.add_done_callback(partial(_hang_up_unless_welcome, writer))

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Have a client attended if it may come in; returns whether it is welcome."""
        address = str(writer.get_extra_info("peername")[0])
        try:
            async with asyncio.timeout(self._handshake_s):
                first = await self._first_line(reader, address)
            if first is not None:
                transport = StreamTransport(reader, writer, self._staying, first=first)
                self._staying.spawn(self._serve(transport, writer), name="a client")
                return True
        except TimeoutError:
            log.info("%s said nothing in time", address)
        except asyncio.LimitOverrunError:
            log.info("%s sent a first line that is too long", address)
        except (OSError, EOFError):
            log.info("%s left", address)
        return False

    async def _first_line(self, reader: asyncio.StreamReader, address: str) -> bytes | None:
        """Return what belongs to the LSP stream of what was read, or None for a client that may not come in."""
        line = await reader.readuntil(b"\n")
        name, colon, value = line.partition(b":")
        name = name.strip().lower()
        if self._admission.token is None:
            if colon and name in FIRST_FIELDS:
                return line
            # A web page can have a browser send HTTP to any port, or TLS that holds bytes of the page's choice: behind a first line that
            # makes no sense, those could be a message.
            self._admission.log_refusal(address, "does not speak LSP")
            return None
        match self._admission.judge(address, bearer(value) if name == b"authorization" else None):
            case "admitted":
                return b""
            case "wrong":
                self._admission.log_refusal(address, "did not show the token")
            case "later":
                self._admission.log_refusal(address, "failed too often")
        return None

    async def _serve(self, transport: StreamTransport, writer: asyncio.StreamWriter) -> None:
        try:
            await self._attend(transport)
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), CLOSING_S)
            writer.transport.abort()


def _hang_up_unless_welcome(writer: asyncio.StreamWriter, greeting: asyncio.Task[bool]) -> None:
    if greeting.cancelled() or greeting.exception() is not None or not greeting.result():
        writer.transport.abort()
