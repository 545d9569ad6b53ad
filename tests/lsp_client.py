"""A real LSP client over pipes, for tests: frames, requests, expectations, buffers that `workspace/applyEdit` changes.

Written against the specification and not against the server's code: it has its own framing and its own position arithmetic. Nothing here
sleeps; every wait is for a message, bounded by `BOUND_S`. At its end a client asserts that every request was answered exactly once, that
no answer came unasked, and that no trouble was shown that no test expected; when a test fails, the wire log says what was said.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BOUND_S = 60.0
"""How long anything may take on a machine that is busy with something else. Nothing waits this long unless it is broken."""
LONGEST_LOG_LINE = 600
LONGEST_MESSAGE = 64 * 1024 * 1024
RICH = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}, "configuration": True, "workspaceFolders": True},
    "experimental": {"coterie": True},
}
BARE = {"workspace": {"applyEdit": True}}
PLAIN = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}, "codeLens": {"refreshSupport": True}},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}, "showMessage": {"messageActionItem": {}}},
    "textDocument": {"codeAction": {"dataSupport": True, "resolveSupport": {"properties": ["edit", "command"]}}},
}
"""An editor of today with nothing installed."""
UNIT_SIZE = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


class ResponseError(Exception):
    """An error response."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Any = error.get("data")


@dataclass
class Buffer:
    """An open document of the editor."""

    uri: str
    text: str
    version: int = 1


