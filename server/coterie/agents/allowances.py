"""The budgets that runs share: of a day and of a channel. Their meters outlive a run: runs side by side cannot spend the same money twice.

What other servers on the same home spend, and what ghost text and titles cost, is looked up in the books before each call; only what calls
of other servers hold at that moment is not known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from coterie.agents.meter import Meter
from coterie.base.ids import today
from coterie.config.schema import RunBudgetSettings
from coterie.domain.runs import Budget
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import Usage


class Allowances:
    """Keeps the meters, by what they are for and by how large they are: a changed setting begins another one, from the books."""

    def __init__(self, usage: UsageStore) -> None:
        self._usage = usage
        self._meters: dict[tuple[str, Budget], Meter] = {}

    def meters(self, settings: RunBudgetSettings, channel_id: str) -> tuple[Meter, ...]:
        """Return the meters that calls of a channel count for today."""
        day, usage = today(), self._usage
        self._meters = {key: meter for key, meter in self._meters.items() if meter.is_held or not _is_of_another_day(key[0], day)}
        return (
            *self._meter(
                f"day {day}", "this day", Budget(usd=settings.day_usd, tokens=settings.day_tokens), lambda: usage.spent(since=day)
            ),
            *self._meter(
                f"channel {channel_id}",
                "this channel",
                Budget(usd=settings.channel_usd, tokens=settings.channel_tokens),
                lambda: usage.spent(channel_id=channel_id),
            ),
        )

    def _meter(self, key: str, name: str, budget: Budget, books: Callable[[], Awaitable[Usage]]) -> tuple[Meter, ...]:
        if budget == Budget():
            return ()
        return (self._meters.setdefault((key, budget), Meter(name, budget, books=books)),)


def _is_of_another_day(key: str, day: str) -> bool:
    return key.startswith("day ") and key != f"day {day}"
