"""What a relay and the daemon say to each other before and after the editor's own bytes.

A connection begins with one greeting, a length and a JSON object. A ``session`` carries the editor's bytes from then on, unchanged; a
``watch`` of the same id is answered with the exit status once that session has ended; ``status`` and ``stop`` are answered at once.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["session", "watch", "status", "stop"]

LONGEST = 4 * 1024 * 1024
"""Bytes of a greeting at most: an environment is smaller."""


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message."""
    body = json.dumps(message).encode()
    connection.sendall(struct.pack(">I", len(body)) + body)


def receive(connection: socket.socket) -> dict[str, Any]:
    """Receive one message. Raises `OSError` when the other end is gone or sends something else."""
    (length,) = struct.unpack(">I", _exactly(connection, 4))
    if length > LONGEST:
        raise OSError("the greeting is too long")
    try:
        message = json.loads(_exactly(connection, length))
    except ValueError as wrong:
        raise OSError("the greeting is not JSON") from wrong
    if not isinstance(message, dict):
        raise OSError("the greeting is no object")
    return message


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise OSError("the connection ended")
        data += piece
    return bytes(data)
