"""What ``listening``, its doors (``tcp``, ``websocket``) and ``admission`` have to know of each other."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from coterie.lsp.transport import Transport

Attend: TypeAlias = Callable[[Transport], Awaitable[None]]
"""Serves one client that was let in, until it leaves."""


class NotListeningError(Exception):
    """Listening like that is refused, or makes no sense; the text is for the person who asked for it."""


class Door(Protocol):
    """Lets clients in and has each attended."""

    async def open(self, listening: socket.socket) -> None:
        """Accept from now on."""
        ...

    async def shut(self) -> None:
        """Accept no more; those who are in stay."""
        ...

    async def aclose(self) -> None:
        """Hang up on whoever is still there."""
        ...
