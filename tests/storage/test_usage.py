"""Sums of tokens and money are exact, and unknown where a part is unknown."""

from decimal import Decimal

import pytest

from coterie.base.errors import InvalidParamsError
from coterie.domain.usage import NO_USAGE, CallOutcome, Usage, UsageKey, UsageRow, UsedCall
from coterie.storage.store import Store


def used(tokens: int | None, usd: str | None) -> Usage:
    """Return what a call used."""
    return Usage(input=tokens, cache_read=0, cache_write=None, output=1, usd=None if usd is None else Decimal(usd))


async def add(store: Store, day: int, run: str, provider: str, usage: Usage, *, outcome: CallOutcome = "answered") -> None:
    """Keep a call of this day."""
    call = UsedCall(
        at=f"2026-01-{day:02}T10:00:00.000Z",
        run_id=run,
        channel_id=f"of {run}",
        provider=provider,
        model="m",
        agent="chat",
        usage=usage,
        outcome=outcome,
    )
    await store.usage.add(call)


@pytest.fixture
async def calls(store: Store) -> Store:
    """Return a store with four calls, one of them of an unknown price, one of unknown tokens."""
    await add(store, 1, "r1", "a", used(1, "0.1"))
    await add(store, 1, "r1", "a", used(2, "0.2"))
    await add(store, 2, "r2", "b", used(4, None))
    await add(store, 3, "r3", "a", used(None, "0.0000000001"))
    return store


@pytest.mark.parametrize(
    ("by", "sums"),
    [
        ("run", [("r3", None, "0.0000000001"), ("r2", 4, None), ("r1", 3, "0.3")]),
        ("channel", [("of r3", None, "0.0000000001"), ("of r2", 4, None), ("of r1", 3, "0.3")]),
        ("provider", [("a", None, "0.3000000001"), ("b", 4, None)]),
        ("model", [("a/m", None, "0.3000000001"), ("b/m", 4, None)]),
        ("agent", [("chat", None, None)]),
        ("day", [("2026-01-03", None, "0.0000000001"), ("2026-01-02", 4, None), ("2026-01-01", 3, "0.3")]),
    ],
)
async def test_rows_are_exact_sums_latest_first(calls: Store, by: UsageKey, sums: list[tuple[str, int | None, str | None]]) -> None:
    rows = await calls.usage.rows(by=by)
    assert [(row.key, row.input, None if row.usd is None else format(row.usd, "f")) for row in rows] == sums
    assert all(row.cache_write is None and row.cache_read == 0 for row in rows)


@pytest.mark.parametrize(
    ("since", "keys"),
    [
        ("2026-01-02T10:00:00.000Z", ["r3", "r2"]),
        ("2026-01-02T12:00:00+02:00", ["r3", "r2"]),
        ("2026-01-02T12:00:00+01:59", ["r3"]),
        ("2026-01-03", ["r3"]),
        ("2027-01-01", []),
    ],
)
async def test_since_is_a_time_in_any_zone(calls: Store, since: str, keys: list[str]) -> None:
    assert [row.key for row in await calls.usage.rows(by="run", since=since)] == keys


async def test_the_total_is_zero_of_nothing_and_unknown_with_an_unknown_part(calls: Store) -> None:
    assert await calls.usage.total(since="2027-01-01") == NO_USAGE
    total = await calls.usage.total()
    assert total == Usage(input=None, cache_read=0, cache_write=None, output=4, usd=None)
    assert (await calls.usage.rows(by="run"))[-1] == UsageRow(
        key="r1", input=3, cache_read=0, cache_write=None, output=2, usd=Decimal("0.3"), attempts=2
    )
    with pytest.raises(InvalidParamsError, match="yesterday"):
        await calls.usage.total(since="yesterday")


@pytest.mark.parametrize(
    ("of", "known"),
    [
        ({}, (7, "0.3000000001")),
        ({"run_id": "r3"}, (0, "0.0000000001")),
        ({"run_id": "r2", "agent": "chat"}, (4, "0")),
        ({"agent": "coder"}, (0, "0")),
        ({"channel_id": "of r1"}, (3, "0.3")),
        ({"since": "2026-01-02"}, (4, "0.0000000001")),
    ],
)
async def test_limits_count_what_is_known_though_the_sum_is_not(calls: Store, of: dict[str, str], known: tuple[int, str]) -> None:
    spent = await calls.usage.spent(**of)
    assert spent.usd is not None
    assert (spent.input, format(spent.usd, "f"), spent.cache_write) == (*known, 0)


async def test_a_call_of_no_run_counts_for_its_provider_and_day_and_is_in_no_row_of_a_run(calls: Store) -> None:
    ghost = Usage(input=8, cache_read=0, cache_write=0, output=1, usd=Decimal("0.5"))
    at = "2026-01-04T10:00:00.000Z"
    await calls.usage.add(UsedCall(at=at, provider="c", model="m", agent="suggestions", usage=ghost, estimated=True))
    for by in ("run", "channel"):
        assert len(await calls.usage.rows(by=by)) == 3
    for by, key in (("provider", "c"), ("day", "2026-01-04")):
        row, *others = await calls.usage.rows(by=by)
        assert row == UsageRow(key=key, input=8, cache_read=0, cache_write=0, output=1, usd=Decimal("0.5"), estimated=True, attempts=1)
        assert not any(other.estimated for other in others)
    assert (await calls.usage.total(since="2026-01-04")).input == 8
    assert (await calls.usage.spent(since="2026-01-04")).usd == Decimal("0.5")


async def test_attempts_are_counted_by_how_they_ended(store: Store) -> None:
    for provider, outcome in (("dead", "failed"), ("dead", "failed"), ("alive", "answered"), ("alive", "stopped"), ("alive", "reused")):
        await add(store, 1, "r1", provider, NO_USAGE, outcome=outcome)  # type: ignore[arg-type] - the literals of a tuple are texts to mypy
    rows = {row.key: (row.attempts, row.failed, row.reused) for row in await store.usage.rows(by="provider")}
    assert rows == {"dead": (2, 2, 0), "alive": (2, 0, 1)}
