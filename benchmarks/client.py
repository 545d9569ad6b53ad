"""An LSP client that only measures: it frames, counts and timestamps, and knows no LSP types.

Every benchmark talks to its server through `connect`. Requests from the server get the emptiest valid answer.
"""

import asyncio
import contextlib
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Message = Mapping[str, Any]

PATIENCE_S = 60
"""No answer within this time ends the benchmark: it found a hang, not a slow machine."""


class Client:
    """One connection to one server process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self.events: asyncio.Queue[tuple[int, Mapping[str, Any]]] = asyncio.Queue()
        """`agent/event` payloads with the monotonic nanosecond at which each was read."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._writer, self._reader = process.stdin, process.stdout
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Any]] = {}

    async def request(self, method: str, params: Message | None = None) -> Any:
        """Send a request and return its result.

        Raises:
            RuntimeError: The server answered with an error.
        """
        number = next(self._ids)
        answer = self._pending[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(answer, PATIENCE_S)

    def notify(self, method: str, params: Message | None = None) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params or {}})

    async def initialize(self, *, folder: Path, settings: Message) -> None:
        """Introduce a rich client with one workspace folder; returns when the server may be used."""
        capabilities = {"experimental": {"coterie": True}, "window": {"workDoneProgress": False}}
        params = {
            "processId": os.getpid(),
            "rootUri": folder.as_uri(),
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
            "capabilities": capabilities,
            "initializationOptions": settings,
        }
        await self.request("initialize", params)
        self.notify("initialized")

    async def event(self, kind: str, **fields: object) -> tuple[int, Mapping[str, Any]]:
        """Wait for the next event of this kind whose fields have these values; earlier ones are dropped."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                at, payload = await self.events.get()
                event = payload["event"]
                if event["kind"] == kind and all(event.get(name) == value for name, value in fields.items()):
                    return at, payload

    async def read_messages(self) -> None:
        """Sort what comes in until the server closes its output."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await self._reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:"))
                body = await self._reader.readexactly(length)
                self._sort(time.monotonic_ns(), json.loads(body))

    def _sort(self, at: int, message: Message) -> None:
        if "method" not in message:
            answer = self._pending.pop(message["id"])
            if "error" in message:
                answer.set_exception(RuntimeError(json.dumps(message["error"])))
            elif not answer.done():
                answer.set_result(message.get("result"))
        elif "id" in message:
            items = message.get("params", {}).get("items") if message["method"] == "workspace/configuration" else None
            self._send({"id": message["id"], "result": None if items is None else [None] * len(items)})
        elif message["method"] == "agent/event":
            self.events.put_nowait((at, message["params"]))

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


@contextlib.asynccontextmanager
async def connect(command: Sequence[str], *, home: Path, runtime: Path | None = None) -> AsyncIterator[Client]:
    """Start a server, talk to it, and shut it down in the LSP way at the end. A shared daemon is looked for below `runtime`."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment["COTERIE_HOME"] = str(home)
    if runtime:
        environment["XDG_RUNTIME_DIR"] = str(runtime)
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=1 << 24,
    )
    client = Client(process)
    try:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(client.read_messages())
            yield client
            await client.request("shutdown")
            client.notify("exit")
            await asyncio.wait_for(process.wait(), PATIENCE_S)
            reading.cancel()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
