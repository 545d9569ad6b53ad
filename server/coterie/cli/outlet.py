"""A standard stream that says so when it cannot be written, so that ``main`` can tell that from every other failure of the system.

``main`` puts both output streams of a command behind one. It is no `OSError`: nobody on the way may take a full disk for their own failure.
"""

from __future__ import annotations

from typing import Any, TextIO


class UnwrittenError(Exception):
    """Output did not come through; ``reason`` is what the system said."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Outlet:
    """Writes to a stream, and is that stream in everything else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Return what the stream has."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write as the stream does. Raises `UnwrittenError`."""
        try:
            return self._stream.write(text)
        except OSError as reason:
            raise UnwrittenError(reason) from reason

    def flush(self) -> None:
        """Flush as the stream does. Raises `UnwrittenError`."""
        try:
            self._stream.flush()
        except OSError as reason:
            raise UnwrittenError(reason) from reason
