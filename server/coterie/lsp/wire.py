"""The connection as the rest of ``lsp`` needs it, and the little that every client is shown over it.

``session`` holds both from its start, before anything is known of the client; ``outbound`` and ``bare`` add what needs the core's values.
"""

from __future__ import annotations

from typing import Final, Protocol

from coterie.domain.wire import Json
from coterie.features.attachment import Severity

MESSAGE_TYPES: Final[dict[Severity, int]] = {"error": 1, "warning": 2, "info": 3}


class Wire(Protocol):
    """The connection, as everything but ``server`` needs it (implemented by ``rpc``)."""

    @property
    def detached(self) -> bool:
        """Whether the client has stopped reading."""
        ...

    def notify(self, method: str, params: Json) -> None:
        """Send a notification; never blocks."""
        ...

    async def ask(self, method: str, params: Json, *, within_s: float | None) -> Json:
        """Send a request and return its result; None waits for a person. Raises `TimeoutError` or `JsonRpcException`."""
        ...

    async def ready(self) -> None:
        """Wait while the client has too much left to read."""
        ...


class ClientWindow:
    """``window/logMessage`` and ``window/showMessage``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._shown: set[str] = set()

    def log(self, severity: Severity, text: str) -> None:
        """Add a line to the editor's log of this server."""
        if not self._wire.detached:
            self._wire.notify("window/logMessage", {"type": MESSAGE_TYPES[severity], "message": text})

    def show(self, severity: Severity, text: str, *, again: bool = False) -> None:
        """Log a text, and show it the first time, or ``again``."""
        self.log(severity, text)
        if (again or text not in self._shown) and not self._wire.detached:
            self._shown.add(text)
            self._wire.notify("window/showMessage", {"type": MESSAGE_TYPES[severity], "message": text})
