"""What the server and the model host say to each other: JSON objects, each behind its length.

From the server:

- ``{id, op: "chat" | "fill" | "count", body, timeouts}`` begins a call; ``body`` are LiteLLM's arguments, keys among them.
- ``{id, op: "more", count}`` lets the call send that many more pieces; it begins with `WINDOW`. Who reads slowly is not drowned.
- ``{id, op: "cancel"}`` ends it; nothing more is sent for this id.

From the host, first ``{ready: version of LiteLLM}``, then for each call ``{id, chunk: JSON text}`` as often as there is one, and at last
``{id, end: true}`` or ``{id, failure: {status, code, type, message, headers}}``.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any

WINDOW = 64
"""Pieces of an answer that may be on their way, unread."""
LARGEST = 256 * 1024 * 1024
"""Bytes of a frame at most: a conversation may be long, but not this long."""


def framed(message: Mapping[str, Any]) -> bytes:
    """Return a message as it is sent. Half a surrogate pair, which an editor may hold, has no UTF-8 and is replaced."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return struct.pack(">I", len(body)) + body


async def receive(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """Return the next message, None at the end, also where that comes amid a message. Raises `ValueError` for what is none."""
    try:
        (length,) = struct.unpack(">I", await reader.readexactly(4))
        if length > LARGEST:
            raise ValueError(f"a frame of {length} bytes")
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    message = json.loads(body)
    if not isinstance(message, dict):
        raise ValueError("a frame that is no object")  # noqa: TRY004 - what is wrong is the message, not the caller's argument
    return message
