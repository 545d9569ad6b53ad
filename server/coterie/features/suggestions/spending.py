"""What ghost text costs: each call goes into the books, and none is made once the budget of the day is used up.

``filling`` hands each call in when it ends, however it ends, and goes on at once: the books are the database's, on its own thread. What the
day has cost is remembered from the latest look into them. Most calls are given up before their host has said what they used; that is
estimated then, as the budgets of runs do, because unknown calls by the hundred would make the books useless.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal

from coterie.base.errors import StorageError
from coterie.base.ids import today
from coterie.base.tasks import TaskSupervisor
from coterie.context.fill import AGENT
from coterie.context.tokens import Calibration
from coterie.domain.model_ports import ModelChoice
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import Usage
from coterie.features.suggestions.gate import Refusal
from coterie.providers.prices import book

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """One call as far as it has come: the bytes that were asked, the bytes of the answer, what the host said of its use."""

    choice: ModelChoice
    asked: int
    answered: int = 0
    reported: Usage | None = None
    finished: bool = False

    @property
    def has_begun(self) -> bool:
        """Whether anything has come of it."""
        return bool(self.answered or self.reported or self.finished)

    @property
    def is_counted(self) -> bool:
        """Whether the host has said the whole."""
        return self.finished and self.reported is not None and None not in {self.reported.input, self.reported.output}

    def usage(self) -> Usage:
        """Return what it used: by the host's word, and by estimate where that is missing."""
        known = self.reported or Usage()
        if self.is_counted:
            return known
        tokens = Calibration().tokens
        return Usage(
            input=tokens(self.asked) if known.input is None else known.input,
            cache_read=known.cache_read or 0,
            cache_write=known.cache_write or 0,
            output=max(known.output or 0, tokens(self.answered)),
        )


class Spending:
    """Books calls, and knows whether the day has money left. Used from one event loop."""

    def __init__(self, store: UsageStore) -> None:
        self._store = store
        self._tasks = TaskSupervisor("spending")
        self._day = ""
        self._spent = Decimal(0)

    def ended(self, call: Call) -> None:
        """Book a call."""
        self._tasks.spawn(self._book(call), name="book a call")

    def exhausted(self, day_usd: Decimal | None) -> Refusal | None:
        """Say that the day's budget is used up, as far as the latest look into the books has shown."""
        if day_usd is None:
            return None
        if self._day != (day := today()):
            self._day, self._spent = day, Decimal(0)
            self._tasks.spawn(self._look(), name="look what the day has cost")
        if self._spent < day_usd:
            return None
        return Refusal("gate", "budget_exhausted", f"The budget of this day, ${day_usd}, is used up. Raise budget.day_usd to go on.")

    async def aclose(self) -> None:
        """Complete the books."""
        await self._tasks.settled()
        await self._tasks.aclose()

    async def _book(self, call: Call) -> None:
        try:
            await book(self._store, call.choice, call.usage(), agent=AGENT, estimated=not call.is_counted)
        except StorageError as failure:
            log.warning("a call for ghost text is not in the books: %s", failure.message)
            return
        if self._day:
            await self._look()

    async def _look(self) -> None:
        day = self._day
        try:
            spent = (await self._store.spent(since=day)).usd
        except StorageError as failure:
            log.warning("what this day has cost is not known: %s", failure.message)
            return
        if day == self._day:
            self._spent = max(self._spent, spent or Decimal(0))
