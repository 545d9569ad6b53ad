"""Boxes of llama-swap: a model that is asked for is loaded, in place of the one that was. What it says is what llama-swap says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from raw_http_server import Exchange, RawHttpServer, Reply, Request, Step, json_reply, raw_http_server, sse

OK = Reply(steps=(b"OK",), content_type="text/plain; charset=utf-8")
NOT_FOUND = json_reply({"src": "llama-swap", "error": {"message": "not found", "type": "invalid_request_error"}}, status=404)


def row(name: str, *, kind: str = "model", status: str = "unloaded", **more: Any) -> dict[str, Any]:
    """Return a row of the list of models."""
    about = {"type": kind, **more.pop("about", {})}
    return {"id": name, "object": "model", "owned_by": "llama-swap", "status": {"value": status}, "meta": {"llamaswap": about}, **more}


def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    """Return a piece of an answer as a model's server sends it."""
    choice = {"finish_reason": finish, "index": 0, "delta": delta}
    return sse({"choices": [choice], "created": 1, "id": "chatcmpl-1", "model": "m", "object": "chat.completion.chunk"})


def said(text: str, *before: Step) -> Reply:
    """Answer a conversation, after ``before``."""
    return Reply(steps=(*before, chunk({"content": text}), chunk({}, "stop"), sse("[DONE]")))


@dataclass
class Box:
    """A box. ``answers`` are what conversations with each model are answered with, ``running`` the states of what runs."""

    models: Sequence[Mapping[str, Any]] = ()
    running: dict[str, str] = field(default_factory=dict)
    windows: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, Reply] = field(default_factory=dict)
    replies: Mapping[str, Reply] = field(default_factory=dict)
    server: RawHttpServer = field(init=False)

    @property
    def asked(self) -> list[str]:
        """Return the paths that were asked for."""
        return [exchange.request.path for exchange in self.server.exchanges]

    async def asked_for(self, path: str) -> Exchange:
        """Wait until a path is asked for, and return the first exchange about it."""
        async with asyncio.timeout(60):
            at = 0
            while (exchange := await self.server.wait_for_exchange(at)).request.path != path:
                at += 1
        return exchange

    def answer(self, request: Request) -> Reply:  # noqa: PLR0911 - one flat case for each path
        """Answer a request."""
        if (told := self.replies.get(request.path)) is not None:
            return told
        match request.path.partition("?")[0].split("/")[1:]:
            case ["running"]:
                return json_reply(
                    {"running": [{"model": model, "state": state, "cmd": "llama-server"} for model, state in self.running.items()]}
                )
            case ["v1", "models"]:
                return json_reply({"object": "list", "data": list(self.models)})
            case ["props"]:
                model = request.path.partition("model=")[2]
                assert self.running.get(model) == "ready", f"the question loads {model}"
                return json_reply({"default_generation_settings": {"n_ctx": self.windows[model]}})
            case ["api", "models", "unload", model]:
                self.running.pop(model, None)
                return OK
            case ["unload"]:
                self.running.clear()
                return OK
            case ["v1", "chat", "completions"] | ["infill"]:
                model = request.json()["model"]
                self.running.clear()
                self.running[model] = "ready"
                return self.answers.get(model, said(f"I am {model}."))
            case _:
                return NOT_FOUND


@asynccontextmanager
async def swap_box(box: Box | None = None) -> AsyncIterator[Box]:
    """Run a box until the block ends."""
    box = box or Box()
    async with raw_http_server(box.answer) as box.server:
        yield box


async def soon(what: asyncio.Event) -> None:
    """Wait for something that is about to happen."""
    await asyncio.wait_for(what.wait(), 60)
