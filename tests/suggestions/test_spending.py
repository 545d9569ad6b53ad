"""Every call for ghost text is in the books, however it ended, and none is made when the day's budget is used up."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.status import Price
from coterie.domain.usage import Usage
from ghost_stage import MODEL, Desk, desk
from virtual_time import in_virtual_time

TOLD = Usage(input=100, cache_read=0, cache_write=0, output=10)
PRICE = Price(input=Decimal(1), output=Decimal(2))


async def booked(place: Desk) -> list[tuple[Usage, bool]]:
    """Return the books, complete."""
    await place.service.aclose()
    assert all(model == MODEL for model, _, _ in place.books.calls)
    return [(usage, estimated) for _, usage, estimated in place.books.calls]


@pytest.mark.parametrize("fim", [True, False])
@in_virtual_time
async def test_what_the_host_says_is_booked_with_its_price(*, fim: bool) -> None:
    async with desk("a, b", usage=TOLD, price=PRICE, fim=fim) as place:
        assert await place.shown("def f(|):\n") == "def f(a, b):\n"
        [(usage, estimated)] = await booked(place)
    assert usage == Usage(input=100, cache_read=0, cache_write=0, output=10, usd=Decimal("0.00012"))
    assert not estimated


@in_virtual_time
async def test_a_call_that_is_stopped_at_the_end_of_the_line_is_estimated() -> None:
    async with desk("alpha\nbeta\n", usage=TOLD, price=PRICE) as place:
        await place.ask("x = |")
        [(usage, estimated)] = await booked(place)
    assert usage == Usage(input=1, cache_read=0, cache_write=0, output=2, usd=Decimal("0.000005"))
    assert estimated


@in_virtual_time
async def test_a_call_that_the_next_key_gives_up_is_booked() -> None:
    async with desk("alpha", usage=TOLD, latency=5) as place:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(place.ask("value = |", manual=True))
            await asyncio.sleep(1)
            place.type("n")
            await place.ask(manual=True)
        assert first.result() is None
        assert [(usage.input, estimated) for usage, estimated in await booked(place)] == [(2, True), (100, False)]


@in_virtual_time
async def test_an_answer_that_comes_from_memory_and_a_host_that_refuses_cost_nothing() -> None:
    answers = iter(["alpha", ProviderError("no", kind="auth_required", status=401)])
    async with desk(lambda _: next(answers), usage=TOLD) as place:
        await place.ask("x = |")
        await place.ask("x = a|")
        await place.ask("y = |")
        assert place.reason == "auth_required"
        assert len(await booked(place)) == 1


@in_virtual_time
async def test_no_model_is_asked_once_the_days_budget_is_used_up() -> None:
    answers = iter(["alpha", "beta", "gamma"])
    limit = {"budget": {"day_usd": "0.0002"}}
    async with desk(lambda _: next(answers), usage=TOLD, price=PRICE, settings=limit) as place:
        for line, reason in (("a = |", "offered"), ("b = |", "offered"), ("c = |", "budget_exhausted")):
            await place.ask(line, manual=True)
            assert place.reason == reason
        assert "0.0002" in place.service.explain(place.uri).text
        place.settings = place.settings.model_copy(update={"budget": place.settings.budget.model_copy(update={"day_usd": Decimal(1)})})
        await place.ask("d = |")
        assert place.reason == "offered"
        assert len(await booked(place)) == 3


@in_virtual_time
async def test_what_runs_have_spent_counts() -> None:
    async with desk("alpha", settings={"budget": {"day_usd": "1"}}) as place:
        place.books.before = Decimal(1)
        await place.ask("a = |")  # the first request looks into the books and does not wait for them
        await place.ask("b = |")
        assert place.reason == "budget_exhausted"
