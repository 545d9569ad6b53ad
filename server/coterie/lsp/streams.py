"""An asyncio stream, encrypted or not, as the transport of one client.

``app.tcp`` makes one for each connection. The writer thread of ``transport.Outgoing`` waits in `from_writer_thread` while the event loop
does the writing, because a stream that is encrypted cannot be written anywhere else; ``app.websocket`` does the same.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from coterie.base.tasks import TaskSupervisor
from coterie.lsp.framing import Decoder, encode
from coterie.lsp.transport import READ_SIZE, OnFrame


class StreamTransport:
    """Implements `coterie.lsp.transport.Transport`. ``first`` is what was read of the stream already; ``tasks`` owns the reading."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tasks: TaskSupervisor, *, first: bytes = b"") -> None:
        self._reader = reader
        self._writer = writer
        self._tasks = tasks
        self._first = first
        self._loop = asyncio.get_running_loop()

    def start(self, on_frame: OnFrame, on_end: Callable[[], None]) -> None:
        """Read in a task."""
        self._tasks.spawn(self._read(on_frame, on_end), name="reading a stream")

    async def _read(self, on_frame: OnFrame, on_end: Callable[[], None]) -> None:
        decoder = Decoder()
        data = self._first
        with contextlib.suppress(OSError):  # a violent end is an end
            while data := data or await self._reader.read(READ_SIZE):
                for frame in decoder.feed(data):
                    on_frame(frame)
                data = b""
        on_end()

    def pack(self, body: bytes) -> bytes:
        """Put the header before a message."""
        return encode(body)

    def write(self, packed: bytes) -> None:
        """Have the event loop write it, and wait until the client has made room."""
        from_writer_thread(self._loop, self._send(packed))

    async def _send(self, packed: bytes) -> None:
        self._writer.write(packed)
        await self._writer.drain()

    def close(self) -> None:
        """End the stream once what was written is sent."""
        self._loop.call_soon_threadsafe(self._writer.close)


def from_writer_thread(loop: asyncio.AbstractEventLoop, sending: Coroutine[Any, Any, None]) -> None:
    """Run ``sending`` in the event loop and wait for it in this thread. Raises `OSError` when it fails or the loop ends before it."""
    try:
        asyncio.run_coroutine_threadsafe(sending, loop).result()
    except concurrent.futures.CancelledError as ended:
        raise ConnectionAbortedError("the server ended before the client had read everything") from ended
    except RuntimeError:  # the loop is closed
        sending.close()
        raise
