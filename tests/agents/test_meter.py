"""Budgets are reserved before a call and settled after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from coterie.agents.allowances import Allowances
from coterie.agents.meter import Meter, smallest
from coterie.agents.reserving import reserved
from coterie.base.errors import BudgetExhaustedError
from coterie.config.schema import RunBudgetSettings
from coterie.domain.runs import Budget
from coterie.domain.status import Price
from coterie.domain.usage import NO_USAGE, Usage

PRICE = Price(input=Decimal(3), output=Decimal(15))


def meter(**limits: object) -> Meter:
    return Meter("this run", Budget(**limits))  # type: ignore[arg-type]


def test_an_answer_is_capped_at_what_is_left() -> None:
    held = meter(tokens=1_500).reserve(1_000, None, output_tokens=8_192)
    assert held.output_cap == 500


def test_a_call_that_leaves_no_room_for_an_answer_is_not_made() -> None:
    with pytest.raises(BudgetExhaustedError, match="1000 tokens, does not suffice for another call: 0 were used"):
        meter(tokens=1_000).reserve(900, None, output_tokens=8_192)


def test_a_budget_that_is_used_up_is_called_so() -> None:
    spent = meter(tokens=1_000, usd=Decimal("0.10"))
    spent.settle(spent.reserve(100, PRICE, output_tokens=800), Usage(input=900, output=300, usd=Decimal("0.10")))
    with pytest.raises(BudgetExhaustedError, match="1000 tokens, is used up: 1200 were used"):
        spent.reserve(1, PRICE, output_tokens=10)


def test_two_calls_at_once_cannot_spend_the_same_tokens() -> None:
    shared = meter(tokens=10_000)
    shared.reserve(1_000, None, output_tokens=8_192)
    with pytest.raises(BudgetExhaustedError):
        shared.reserve(1_000, None, output_tokens=8_192)


def test_what_was_not_used_is_free_again() -> None:
    shared = meter(tokens=10_000)
    shared.settle(shared.reserve(1_000, None, output_tokens=8_192), Usage(input=900, output=100))
    assert shared.reserve(1_000, None, output_tokens=8_192).output_cap == 8_000


async def test_a_call_waits_for_what_another_one_holds_and_does_not_use() -> None:
    shared = (meter(tokens=1_000),)
    first = await reserved(shared, 100, None, output_tokens=8_192)

    async def end_first() -> None:
        first.settle(Usage(input=100, output=10), 0)

    async with asyncio.TaskGroup() as group:
        second = group.create_task(reserved(shared, 100, None, output_tokens=8_192))
        group.create_task(end_first())
    assert second.result().output_cap == 790
    second.result().settle(Usage(input=100, output=700), 0)
    with pytest.raises(BudgetExhaustedError):
        await reserved(shared, 100, None, output_tokens=8_192)


def test_money_is_reserved_where_the_price_is_known() -> None:
    held = meter(usd=Decimal("0.01")).reserve(1_000, PRICE, output_tokens=8_192)
    assert held.output_cap == 466  # (0.01 - 0.003) dollars at 15 a million
    with pytest.raises(BudgetExhaustedError, match=r"\$0.001"):
        meter(usd=Decimal("0.001")).reserve(1_000, PRICE, output_tokens=8_192)


def test_with_an_unknown_price_money_does_not_count() -> None:
    assert meter(usd=Decimal("0.01")).reserve(1_000_000, None, output_tokens=8_192).output_cap is None


def test_time_stands_still_while_a_person_is_waited_for() -> None:
    now = [0.0]
    timed = Meter("this run", Budget(wall_s=10), clock=lambda: now[0])
    with timed.standing_still(), timed.standing_still():
        now[0] = 100.0
    timed.check_time()
    now[0] = 111.0
    with pytest.raises(BudgetExhaustedError, match="10 seconds"):
        timed.check_time()


def test_a_resumed_run_has_the_time_that_is_left() -> None:
    with pytest.raises(BudgetExhaustedError, match="10 seconds"):
        Meter("this run", Budget(wall_s=10), worked_s=11, clock=lambda: 0.0).check_time()


def test_of_several_budgets_the_smallest_applies_limit_by_limit() -> None:
    assert smallest(Budget(tokens=10, wall_s=5), None, Budget(tokens=20, usd=Decimal(1))) == Budget(tokens=10, wall_s=5, usd=Decimal(1))


class Books:
    """What ``spent`` of a `UsageStore` says: what others have used, which lags behind."""

    def __init__(self) -> None:
        self.used = NO_USAGE
        self.asked: list[dict[str, str | None]] = []

    async def spent(self, **of: str | None) -> Usage:
        self.asked.append(of)
        return self.used


async def test_runs_share_the_budgets_of_their_day_and_channel() -> None:
    books = Books()
    allowances = Allowances(books)  # type: ignore[arg-type] - it asks for nothing else
    settings = RunBudgetSettings(day_tokens=1_000, channel_tokens=5_000)

    def meters(channel: str) -> Sequence[Meter]:
        return allowances.meters(settings, channel)

    assert [meter.name for meter in meters("one")] == ["this day", "this channel"]
    first = await reserved(meters("one"), 100, None, output_tokens=400)
    second = await reserved(meters("two"), 100, None, output_tokens=8_192)
    assert (first.output_cap, second.output_cap) == (None, 400), "the day has 1000 tokens, of which the first holds 500"
    first.settle(Usage(input=100, output=200), 0)
    second.release()
    third = await reserved(meters("one"), 100, None, output_tokens=8_192)
    assert third.output_cap == 600, "what the first has used is known before it is in the books"
    third.release()
    books.used = Usage(input=500, output=0)
    fourth = await reserved(meters("one"), 100, None, output_tokens=8_192)
    assert fourth.output_cap == 400, "and what the books say of others, but not both"
    fourth.release()
    assert {key for asked in books.asked for key in asked} == {"since", "channel_id"}
    assert allowances.meters(RunBudgetSettings(), "one") == ()
