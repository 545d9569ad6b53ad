"""What one call holds on every budget that it counts for, from before it is made until its use is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from coterie.agents.meter import Meter, Reservation
from coterie.base.errors import BudgetExhaustedError, RunError
from coterie.domain.status import Price
from coterie.domain.usage import Usage


class Held:
    """The reservations of one call on all of its meters."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self._meters = meters
        self.reservations: list[Reservation] = []

    @property
    def output_cap(self) -> int | None:
        """The longest answer that all budgets have room for; None: the model's own limit."""
        return min((one.output_cap for one in self.reservations if one.output_cap is not None), default=None)

    def settle(self, usage: Usage | None, estimate: int) -> None:
        """Settle all of them, once."""
        for meter, held in zip(self._meters, self.reservations, strict=False):
            meter.settle(held, usage, estimate=estimate)
        self.reservations.clear()

    def release(self) -> None:
        """Give all of them back: nothing was used."""
        self.settle(None, 0)

    @property
    def left_s(self) -> float | None:
        """Seconds that the call may take, None without a limit."""
        return min((left for meter in self._meters if (left := meter.left_s) is not None), default=None)

    def check_time(self) -> None:
        """Raise `BudgetExhaustedError` when a meter's time is up."""
        for meter in self._meters:
            meter.check_time()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


async def reserved(meters: Sequence[Meter], estimate: int, price: Price | None, *, output_tokens: int) -> Held:
    """Reserve on every meter. What calls side by side hold may come back unused: it is waited for before a budget is said to be used up."""
    while True:
        for meter in meters:
            await meter.look()
        try:
            return _reserve(meters, estimate, price, output_tokens)
        except BudgetExhaustedError:
            held_by_others = next((meter for meter in meters if meter.is_held), None)
            if held_by_others is None:
                raise
            held_by_others.check_time()
            await held_by_others.settlement()


def _reserve(meters: Sequence[Meter], estimate: int, price: Price | None, output_tokens: int) -> Held:
    held = Held(meters)
    try:
        for meter in meters:
            held.reservations.append(meter.reserve(estimate, price, output_tokens=output_tokens))
    except RunError:
        held.release()
        raise
    return held
