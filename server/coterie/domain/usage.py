"""Tokens and money of model calls. Unknown is ``None``, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from coterie.domain.wire import Money, wire

ReuseSource = Literal["cache", "shared"]
"""Where an answer comes from that cost no call of its own: an earlier one of the same request, or one under way."""
UsageKey = Literal["run", "channel", "provider", "model", "agent", "day"]

CallOutcome = Literal["answered", "failed", "stopped", "reused"]
"""How one attempt of a call ended; ``reused``: its answer was another call's, no host was asked."""


@wire
class Usage:
    """What was used. ``input`` counts uncached input tokens only; the cached ones are in ``cache_read`` and ``cache_write``."""

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None
    usd: Money | None = None

    @property
    def tokens(self) -> int:
        """All tokens that are known."""
        return sum(count or 0 for count in (self.input, self.cache_read, self.cache_write, self.output))

    def __add__(self, other: Usage) -> Usage:
        """Add two usages. A sum with an unknown part is unknown: it could only be too small."""
        return Usage(
            input=_add(self.input, other.input),
            cache_read=_add(self.cache_read, other.cache_read),
            cache_write=_add(self.cache_write, other.cache_write),
            output=_add(self.output, other.output),
            usd=None if self.usd is None or other.usd is None else self.usd + other.usd,
        )


def _add(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


NO_USAGE = Usage(input=0, cache_read=0, cache_write=0, output=0, usd=Decimal(0))
"""What a run has used before its first model call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedCall:
    """What one call used, of a run or of none. ``at`` is an instant (ISO 8601); ``estimated``: the host did not say it."""

    at: str
    provider: str
    model: str
    agent: str
    usage: Usage
    run_id: str | None = None
    channel_id: str | None = None
    estimated: bool = False
    outcome: CallOutcome = "answered"


@wire
class UsageRow:
    """One row of ``agent/usage``: what was used under ``key`` (a run, channel, provider, model, agent or day).

    ``attempts`` are the calls of hosts, ``failed`` those of them that failed; ``reused`` are answers that cost no call.

    ``estimated`` says that some of it was counted by Coterie: ghost text that was stopped before its host had said what it used.
    """

    key: str
    input: int | None
    cache_read: int | None
    cache_write: int | None
    output: int | None
    usd: Money | None
    estimated: bool = False
    attempts: int = 0
    failed: int = 0
    reused: int = 0
