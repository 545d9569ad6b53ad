"""The host itself: reads requests from the server, runs each as a task of its own, and ends when the server does.

Started by ``__main__``. What LiteLLM does with a request is in `calls`; here nothing is known of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from coterie.base.tasks import TaskSupervisor
from coterie.modelhost.failures import described
from coterie.modelhost.frames import WINDOW, framed, receive

Operation = Callable[[Mapping[str, Any]], AsyncGenerator[str, None]]
"""Makes a call as a request frame says and yields its pieces as JSON text."""


class Host:
    """Serves one connection. ``operations`` are by their ``op``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, operations: Mapping[str, Operation]) -> None:
        self._reader = reader
        self._writer = writer
        self._operations = operations
        self._tasks = TaskSupervisor("model host")
        self._running: dict[int, tuple[asyncio.Task[None], asyncio.Semaphore]] = {}

    async def serve(self, version: str) -> None:
        """Serve until the other end is gone; calls that run then are given up."""
        await self._send({"ready": version})
        while (request := await receive(self._reader)) is not None:
            self._take(request)
        await self._tasks.aclose()

    def _take(self, request: Mapping[str, Any]) -> None:
        number, running = request["id"], self._running.get(request["id"])
        match request["op"]:
            case "cancel":
                if running is not None:
                    running[0].cancel()
            case "more":
                if running is not None:
                    for _ in range(request["count"]):
                        running[1].release()
            case _:
                window = asyncio.Semaphore(WINDOW)
                task = self._tasks.spawn(self._call(number, request, window), name=f"call {number}")
                self._running[number] = (task, window)
                task.add_done_callback(lambda _: self._running.pop(number, None))

    async def _call(self, number: int, request: Mapping[str, Any], window: asyncio.Semaphore) -> None:
        try:
            async with aclosing(self._operations[request["op"]](request)) as pieces:
                async for piece in pieces:
                    await window.acquire()
                    await self._send({"id": number, "chunk": piece})
        except Exception as failure:  # noqa: BLE001 - whatever LiteLLM raises is told to the server, which classifies it
            await self._send({"id": number, "failure": described(failure)})
        else:
            await self._send({"id": number, "end": True})

    async def _send(self, message: Mapping[str, Any]) -> None:
        self._writer.write(framed(message))
        await self._writer.drain()


def serve(descriptor: int) -> int:
    """Be the host on a connected socket that was handed over by its number, until the server is gone. Does not return then."""
    # A terminal sends it to the whole group; the server decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=descriptor)
    connection.set_inheritable(False)
    from coterie.modelhost.calls import OPERATIONS, prepare  # noqa: PLC0415 - after what must hold while LiteLLM is imported

    version = prepare()
    asyncio.run(_serve(connection, version, OPERATIONS))
    # LiteLLM's threads may wait for hosts that never answer, and there is nobody left to wait for them.
    os._exit(0)


async def _serve(connection: socket.socket, version: str, operations: Mapping[str, Operation]) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        await Host(reader, writer, operations).serve(version)
    except ConnectionError:
        return
