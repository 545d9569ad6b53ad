"""A BotServer on loopback, as far as its clients see it: classify, execute, the WebSocket feed of a task, queries, health.

It does what a test says, step by step and byte by byte (see `raw_http_server`); what a test leaves out is done as an honest farm would.

    async with botserver(feed=(told(stage="plan"), gate, CUT)) as peer:
        ...                                     # a task, whose feed waits for gate.set() and then breaks
        assert peer.asked("execute") == [peer.classification]
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from raw_http_server import RawHttpServer, Reply, Request, Step, json_reply, raw_http_server

STAGES = ("classify", "plan", "build", "review", "optimise", "test", "security", "deploy", "document")
TASK = "task-1"
CLASSIFICATION = {"intent_type": "APP_CREATE", "entities": {"subject": "shop"}, "original_text": "Build a shop"}
ACCEPTED = {"success": True, "task_id": TASK, "stages_completed": ["classify"], "message": "Working on it.", "created_resources": []}
RESULT = {
    "status": "completed",
    "message": "The shop is up.",
    "app_url": "https://shop.example",
    "created_resources": [{"type": "table", "name": "orders"}, "page home"],
}
ANSWER = {"output": "All is well.", "exit_code": 0, "metadata": {"files": 3}}
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Page = Reply | Callable[[Request], Reply]


def frame(content: bytes, *, code: int = 0x1) -> bytes:
    """Return a frame of the WebSocket protocol, a text by default."""
    size = len(content)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2)
    return bytes([0x80 | code]) + length + content


def told(**message: Any) -> bytes:
    """Return a message of the feed."""
    return frame(json.dumps(message).encode())


def closing(code: int = 1000) -> bytes:
    """Return the end of a feed."""
    return frame(code.to_bytes(2), code=0x8)


FEED: tuple[Step, ...] = (*(told(stage=stage, status="running") for stage in STAGES[1:]), told(**RESULT), closing())


@dataclass(frozen=True)
class Peer:
    """The running farm, and what it was asked."""

    server: RawHttpServer

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url

    @property
    def requests(self) -> list[Request]:
        """Every request so far but those for its health."""
        return [exchange.request for exchange in self.server.exchanges if exchange.request.path != "/health"]

    @property
    def paths(self) -> list[str]:
        """Where those went."""
        return [request.path for request in self.requests]

    def asked(self, page: str) -> list[Any]:
        """Return the bodies of the requests to a page, by the last part of its path."""
        return [request.json() for request in self.requests if request.path.endswith(f"/{page}")]

    async def watched(self) -> asyncio.Event:
        """Wait until a feed is asked for; return what is set when its client hangs up early."""
        number = 0
        while True:
            exchange = await asyncio.wait_for(self.server.wait_for_exchange(number), 60)
            if exchange.request.path.startswith("/ws/"):
                return exchange.client_closed
            number += 1


@asynccontextmanager
async def botserver(
    *,
    classify: Page | None = None,
    execute: Page | None = None,
    feed: Sequence[Step] | Reply = FEED,
    query: Page | None = None,
    health: Page | None = None,
) -> AsyncIterator[Peer]:
    """Be a farm until the block ends. A ``feed`` of steps is sent behind the handshake."""
    pages: dict[str, Page] = {
        "classify": classify or json_reply(CLASSIFICATION),
        "execute": execute or json_reply(ACCEPTED),
        "query": query or json_reply(ANSWER),
        "health": health or json_reply({"status": "ok"}),
    }

    def reply(request: Request) -> Reply:
        if request.path.startswith("/ws/task-progress/"):
            return feed if isinstance(feed, Reply) else Reply(steps=_behind_handshake(request, feed), bare=True)
        page = pages.get(request.path.rpartition("/")[2], json_reply({"error": {"message": "no such page"}}, status=404))
        return page(request) if callable(page) else page

    async with raw_http_server(reply) as server:
        yield Peer(server)


def _behind_handshake(request: Request, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps with the handshake, in one piece with the first of them, so that no test depends on when that comes."""
    opening = _handshake(request)
    if steps and isinstance(first := steps[0], bytes):
        return (opening + first, *steps[1:])
    return (opening, *steps)


def _handshake(request: Request) -> bytes:
    proof = base64.b64encode(hashlib.sha1(request.headers["sec-websocket-key"].encode() + _ACCEPT).digest())  # noqa: S324 - by the protocol
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n" % proof
