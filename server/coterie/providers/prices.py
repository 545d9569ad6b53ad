"""What a call cost, from what it used and what its model's tokens cost.

Prices come from the settings. None are built in: they change without notice, and a wrong sum is worse than an unknown one.
"""

from __future__ import annotations

from decimal import Decimal

from coterie.domain.status import Price
from coterie.domain.usage import Usage

_MILLION = Decimal(1_000_000)


def cost(usage: Usage, price: Price | None) -> Decimal | None:
    """Return US dollars, or None where a count is unknown or tokens were used that have no price. A host's own bill comes first."""
    if usage.usd is not None or price is None:
        return usage.usd
    total = Decimal(0)
    for used, each in (
        (usage.input, price.input),
        (usage.cache_read, price.cache_read),
        (usage.cache_write, price.cache_write),
        (usage.output, price.output),
    ):
        if used == 0:
            continue
        if used is None or each is None:
            return None
        total += used * each / _MILLION
    return total
