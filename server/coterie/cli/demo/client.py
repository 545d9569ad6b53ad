"""A small LSP client: starts a server as a process of its own and speaks JSON-RPC with it over its standard streams.

The command line may not know the server's LSP library, and a demo that shares no code with the server proves more. ``story`` uses it; it
answers what a server asks an editor: edits go to ``buffers``, questions without a person stay unanswered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from coterie.base.errors import CoterieError
from coterie.base.tasks import TaskSupervisor
from coterie.cli.demo.buffers import Buffers

ANSWER_WITHIN_S = 60.0
LEAVE_WITHIN_S = 20.0


class ServerFailedError(CoterieError):
    """The server answered with an error, did not answer, or went away."""

    code = "server_failed"


class Client:
    """One connection. ``notified`` is called with the method and params of each notification, and with `GONE` when the server is gone."""

    GONE: Final = "$/gone"

    def __init__(self, buffers: Buffers, notified: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._buffers = buffers
        self._notified = notified
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._next_id = 0
        self._tasks = TaskSupervisor("demo client")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path, log: Path) -> None:
        """Start the server; what it writes to standard error goes to ``log``."""
        with log.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                cwd=cwd,
                env=dict(environ),
            )
        self._tasks.spawn(self._read(self._running), name="messages of the server")

    async def request(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Ask the server and return its result. Raises `ServerFailedError`."""
        self._next_id += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._next_id] = answer
        await self._send({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params})
        try:
            return await asyncio.wait_for(answer, ANSWER_WITHIN_S)
        except TimeoutError:
            raise ServerFailedError(f"The server did not answer {method} within {ANSWER_WITHIN_S:.0f} s.") from None

    async def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Tell the server."""
        await self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def leave(self) -> int:
        """Shut the server down as the protocol says and return its exit status. Raises `ServerFailedError` when it does not go."""
        await self.request("shutdown")
        await self.notify("exit")
        try:
            return await asyncio.wait_for(self._running.wait(), LEAVE_WITHIN_S)
        except TimeoutError:
            raise ServerFailedError(f"The server was still there {LEAVE_WITHIN_S:.0f} s after exit.") from None

    async def aclose(self) -> None:
        """End everything, the server too if it is still there."""
        if self._process is not None and self._process.returncode is None:
            # Not `Process.kill`, which would take the status of a server that is just leaving from the loop's own watcher.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        await self._tasks.aclose()

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise ServerFailedError("The server was not started.")
        return self._process

    async def _send(self, message: Mapping[str, Any]) -> None:
        stdin = self._running.stdin
        body = json.dumps({key: value for key, value in message.items() if key != "params" or value is not None}).encode()
        if stdin is None or stdin.is_closing():
            raise ServerFailedError("The server went away.")
        stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        try:
            await stdin.drain()
        except ConnectionError as gone:
            raise ServerFailedError("The server went away.") from gone

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        stream = process.stdout
        if stream is None:
            return
        try:
            while True:
                header = await stream.readuntil(b"\r\n\r\n")
                lengths = [line.partition(b":")[2] for line in header.split(b"\r\n") if line.lower().startswith(b"content-length")]
                await self._receive(json.loads(await stream.readexactly(int(lengths[0]))))
        except asyncio.IncompleteReadError:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ServerFailedError("The server went away before it answered."))
            self._notified(self.GONE, {})

    async def _receive(self, message: Mapping[str, Any]) -> None:
        if "method" not in message:
            answer = self._waiting.pop(message["id"], None)
            if answer is not None and not answer.done():
                if (error := message.get("error")) is not None:
                    answer.set_exception(ServerFailedError(error["message"], code=(error.get("data") or {}).get("code")))
                else:
                    answer.set_result(message["result"])
        elif "id" in message:
            result = await self._answer(message["method"], message.get("params") or {})
            await self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        else:
            self._notified(message["method"], message.get("params") or {})

    async def _answer(self, method: str, params: Mapping[str, Any]) -> Any:
        if method == "workspace/applyEdit":
            refusal, changes = self._buffers.apply(params["edit"])
            for change in changes:
                await self.notify("textDocument/didChange", change)
                await self.notify("textDocument/didSave", {"textDocument": {"uri": change["textDocument"]["uri"]}})
            return {"applied": refusal is None} | ({} if refusal is None else {"failureReason": refusal})
        if method == "workspace/configuration":
            return [None for _ in params.get("items", ())]
        return None
