"""The socket that a listener accepts from, which lets so many connections be open at a time and no more.

``listening`` puts it before its door. It counts where connections are accepted, because those cost a descriptor that have not even begun to
encrypt; who has shown the token is counted by ``listening`` itself, which can say so.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from typing import Any

from typing_extensions import override

log = logging.getLogger(__name__)


class Turnstile(socket.socket):
    """Takes the place of ``listening``, which is spent. Used from one event loop only."""

    def __init__(self, listening: socket.socket, *, most: int) -> None:
        super().__init__(fileno=listening.detach())
        self._most = most
        self._inside: list[socket.socket] = []
        self._full = False

    @override
    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection. Raises `ConnectionAbortedError`, which servers take for a client that left, when there is no room."""
        connection, address = super().accept()
        self._inside = [each for each in self._inside if each.fileno() >= 0]
        if len(self._inside) < self._most:
            self._inside.append(connection)
            self._full = False
            return connection, address
        connection.close()
        if not self._full:  # once, and not for each: a flood of connections is not to be one of the log
            log.warning("%d connections are open, and no more are accepted", self._most)
        self._full = True
        raise ConnectionAbortedError

    def hang_up(self) -> None:
        """End every connection that is still open, however far it has come: its owner sees the end of the stream."""
        for connection in self._inside:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
