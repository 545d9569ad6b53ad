"""What a host says in its headers of how much it will still take. Pure.

Four families: OpenAI's and its followers' (``x-ratelimit-remaining-requests``, a reset such as ``6m0s``), Anthropic's
(``anthropic-ratelimit-tokens-remaining``, a reset as a time), OpenRouter's (``x-ratelimit-remaining``, a reset in milliseconds since 1970)
and the IETF's draft (``ratelimit-remaining``, a reset in seconds).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_REQUESTS = ("x-ratelimit-{}-requests", "anthropic-ratelimit-requests-{}", "x-ratelimit-{}", "ratelimit-{}")
_TOKENS = (
    "x-ratelimit-{}-tokens",
    "anthropic-ratelimit-tokens-{}",
    "anthropic-ratelimit-input-tokens-{}",
    "anthropic-ratelimit-output-tokens-{}",
)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_UNITS_S = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
_EPOCH_S = 1e9
_EPOCH_MS = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """What is left of a limit, and in how many seconds all of it is there again. ``limit`` is None where it was not said."""

    remaining: int
    reset_s: float
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one answer said; None of what it did not mention."""

    requests: Headroom | None = None
    tokens: Headroom | None = None


def read(headers: Mapping[str, str], now: datetime) -> Said:
    """Read the headers of an answer, whose names are in lower case. What cannot be read is left out."""
    requests = [room for family in _REQUESTS if (room := _headroom(headers, family, now)) is not None]
    tokens = [room for family in _TOKENS if (room := _headroom(headers, family, now)) is not None]
    return Said(requests=min(requests, key=_scarcity, default=None), tokens=min(tokens, key=_scarcity, default=None))


def _scarcity(room: Headroom) -> int:
    return room.remaining


def _headroom(headers: Mapping[str, str], family: str, now: datetime) -> Headroom | None:
    remaining = _count(headers.get(family.format("remaining"), ""))
    reset_s = _seconds(headers.get(family.format("reset"), ""), now)
    if remaining is None or reset_s is None:
        return None
    limit = _count(headers.get(family.format("limit"), ""))
    return Headroom(remaining=remaining, reset_s=max(reset_s, 0.0), limit=limit if limit and limit > remaining else None)


def _count(word: str) -> int | None:
    number = _number(word)
    return None if number is None or number < 0 else int(number)


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds(word: str, now: datetime) -> float | None:
    """Return how long it is until a reset, however it is spelled: seconds, ``1m0.5s``, a time, or a number since 1970."""
    word = word.strip()
    if (number := _number(word)) is not None:
        if number >= _EPOCH_S:
            return number / (1000 if number >= _EPOCH_MS else 1) - now.timestamp()
        return number
    if word and (spelled := _DURATION.fullmatch(word)) is not None:
        return sum(float(part) * unit for part, unit in zip(spelled.groups(), _UNITS_S, strict=True) if part)
    try:
        then = datetime.fromisoformat(word)
    except ValueError:
        return None
    return ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()
