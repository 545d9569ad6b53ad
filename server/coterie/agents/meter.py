"""Budgets: reserved before each call, settled after it.

A run has one meter, an agent with a budget of its own another; the meters of a day and of a channel (`agents.allowances`) are shared by
runs. `agents.reserving` holds a call's share on all of them. Money counts only where the price is known; tokens and time always count. A
run's clock stands still while a person is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic

from coterie.base.errors import BudgetExhaustedError
from coterie.config.schema import Settings
from coterie.domain.runs import Budget
from coterie.domain.status import Price
from coterie.domain.usage import Usage

_MILLION = Decimal(1_000_000)
_LEAST_OUTPUT = 256
"""Fewer tokens of an answer than this are of no use: the call is not made."""


@dataclass(slots=True)
class Reservation:
    """What a call may use at most; held until `Meter.settle`. ``output_cap`` limits its answer, None: the model's own limit."""

    tokens: int
    usd: Decimal
    output_cap: int | None


class Meter:
    """Counts what is used against a `Budget`.

    ``used`` and ``worked_s`` are what a resumed run has used before; ``clock`` gives seconds that only grow. ``books`` tells what others,
    of this process or of another one, have used of the same budget so far, this meter's own use included.
    """

    def __init__(
        self,
        name: str,
        budget: Budget,
        *,
        used: Usage | None = None,
        worked_s: float = 0.0,
        clock: Callable[[], float] = monotonic,
        books: Callable[[], Awaitable[Usage]] | None = None,
    ) -> None:
        self._books = books
        self.name = name
        self.budget = budget
        self._tokens = used.tokens if used else 0
        self._usd = (used.usd if used else None) or Decimal(0)
        self._held: list[Reservation] = []
        self._settled = asyncio.Event()  # set when the next reservation is settled, and replaced then
        self._clock = clock
        self._began = clock() - worked_s
        self._waited = 0.0
        self._waiting_since: float | None = None
        self._waiting = 0

    async def look(self) -> None:
        """Take into account what the books say. They lag behind this meter's own latest calls, so they never lower what it knows."""
        if self._books is not None:
            used = await self._books()
            self._tokens = max(self._tokens, used.tokens)
            self._usd = max(self._usd, used.usd or Decimal(0))

    def reserve(self, input_tokens: int, price: Price | None, *, output_tokens: int) -> Reservation:
        """Set aside what a call with an input of about ``input_tokens`` can use.

        ``output_tokens`` is the longest answer that the model can give; the reservation caps it at what is left. Raises
        `BudgetExhaustedError` when not even a short answer fits.
        """
        self.check_time()
        most = output_tokens
        input_usd, output_price = _cost(input_tokens, price.input if price else None), price.output if price else None
        if self.budget.tokens is not None:
            left = self.budget.tokens - self._tokens - sum(held.tokens for held in self._held)
            most = min(most, left - input_tokens)
            if most < min(_LEAST_OUTPUT, output_tokens):
                raise self._exhausted(f"{self.budget.tokens} tokens", f"{self._tokens}", whole=self._tokens >= self.budget.tokens)
        if self.budget.usd is not None and self._usd and self._usd >= self.budget.usd:
            raise self._exhausted(f"${self.budget.usd:f}", f"${self._usd:f}", whole=True)
        if self.budget.usd is not None and input_usd is not None and output_price is not None:
            left_usd = self.budget.usd - self._usd - sum((held.usd for held in self._held), Decimal(0)) - input_usd
            most = min(most, int(left_usd * _MILLION / output_price)) if output_price else most
            if left_usd < 0 or most < min(_LEAST_OUTPUT, output_tokens):
                raise self._exhausted(f"${self.budget.usd:f}", f"${self._usd:f}", whole=False)
        held = Reservation(
            tokens=input_tokens + most,
            usd=(input_usd or Decimal(0)) + (_cost(most, output_price) or Decimal(0)),
            output_cap=most if most < output_tokens else None,
        )
        self._held.append(held)
        return held

    def settle(self, held: Reservation, usage: Usage | None, *, estimate: int = 0) -> None:
        """Replace a reservation by what was really used; ``estimate`` tokens where the host does not say."""
        self._held.remove(held)
        self._settled.set()
        self._settled = asyncio.Event()
        self._tokens += usage.tokens if usage is not None and usage.tokens else estimate
        if usage is not None and usage.usd is not None:
            self._usd += usage.usd

    @property
    def is_held(self) -> bool:
        """Whether there are reservations that are not settled."""
        return bool(self._held)

    async def settlement(self) -> None:
        """Wait until one of the reservations is settled."""
        await self._settled.wait()

    def _exhausted(self, budget: str, used: str, *, whole: bool) -> BudgetExhaustedError:
        how = "is used up" if whole else "does not suffice for another call"
        return BudgetExhaustedError(f"The budget of {self.name}, {budget}, {how}: {used} were used.")

    def check_time(self) -> None:
        """Raise `BudgetExhaustedError` when the time is up."""
        if self.budget.wall_s is not None and self.elapsed > self.budget.wall_s:
            raise BudgetExhaustedError(f"The time of {self.name}, {self.budget.wall_s:g} seconds, is up.")

    @property
    def elapsed(self) -> float:
        """Seconds since the meter began, without those in which a person was waited for."""
        standing = self._clock() - self._waiting_since if self._waiting_since is not None else 0.0
        return self._clock() - self._began - self._waited - standing

    @property
    def left_s(self) -> float | None:
        """Seconds that are left, None without a limit."""
        return None if self.budget.wall_s is None else max(0.0, self.budget.wall_s - self.elapsed)

    @property
    def left_usd(self) -> Decimal | None:
        """US dollars that are left of what is known to be used, None without a limit."""
        return None if self.budget.usd is None else max(Decimal(0), self.budget.usd - self._usd)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop the clock while a person is waited for. May be entered several times at once."""
        if self._waiting == 0:
            self._waiting_since = self._clock()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if self._waiting == 0 and self._waiting_since is not None:
                self._waited += self._clock() - self._waiting_since
                self._waiting_since = None


def budget_of(settings: Settings, asked: Budget | None) -> Budget:
    """Return what a run may use that was started with a budget of its own."""
    own = settings.budget
    return smallest(Budget(usd=own.usd, tokens=own.tokens, wall_s=own.wall_s), asked)


def smallest(*budgets: Budget | None) -> Budget:
    """Return the strictest of several budgets, limit by limit."""
    there = [budget for budget in budgets if budget is not None]
    return Budget(
        usd=min((budget.usd for budget in there if budget.usd is not None), default=None),
        tokens=min((budget.tokens for budget in there if budget.tokens is not None), default=None),
        wall_s=min((budget.wall_s for budget in there if budget.wall_s is not None), default=None),
    )


def _cost(tokens: int, price: Decimal | None) -> Decimal | None:
    return None if price is None else price * tokens / _MILLION
