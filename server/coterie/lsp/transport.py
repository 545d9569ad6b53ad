"""What carries one client's messages (`Transport`), descriptors as the usual one, and the bounded queue with its writer thread.

``server`` claims the descriptors at its start; ``streams`` and ``app.websocket`` have the transports of the network. Threads touch no
state: each moves bytes between a descriptor and the event loop, so that neither a silent editor nor one that does not read can stop it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from coterie.lsp.framing import BadFrame, Decoder, encode

READ_SIZE = 64 * 1024
HIGH_WATER = 1024 * 1024
LOW_WATER = 256 * 1024
PATIENCE_S = 30.0
MOST_UNREAD = 256 * 1024 * 1024
"""Bytes of answers that are kept for a client that asks on and on and does not read them."""

log = logging.getLogger(__name__)

OnFrame: TypeAlias = Callable[[bytes | BadFrame], None]


class Transport(Protocol):
    """One client's connection: frames in, messages out."""

    def start(self, on_frame: OnFrame, on_end: Callable[[], None]) -> None:
        """Read until the client has left; both callbacks are called in the running event loop."""
        ...

    def pack(self, body: bytes) -> bytes:
        """Return a message as it travels."""
        ...

    def write(self, packed: bytes) -> None:
        """Write a packed message, waiting for the client as long as it takes. Called in the writer thread; raises `OSError`."""
        ...

    def close(self) -> None:
        """Note that nothing more is written. Called in the writer thread."""
        ...


@dataclass(frozen=True, slots=True)
class Descriptors:
    """A pair of descriptors, which no child inherits. Implements `Transport`.

    Each is closed by the thread that uses it, when it has done so last.
    """

    incoming: int
    outgoing: int

    def start(self, on_frame: OnFrame, on_end: Callable[[], None]) -> None:
        """Read in a thread of its own."""
        start_reader(self.incoming, on_frame, on_end)

    def pack(self, body: bytes) -> bytes:
        """Put the header before a message."""
        return encode(body)

    def write(self, packed: bytes) -> None:
        """Write all of it."""
        rest = memoryview(packed)
        while rest:
            rest = rest[os.write(self.outgoing, rest) :]

    def close(self) -> None:
        """Let the reader of the other end see the end."""
        os.close(self.outgoing)


def claim_stdio() -> Descriptors:
    """Take descriptors 0 and 1 for the transport, and leave null and standard error in their place.

    From then on a stray ``print`` lands in the log, and a child process can neither eat the protocol's bytes nor add to them.
    Raises `OSError` when the server was started without them.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - there is none elsewhere

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    for descriptor in (0, 1):
        os.fstat(descriptor)  # before a copy of one takes the place of the other
    descriptors = Descriptors(incoming=os.dup(0), outgoing=os.dup(1))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # started without a standard error
        os.dup2(null, 1)
    os.close(null)
    return descriptors


def start_reader(descriptor: int, on_frame: OnFrame, on_end: Callable[[], None]) -> None:
    """Read until the end of the stream in a thread, then close it; both callbacks are called in the running event loop."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        decoder = Decoder()
        # Once the loop is closed nobody listens any more: the process ends.
        with contextlib.suppress(RuntimeError), open(descriptor, "rb", buffering=0):
            while data := read_some(descriptor):
                for frame in decoder.feed(data):
                    loop.call_soon_threadsafe(on_frame, frame)
            loop.call_soon_threadsafe(on_end)

    threading.Thread(target=read, name="lsp reader", daemon=True).start()


def read_some(descriptor: int) -> bytes:
    """Return what is there to read, or nothing at the end of the stream, also at a violent one."""
    try:
        return os.read(descriptor, READ_SIZE)
    except OSError:
        return b""


class Outgoing:
    """The queue of messages to the client.

    Above the high-water mark runs pause (`ready`), also those of others who share the server. A client that has not caught up within
    `PATIENCE_S` seconds, however little it reads meanwhile, is detached: runs go on and events are dropped, it catches up later. Responses
    are never dropped; a client that lets `MOST_UNREAD` bytes of them pile up is lost.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        *,
        on_lost: Callable[[], None],
        on_back: Callable[[], None],
        close: Callable[[], None] = lambda: None,
        pack: Callable[[bytes], bytes] = encode,
        patience_s: float = PATIENCE_S,
        most_unread: int = MOST_UNREAD,
    ) -> None:
        self.detached = False
        self._write = write  # called by the writer thread, and waits for the client
        self._pack = pack
        self._close = close  # called by the writer thread when it writes no more
        self._on_lost = on_lost  # called once, when writing fails for good
        self._on_back = on_back  # called when a detached client has read everything
        self._patience_s = patience_s
        self._most_unread = most_unread
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pending = 0  # bytes that were sent and not written
        self._room = asyncio.Event()
        self._room.set()
        self._patience: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()
        self._closed = False
        threading.Thread(target=self._run, name="lsp writer", daemon=True).start()

    def send(self, body: bytes) -> None:
        """Queue a message; never blocks, and drops nothing while the client is not lost."""
        if self._closed:
            return
        frame = self._pack(body)
        # One message may be as long as it is: only what a client lets pile up counts.
        if self._pending > self._most_unread:
            log.warning("a client has left %d bytes of answers unread, and is given up", self._pending)
            self._lost()
            return
        self._pending += len(frame)
        self._queue.put(frame)
        if self._pending > HIGH_WATER and self._room.is_set() and not self.detached:
            self._room.clear()
            self._patience = self._loop.call_later(self._patience_s, self._give_up)

    async def ready(self) -> None:
        """Wait while the client has too much left to read."""
        await self._room.wait()

    async def aclose(self, *, within_s: float) -> None:
        """Write what is queued, as far as the client reads it within the time, and end."""
        self._closed = True
        self._queue.put(None)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), within_s)
        self._stop_waiting()

    def _run(self) -> None:
        # Runs in the writer thread. The loop is closed only when nobody waits for this thread any more.
        with contextlib.suppress(RuntimeError):
            try:
                while (frame := self._queue.get()) is not None:
                    self._write(frame)
                    self._loop.call_soon_threadsafe(self._wrote, len(frame))
            except OSError:
                self._loop.call_soon_threadsafe(self._lost)
            finally:
                self._close()
            self._loop.call_soon_threadsafe(self._ended.set)

    def _wrote(self, count: int) -> None:
        self._pending -= count
        if self._pending <= LOW_WATER:
            self._stop_waiting()
            if self.detached:
                self.detached = False
                self._on_back()

    def _give_up(self) -> None:
        self.detached = True
        self._stop_waiting()

    def _lost(self) -> None:
        self._closed = True
        self._give_up()
        self._on_lost()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._room.set()
