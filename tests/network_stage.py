"""A listener in the test's own process, and clients that connect to it over TCP or WebSocket, encrypted or not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from coterie.app.admission import Admission
from coterie.app.listening import HANDSHAKE_S, MOST_CLIENTS, MOST_CONNECTIONS, Listener
from daemon_stage import playing_chat
from lsp_client import BOUND_S, LONGEST_MESSAGE, LspClient, conversation
from served import Served, make_project

HOST = "127.0.0.1"
Scheme = Literal["tcp", "ws"]


@dataclass
class Network:
    """A listener on a free port of the loopback."""

    scheme: Scheme
    folder: Path
    port: int = 0
    token: str | None = None
    trusting: ssl.SSLContext | None = None  # of the clients, when the listener speaks TLS

    @asynccontextmanager
    async def client(self) -> AsyncIterator[LspClient]:
        """Connect a client that shows the token."""
        async with self._over_tcp() if self.scheme == "tcp" else self._over_websocket() as client:
            yield client

    @asynccontextmanager
    async def editor(self) -> AsyncIterator[Served]:
        """Connect a rich editor that has the project open."""
        project = self.folder / "project"
        if not project.exists():
            make_project(project)
        async with self.client() as client:
            await client.initialize(folders=[project], initializationOptions=playing_chat(self.folder))
            yield Served(client, project, self.folder / "home")

    async def stream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect and say nothing."""
        return await asyncio.open_connection(HOST, self.port, ssl=self.trusting, limit=LONGEST_MESSAGE)

    async def hung_up_on(self, said: bytes) -> bool:
        """Say something; tell whether the listener hung up without a word."""
        reader, writer = await self.stream()
        try:
            writer.write(said)
            with contextlib.suppress(ConnectionError):
                return await asyncio.wait_for(reader.read(), BOUND_S) == b""
            return True
        finally:
            writer.close()

    def websocket(self, query: str = "", **options: Any) -> connect:
        """Connect a WebSocket."""
        scheme = "ws" if self.trusting is None else "wss"
        # No pings: a machine that is busy with something else is no broken connection.
        return connect(
            f"{scheme}://{HOST}:{self.port}/{query}", ssl=self.trusting, proxy=None, open_timeout=BOUND_S, ping_interval=None, **options
        )

    @asynccontextmanager
    async def _over_tcp(self) -> AsyncIterator[LspClient]:
        reader, writer = await self.stream()
        if self.token is not None:
            writer.write(f"Authorization: Bearer {self.token}\r\n".encode())
        async with conversation(LspClient(reader, writer)) as client:
            yield client

    @asynccontextmanager
    async def _over_websocket(self) -> AsyncIterator[LspClient]:
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        reader = asyncio.StreamReader(limit=LONGEST_MESSAGE)
        async with self.websocket(additional_headers=headers, max_size=LONGEST_MESSAGE) as connection, asyncio.TaskGroup() as group:
            group.create_task(_unwrap(connection, reader))
            writer: Any = _FrameWriter(connection, group)
            async with conversation(LspClient(reader, writer)) as client:
                yield client


class _FrameWriter:
    """Takes the place of a stream writer: each message leaves in a text frame, without its header."""

    def __init__(self, connection: ClientConnection, group: asyncio.TaskGroup) -> None:
        self._connection = connection
        self._group = group
        self._bodies: list[bytes] = []

    def write(self, data: bytes) -> None:
        self._bodies.append(data.partition(b"\r\n\r\n")[2])

    async def drain(self) -> None:
        bodies, self._bodies = self._bodies, []
        for body in bodies:
            await self._connection.send(body, text=True)

    def close(self) -> None:
        self._group.create_task(self._connection.close())


async def _unwrap(connection: ClientConnection, reader: asyncio.StreamReader) -> None:
    """Put the header before each message, as a client of streams expects it."""
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            assert isinstance(message, str), "messages travel in text frames"
            body = message.encode()
            reader.feed_data(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    reader.feed_eof()


@asynccontextmanager
async def network(
    tmp_path: Path,
    scheme: Scheme,
    *,
    token: str | None = None,
    tls: ssl.SSLContext | None = None,
    trusting: ssl.SSLContext | None = None,
    clock: Callable[[], float] = lambda: 0.0,
    handshake_s: float = HANDSHAKE_S,
    most_clients: int = MOST_CLIENTS,
    most_connections: int = MOST_CONNECTIONS,
) -> AsyncIterator[Network]:
    """Listen while the block connects, then end in order."""
    environ = {**os.environ, "COTERIE_HOME": str(tmp_path / "home")}
    admission = Admission(token=None if token is None else token.encode(), tls=tls, clock=clock)
    listener = Listener(scheme, admission, environ, handshake_s=handshake_s, most_clients=most_clients, most_connections=most_connections)
    with socket.create_server((HOST, 0)) as listening:
        serving = asyncio.get_running_loop().create_task(listener.serve(listening))
        try:
            yield Network(scheme, tmp_path, listening.getsockname()[1], token, trusting)
        finally:
            listener.end()
            await asyncio.wait_for(serving, BOUND_S)
