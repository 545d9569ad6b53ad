"""An Ollama for the stories of editors: one model, and one more once it is installed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

from raw_http_server import Reply, Request, json_reply

ANSWER = "Nothing is missing."


def lines(*said: dict[str, Any]) -> Iterator[bytes]:
    """Encode what Ollama says, a line each."""
    return (json.dumps(each).encode() + b"\n" for each in said)


def ollama() -> Callable[[Request], Reply]:
    """Return an Ollama with one model, which says the same whatever it is asked, and goes on with an installation at the second try."""
    names = ["old:1b"]
    pulls = 0

    def reply(request: Request) -> Reply:
        nonlocal pulls
        match request.path:
            case "/api/pull":
                pulls += 1
                begun = lines({"status": "pulling", "digest": "a", "total": 10_000_000, "completed": 4_000_000})
                if pulls == 1:
                    return Reply(steps=(*begun, asyncio.Event()), content_type="application/x-ndjson")
                names.append(request.json()["model"])
                return Reply(steps=(*begun, *lines({"status": "success"})), content_type="application/x-ndjson")
            case "/api/tags":
                return json_reply({"models": [{"model": name} for name in names]})
            case "/api/show":
                return json_reply({"capabilities": ["completion", "tools"]})
            case "/api/chat":
                said = {"message": {"role": "assistant", "content": ANSWER}, "done": True, "done_reason": "stop"}
                return Reply(steps=tuple(lines({"model": "old:1b", **said})), content_type="application/x-ndjson")
            case _:
                return json_reply({})

    return reply
