"""Read JSON that a stranger wrote: what has the wrong type counts as absent, and nothing raises.

Hosts that call themselves compatible leave fields out, send null, or another type. The wires read with these and stay total.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from coterie.domain.wire import Json

_MOST = 10**15
"""A petabyte, or a token. The sum of thousands of such numbers still fits into the database."""


def parse_object(text: str | bytes) -> dict[str, Json] | None:
    """Return the JSON object that ``text`` is, or None."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text(data: Mapping[str, Json], key: str) -> str:
    """Return a string, or an empty one."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def count(data: Mapping[str, Json], key: str) -> int | None:
    """Return a number of things that is not negative, or None; also None for one that nothing has so many of."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST else None


def record(data: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    """Return an object, or an empty one."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def records(data: Mapping[str, Json], key: str) -> list[Mapping[str, Json]]:
    """Return the objects of a list."""
    value = data.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
