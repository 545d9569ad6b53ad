"""How many tokens a text will cost, before any host has said so.

No tokenizer is right for every host, and the exact ones fetch their tables from the network. Bytes divided by a ratio are within a few
per cent for code; the ratio starts at 4 and is corrected by what the host reports (`Calibration.corrected`). ``window`` decides with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from coterie.domain.usage import Usage

PLAUSIBLE = (1.5, 8.0)
"""Bytes per token outside of this come from a host that counts something else, such as pictures or its own hidden prompt."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How many bytes make a token for one model."""

    bytes_per_token: float = 4.0

    def tokens(self, size: int) -> int:
        """Return the estimate for ``size`` bytes, rounded up."""
        return math.ceil(size / self.bytes_per_token)

    def corrected(self, size: int, usage: Usage) -> Calibration:
        """Return the calibration after a request of ``size`` bytes was billed as ``usage``; unchanged when its input is not known."""
        if usage.input is None:
            return self
        # Hosts without a prompt cache leave the cached counts unknown; there is nothing to add then.
        billed = usage.input + (usage.cache_read or 0) + (usage.cache_write or 0)
        ratio = size / billed if billed else 0.0
        return Calibration(ratio) if PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1] else self
