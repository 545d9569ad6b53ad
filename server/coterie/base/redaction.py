"""Keeps secrets out of the log: whatever is known as one is cut out of every line, tracebacks included.

``app`` starts the log of a process with `redacted_log` and gives the `Redaction` to whatever meets secrets.
"""

from __future__ import annotations

import logging
import sys

from typing_extensions import override

_SHORTEST = 6
"""A shorter value would be cut out of ordinary words."""
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class Redaction:
    """The secrets that this process has met."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def know(self, secret: str | None) -> None:
        """Remember a secret, to hide it from now on."""
        if secret and len(secret) >= _SHORTEST:
            self._known.add(secret)

    def hide(self, text: str) -> str:
        """Return a text without secrets."""
        # The longest first: one may be a part of another.
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, "…")
        return text


def redacted_log() -> Redaction:
    """Send the log of this process to standard error, without the secrets that the returned `Redaction` gets to know."""
    redaction = Redaction()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(redaction))
    logging.getLogger().addHandler(handler)
    return redaction


class _Redacting(logging.Formatter):
    def __init__(self, redaction: Redaction) -> None:
        super().__init__(_FORMAT)
        self._redaction = redaction

    @override
    def format(self, record: logging.LogRecord) -> str:
        return self._redaction.hide(super().format(record))
