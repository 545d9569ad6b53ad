"""What a relay and the daemon say to each other before and after the editor's own bytes.

A connection begins with one greeting: a length and a JSON object with its ``kind``.

- ``session {environ}`` begins an editor's session. It is answered with ``{welcome: id}`` at once, and with ``{exit: status}`` at its end.
- ``stream {id}`` carries the bytes of that session from then on, unchanged, in both directions.
- ``status`` and ``stop`` are answered at once; the connection of a ``stop`` is closed when the daemon has ended.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Literal

Kind = Literal["session", "stream", "status", "stop"]

HEADER = 4
LONGEST = 4 * 1024 * 1024
"""Bytes of a greeting at most: an environment is smaller."""


def framed(message: dict[str, Any]) -> bytes:
    """Return a message as it is sent."""
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


def greet(connection: socket.socket, kind: Kind, **more: Any) -> None:
    """Send the greeting of a connection."""
    connection.sendall(framed({"kind": kind, **more}))


def receive(connection: socket.socket) -> dict[str, Any]:
    """Receive one message. Raises `OSError` when the other end is gone or sends something else."""
    return message_in(_exactly(connection, length_in(_exactly(connection, HEADER))))


def length_in(header: bytes) -> int:
    """Return the length that a message begins with. Raises `OSError`."""
    (length,) = struct.unpack(">I", header)
    if length > LONGEST:
        raise OSError("the message is too long")
    return int(length)


def message_in(body: bytes) -> dict[str, Any]:
    """Return the message. Raises `OSError` when it is none."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise OSError("the message is not JSON") from wrong
    if not isinstance(message, dict):
        raise OSError("the message is no object")
    return message


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise OSError("the connection ended")
        data += piece
    return bytes(data)
