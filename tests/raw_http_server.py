"""A loopback HTTP/1.1 server that sends exactly the bytes a test wrote, and knows when the client hung up.

Provider tests use it for what no honest server does: stalls, a cut in mid-stream, HTML where JSON should be, a tool call
split inside a UTF-8 character. Benchmarks use it because it costs almost nothing. For correct model APIs see
`aimock_server`.

    gate = asyncio.Event()
    async with raw_http_server([Reply(steps=(sse("one"), gate, sse("two")))]) as server:
        ...                                    # POST to server.url; the second event waits for gate.set()
        await server.exchanges[0].client_closed.wait()

Every `bytes` step is one write and one HTTP chunk; an `asyncio.Event` step waits until it is set; `CUT` resets the
connection without ending the body. Each connection carries one exchange.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal

CUT: Final = "cut"

Step = bytes | asyncio.Event | Literal["cut"]


@dataclass(frozen=True)
class Reply:
    """What one request is answered with."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    content_type: str = "text/event-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    bare: bool = False
    """Whether the steps are all that is sent: no head, no chunks. For whoever speaks another protocol behind the request."""


@dataclass(frozen=True)
class Request:
    """One request as it came in; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Decode the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Exchange:
    """A request, and what became of its connection."""

    request: Request
    client_closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the moment the client hung up before the reply had ended."""
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when every step was written."""


def sse(data: str | Mapping[str, Any], *, event: str | None = None) -> bytes:
    """Encode one server-sent event; a mapping becomes compact JSON."""
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {text}\n\n".encode()


def json_reply(value: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with one JSON document."""
    steps = (json.dumps(value).encode(),)
    return Reply(steps=steps, status=status, content_type="application/json", headers=headers or {})


class RawHttpServer:
    """The running server: its address, and every exchange in order of arrival."""

    def __init__(self, replies: Sequence[Reply] | Callable[[Request], Reply]) -> None:
        self.url = ""
        self.exchanges: list[Exchange] = []
        self.unexpected: list[Request] = []
        self._replies = replies
        self._connections: set[asyncio.Task[Any]] = set()
        self._arrived = asyncio.Condition()

    async def wait_for_exchange(self, index: int = 0) -> Exchange:
        """Return the exchange with this number as soon as its request has been read whole."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.exchanges) > index)
        return self.exchanges[index]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection; asyncio runs this in a task of its own, which `close` ends."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            # A client that hangs up, before its request or amid the reply, is a thing tests do, not an error here.
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._exchange(reader, writer)
        except asyncio.CancelledError:
            # Only `close` cancels; asyncio would log a cancelled connection as a failure.
            writer.transport.abort()
        finally:
            writer.close()
            self._connections.discard(task)

    async def close(self) -> None:
        """End every connection that is still open."""
        connections = tuple(self._connections)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read_request(reader)
        exchange = Exchange(request)
        async with self._arrived:
            reply = self._reply_to(request)
            self.exchanges.append(exchange)
            self._arrived.notify_all()
        async with asyncio.TaskGroup() as group:
            play = group.create_task(_play(reply, writer, exchange.sent))
            hangup = group.create_task(_wait_for_hangup(reader))
            await asyncio.wait({play, hangup}, return_when=asyncio.FIRST_COMPLETED)
            if not exchange.sent.is_set():
                exchange.client_closed.set()
            play.cancel()
            hangup.cancel()

    def _reply_to(self, request: Request) -> Reply:
        if callable(self._replies):
            return self._replies(request)
        if len(self.exchanges) < len(self._replies):
            return self._replies[len(self.exchanges)]
        self.unexpected.append(request)
        return json_reply({"error": {"message": "the test scripted no further reply"}}, status=500)


@contextlib.asynccontextmanager
async def raw_http_server(replies: Sequence[Reply] | Callable[[Request], Reply]) -> AsyncIterator[RawHttpServer]:
    """Serve scripted replies on a free loopback port until the block ends.

    Args:
        replies: One for each request in order, or a function that chooses. A request beyond the script is answered
            500 and fails the test when the block ends.
    """
    server = RawHttpServer(replies)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()[:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        listener.close()
        await server.close()
    assert not server.unexpected, f"requests beyond the script: {server.unexpected}"


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


async def _wait_for_hangup(reader: asyncio.StreamReader) -> None:
    # A reset is as final as an orderly end.
    with contextlib.suppress(ConnectionError):
        while await reader.read(65536):
            pass


async def _play(reply: Reply, writer: asyncio.StreamWriter, sent: asyncio.Event) -> None:
    # Writing to a client that has gone ends the reply; `sent` stays unset and tells so.
    with contextlib.suppress(ConnectionError):
        await _write_steps(reply, writer, sent)


async def _write_steps(reply: Reply, writer: asyncio.StreamWriter, sent: asyncio.Event) -> None:
    if not reply.bare:
        writer.write(_head(reply))
    for step in reply.steps:
        match step:
            case bytes():
                writer.write(step if reply.bare else b"%x\r\n%b\r\n" % (len(step), step))
                # Let the client see each step as an arrival of its own.
                await writer.drain()
            case asyncio.Event():
                await writer.drain()
                await step.wait()
            case "cut":
                await writer.drain()
                sent.set()
                writer.transport.abort()
                return
    if not reply.bare:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    sent.set()


def _head(reply: Reply) -> bytes:
    lines = [
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
        f"Content-Type: {reply.content_type}",
        "Transfer-Encoding: chunked",
        "Connection: close",
        *(f"{name}: {value}" for name, value in reply.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