@dataclass
class LspClient:
    """One editor with one server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    process: asyncio.subprocess.Process | None = None  # None: the server runs in the test's own process
    buffers: dict[str, Buffer] = field(default_factory=dict)
    settings: Any = None
    encoding: str = "utf-16"
    log: list[str] = field(default_factory=list)
    notifications: list[tuple[str, Any]] = field(default_factory=list)
    errors: list[Any] = field(default_factory=list)  # answers with id null
    wanted: list[tuple[str, Any]] = field(default_factory=list)  # requests of the server
    on_apply_edit: Callable[[Any], Any] | None = None  # answers in place of the editor
    on_message: Callable[[Any], Awaitable[bool]] | None = None  # hears everything first; True: nobody else needs to hear it
    by_hand: frozenset[str] = frozenset()  # requests of the server that a test answers itself, with `reply`: prompts, if announced
    asked: list[tuple[Any, str, Any]] = field(default_factory=list)  # those that wait for it: id, method, params
    _ids: Any = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[Any, asyncio.Future[Any]] = field(default_factory=dict)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    _unasked: list[Any] = field(default_factory=list)
    _ended: bool = False

    # Speaking

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request and return its result. Raises `ResponseError`."""
        return await self.result(await self.ask(method, params))

    async def ask(self, method: str, params: Any = None, *, msg_id: int | str | None = None) -> int | str:
        """Send a request and return its id."""
        msg_id = next(self._ids) if msg_id is None else msg_id
        self._waiting[msg_id] = asyncio.get_running_loop().create_future()
        await self.send({"jsonrpc": "2.0", "id": msg_id, "method": method, **({} if params is None else {"params": params})})
        return msg_id

    async def result(self, msg_id: int | str) -> Any:
        """Wait for the answer to a request."""
        message = await asyncio.wait_for(asyncio.shield(self._waiting[msg_id]), BOUND_S)
        if "error" in message:
            raise ResponseError(message["error"])
        return message["result"]

    async def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        await self.send({"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})})

    async def send(self, message: Any) -> None:
        """Send any JSON."""
        body = json.dumps(message).encode()
        await self.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def send_bytes(self, data: bytes) -> None:
        """Send any bytes."""
        self._note("->", data)
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    # Life

    async def initialize(self, capabilities: Mapping[str, Any] | None = None, *, folders: Sequence[Path] = (), **params: Any) -> Any:
        """Introduce the editor, by default a rich one."""
        if "showMessage" in (capabilities or {}).get("window", {}):
            self.by_hand = frozenset({"window/showMessageRequest"})
        answer = await self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "capabilities": RICH if capabilities is None else capabilities,
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
                **params,
            },
        )
        self.encoding = answer["capabilities"]["positionEncoding"]
        await self.notify("initialized", {})
        return answer

    async def leave(self) -> None:
        """Say goodbye and wait until the server has closed its end."""
        await self.request("shutdown")
        await self.notify("exit")
        await self.end()

    async def end(self) -> None:
        """Wait until the server has closed its end."""
        await self.eventually(lambda: self._ended)

    async def exit_code(self) -> int:
        """Wait for the end of the server's process."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), BOUND_S)

    @property
    def ended(self) -> bool:
        """Whether the server has closed its end."""
        return self._ended

    # Documents

    async def open(self, uri: str, text: str, language: str = "python") -> Buffer:
        """Open a document."""
        self.buffers[uri] = buffer = Buffer(uri, text)
        await self.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}})
        return buffer

    async def type(self, uri: str, start: int, end: int, text: str) -> None:
        """Replace code points of a buffer, as a person would, and tell the server incrementally."""
        buffer = self.buffers[uri]
        change = {"range": {"start": self.position(buffer.text, start), "end": self.position(buffer.text, end)}, "text": text}
        buffer.text = buffer.text[:start] + text + buffer.text[end:]
        await self._changed(buffer, [change])

    async def close(self, uri: str) -> None:
        """Close a document."""
        del self.buffers[uri]
        await self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    async def _changed(self, buffer: Buffer, changes: Sequence[Any]) -> None:
        buffer.version += 1
        document = {"uri": buffer.uri, "version": buffer.version}
        await self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def position(self, text: str, offset: int) -> dict[str, int]:
        """Return the position of a code point in the negotiated encoding (lines of these tests end with a line feed)."""
        before = text[:offset]
        last = before.rpartition("\n")[2]
        return {"line": before.count("\n"), "character": len(self._encoded(last)) // UNIT_SIZE[self.encoding]}

    def offset(self, text: str, position: Mapping[str, int]) -> int:
        """Return the code point at a position."""
        lines = text.split("\n")
        line = self._encoded(lines[position["line"]])[: position["character"] * UNIT_SIZE[self.encoding]]
        return sum(len(each) + 1 for each in lines[: position["line"]]) + len(line.decode(self._codec))

    @property
    def _codec(self) -> str:
        return self.encoding if self.encoding == "utf-8" else f"{self.encoding}-le"

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._codec)

    # Hearing

    async def expect(self, method: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """Wait for a notification, take it off the list of those that arrived, and return its params."""

        def found() -> tuple[str, Any] | None:
            return next((each for each in self.notifications if each[0] == method and fits(each[1])), None)

        await self.eventually(lambda: found() is not None)
        taken = found()
        assert taken is not None
        self.notifications.remove(taken)
        return taken[1]

    async def expect_event(self, kind: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """Wait for an ``agent/event`` of a kind."""
        return await self.expect("agent/event", lambda params: params["event"]["kind"] == kind and fits(params["event"]))

    async def question(self, method: str, fits: Callable[[Any], bool] = lambda _: True) -> tuple[Any, Any]:
        """Wait for a request that is answered `by_hand`, take it off the list, and return its id and params."""

        def found() -> tuple[Any, str, Any] | None:
            return next((each for each in self.asked if each[1] == method and fits(each[2])), None)

        await self.eventually(lambda: found() is not None)
        taken = found()
        assert taken is not None
        self.asked.remove(taken)
        return taken[0], taken[2]

    async def reply(self, msg_id: Any, result: Any) -> None:
        """Answer a request of the server."""
        await self.send({"jsonrpc": "2.0", "id": msg_id, "result": result})

    async def eventually(self, holds: Callable[[], bool]) -> None:
        """Wait until a condition holds; looked at after each message from the server."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: holds() or self._ended), BOUND_S)
        assert holds(), "the server ended before that"

    async def listen(self) -> None:
        """Read until the server closes its end; run by `lsp_client`."""
        try:
            while True:
                header = await self.reader.readuntil(b"\r\n\r\n")
                length = next(int(line[16:]) for line in header.split(b"\r\n") if line.startswith(b"Content-Length: "))
                body = await self.reader.readexactly(length)
                self._note("<-", body)
                await self._hear(json.loads(body))
        except asyncio.IncompleteReadError as end:
            self._unasked += [end.partial] if end.partial else []
        finally:
            async with self._arrived:
                self._ended = True
                self._arrived.notify_all()

    async def _hear(self, message: Any) -> None:
        if self.on_message is not None and await self.on_message(message):
            return
        if "method" in message and "id" in message:
            self.wanted.append((message["method"], message.get("params")))
        if "method" in message and message["method"] in self.by_hand:
            self.asked.append((message["id"], message["method"], message.get("params")))
        elif "method" in message and "id" in message:
            answer = await self._serve(message["method"], message.get("params"))
            await self.send({"jsonrpc": "2.0", "id": message["id"], **answer})
        elif "method" in message:
            self.notifications.append((message["method"], message.get("params")))
        elif message["id"] is None:
            self.errors.append(message["error"])
        elif (waiting := self._waiting.get(message["id"])) is not None and not waiting.done():
            waiting.set_result(message)
        else:
            self._unasked.append(message)
        async with self._arrived:
            self._arrived.notify_all()

    async def _serve(self, method: str, params: Any) -> dict[str, Any]:
        match method:
            case "workspace/applyEdit" if self.on_apply_edit is not None:
                return {"result": self.on_apply_edit(params)}
            case "workspace/applyEdit":
                return {"result": await self._apply(params["edit"])}
            case "workspace/configuration":
                return {"result": [self.settings for _ in params["items"]]}
            case (
                "client/registerCapability"
                | "window/workDoneProgress/create"
                | "workspace/codeLens/refresh"
                | "workspace/textDocumentContent/refresh"
            ):
                return {"result": None}
            case "window/showDocument":
                return {"result": {"success": True}}
            case _:
                return {"error": {"code": -32601, "message": f"the client has no {method}"}}

    async def _apply(self, edit: Any) -> dict[str, Any]:
        documents = [(each["textDocument"], each["edits"]) for each in edit.get("documentChanges", ())]
        documents += [({"uri": uri, "version": None}, edits) for uri, edits in edit.get("changes", {}).items()]
        for document, _ in documents:
            buffer = self.buffers.get(document["uri"])
            if buffer is None or document["version"] not in (None, buffer.version):
                return {"applied": False, "failureReason": "the buffer has moved on"}
        for document, edits in documents:
            buffer = self.buffers[document["uri"]]
            spans = [(self.offset(buffer.text, e["range"]["start"]), self.offset(buffer.text, e["range"]["end"]), e) for e in edits]
            for start, end, each in sorted(spans, key=lambda span: span[0], reverse=True):
                buffer.text = buffer.text[:start] + each["newText"] + buffer.text[end:]
            await self._changed(buffer, [{"text": buffer.text}])
        return {"applied": True}

    # Judging

    def _note(self, direction: str, data: bytes) -> None:
        self.log.append(f"{direction} {data.decode(errors='replace')[:LONGEST_LOG_LINE]}")

    def assert_tidy(self) -> None:
        """Every request was answered exactly once, and nothing came that nobody asked for or expected."""
        unanswered = [msg_id for msg_id, waiting in self._waiting.items() if not waiting.done()]
        assert unanswered == [], f"requests without an answer: {unanswered}"
        assert self._unasked == [], f"answers that nobody asked for: {self._unasked}"
        assert self.errors == [], f"errors that no test took: {self.errors}"
        troubles = [params for method, params in self.notifications if method == "window/showMessage"]
        assert troubles == [], f"trouble that no test expected: {troubles}"


@asynccontextmanager
async def conversation(client: LspClient) -> AsyncIterator[LspClient]:
    """Listen while the block speaks, then leave and judge; the wire log is printed if anything was wrong."""
    listening = asyncio.get_running_loop().create_task(client.listen())
    try:
        yield client
        if not client.ended:
            await client.leave()
        await listening  # raises what it could not read
        client.assert_tidy()
    except BaseException:
        sys.stderr.write("\n".join(["the wire:", *client.log, ""]))
        raise
    finally:
        listening.cancel()
        await asyncio.wait([listening])
        client.writer.close()


@asynccontextmanager
async def lsp_client(argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> AsyncIterator[LspClient]:
    """Start a server and speak with it; at the end its process is gone."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=None if env is None else dict(env),
        cwd=cwd,
        limit=LONGEST_MESSAGE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        async with conversation(LspClient(process.stdout, process.stdin, process)) as client:
            yield client
            if not client.ended:
                await client.leave()
                assert await client.exit_code() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
