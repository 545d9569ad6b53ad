"""What a call cost, from what it used and what its model's tokens cost; and the one way in which calls get into the books.

Prices come from the settings, or else from `cost_map`. What neither knows stays unknown: a wrong sum is worse.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from coterie.base.ids import now
from coterie.domain.model_ports import ModelChoice
from coterie.domain.status import Price
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import CallOutcome, Usage, UsedCall

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


def priced(usage: Usage, choice: ModelChoice) -> Usage:
    """Return what a call of this model used with what that cost."""
    return replace(usage, usd=cost(usage, choice.price))


async def book(
    store: UsageStore,
    choice: ModelChoice,
    usage: Usage,
    *,
    agent: str,
    run_id: str | None = None,
    channel_id: str | None = None,
    estimated: bool = False,
    outcome: CallOutcome = "answered",
) -> None:
    """Keep what a call of this model used and cost. Raises `StorageError`."""
    provider, _, model = choice.id.partition("/")
    used = UsedCall(
        at=now(),
        provider=provider,
        model=model,
        agent=agent,
        usage=priced(usage, choice),
        run_id=run_id,
        channel_id=channel_id,
        estimated=estimated,
        outcome=outcome,
    )
    await store.add(used)
