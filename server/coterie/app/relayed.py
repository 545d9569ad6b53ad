"""The daemon's end of a relay's connection: who is there, what it says first, and what it is told (`coterie.relay.greeting`).

`daemon` awaits these on its event loop; the relay does the same with blocking sockets.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Any

from coterie.relay.greeting import HEADER, framed, length_in, message_in


async def greeting_of(connection: socket.socket) -> dict[str, Any]:
    """Receive a connection's greeting, and nothing of what follows it. Raises `OSError`."""
    if not _is_ours(connection):
        raise OSError("it belongs to somebody else")
    connection.setblocking(False)  # noqa: FBT003 - the library's own spelling
    return message_in(await _exactly(connection, length_in(await _exactly(connection, HEADER))))


async def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = await asyncio.get_running_loop().sock_recv(connection, count - len(data))
        if not piece:
            raise OSError("the connection ended")
        data += piece
    return bytes(data)


async def tell(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send a message. Raises `OSError`."""
    await asyncio.get_running_loop().sock_sendall(connection, framed(message))


async def until_gone(connection: socket.socket) -> None:
    """Wait until the other end is gone; it has nothing more to say."""
    try:
        while await asyncio.get_running_loop().sock_recv(connection, 1):
            pass
    except OSError:
        return


def _is_ours(connection: socket.socket) -> bool:
    """Say whether the other end belongs to this user; where the system does not tell, the folder's mode is what keeps others out."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user == os.getuid())
