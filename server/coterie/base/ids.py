"""Opaque ids and the current time, as they stand on the wire and in the journal."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def today() -> str:
    """Return the beginning of the current day (UTC), spelled as `now` is."""
    return f"{now()[:10]}T00:00:00.000Z"


def new_id(prefix: str) -> str:
    """Return a fresh id such as ``run_5f3a…``: 64 random bits behind a word that helps a person who reads a log."""
    return f"{prefix}_{secrets.token_hex(8)}"


def now() -> str:
    """Return the current time as ISO 8601 in UTC with milliseconds, ``2026-01-31T10:00:00.000Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
