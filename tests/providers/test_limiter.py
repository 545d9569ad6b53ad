"""Limits of calls a minute: kept exactly, never for longer than needed, on a virtual clock; and what hosts say of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, ModelRequest, StreamEvent, TextDelta, UsageReported, Waiting
from coterie.domain.status import ModelView
from coterie.domain.usage import Usage
from coterie.providers.config import ProviderConfig
from coterie.providers.contract import BaseProvider
from coterie.providers.resilience.headers import Headroom, Said, read
from coterie.providers.resilience.limiter import LONGEST_S, WINDOW_S, Limited, Limiter, Reserve, Window
from provider_calls import REQUEST
from virtual_time import in_virtual_time

NOW = datetime(2026, 1, 31, 10, 0, 0, tzinfo=UTC)
SHORT = 1e-6
"""What a clock of floats is off by."""
CALLS = st.lists(st.tuples(st.floats(0, 40), st.integers(1, 15)), min_size=1, max_size=40)
"""Seconds since the call before, and what it costs."""


@given(st.integers(1, 10), CALLS)
def test_no_minute_holds_more_than_the_limit_and_no_call_waits_without_need(limit: int, calls: list[tuple[float, int]]) -> None:
    window, now = Window(limit), 0.0
    made: list[tuple[float, int]] = []

    def lately(at: float) -> int:
        return sum(cost for when, cost in made if at - WINDOW_S < when)

    for pause, cost in calls:
        now += pause
        wait = window.wait(cost, now)
        if wait > SHORT:
            assert lately(now + wait - SHORT) + min(cost, limit) > limit, "it had to wait until then"
        now += wait + SHORT
        assert window.wait(cost, now) == 0
        assert lately(now) + min(cost, limit) <= limit
        window.take(cost, now)
        made.append((now, cost))


@given(
    remaining=st.integers(0, 100),
    above=st.none() | st.integers(1, 100),
    reset_s=st.floats(0, 4_000),
    cost=st.integers(1, 300),
    later=st.floats(0, 100),
)
def test_a_hosts_word_is_kept_and_never_holds_anybody_longer_than_it_says(
    remaining: int, above: int | None, reset_s: float, cost: int, later: float
) -> None:
    reserve = Reserve()
    reserve.heard(Headroom(remaining=remaining, reset_s=reset_s, limit=None if above is None else remaining + above), 0.0)
    wait = reserve.wait(cost, later)
    assert 0 <= wait <= max(0.0, min(reset_s, LONGEST_S) - later)
    if cost <= remaining:
        assert wait == 0
    elif above is None:
        assert wait == max(0.0, min(reset_s, LONGEST_S) - later)
    reserve.take(remaining + (above or 0))
    assert reserve.wait(cost, min(reset_s, LONGEST_S)) == 0, "after the reset all is there again"


def test_what_was_said_to_be_left_is_used_up_and_grows_back() -> None:
    reserve = Reserve()
    reserve.heard(Headroom(remaining=2, reset_s=10.0, limit=12), 100.0)
    reserve.take(1)
    assert reserve.wait(1, 100.0) == 0
    reserve.take(1)
    assert reserve.wait(1, 100.0) == pytest.approx(1.0)
    assert reserve.wait(5, 100.0) == pytest.approx(5.0)
    assert reserve.wait(1, 101.0) == pytest.approx(0.0)
    reserve.heard(Headroom(remaining=12, reset_s=0.0), 101.0)
    assert reserve.wait(12, 101.0) == 0


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, Said()),
        (
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "59",
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-limit-tokens": "150000",
                "x-ratelimit-remaining-tokens": "149984",
                "x-ratelimit-reset-tokens": "6m0s",
            },
            Said(requests=Headroom(remaining=59, reset_s=1.0, limit=60), tokens=Headroom(remaining=149_984, reset_s=360.0, limit=150_000)),
        ),
        (
            {
                "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-01-31T10:00:12Z",
                "anthropic-ratelimit-input-tokens-remaining": "400",
                "anthropic-ratelimit-input-tokens-reset": "2026-01-31T10:00:30Z",
                "anthropic-ratelimit-output-tokens-remaining": "8000",
                "anthropic-ratelimit-output-tokens-reset": "2026-01-31T10:00:00Z",
            },
            Said(requests=Headroom(remaining=0, reset_s=12.0, limit=50), tokens=Headroom(remaining=400, reset_s=30.0)),
        ),
        (
            {"x-ratelimit-remaining": "3", "x-ratelimit-reset": str(int(NOW.timestamp() * 1000) + 5_000)},
            Said(requests=Headroom(remaining=3, reset_s=5.0)),
        ),
        ({"ratelimit-remaining": "3", "ratelimit-reset": "7"}, Said(requests=Headroom(remaining=3, reset_s=7.0))),
        (
            {"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "1m2.5s"},
            Said(requests=Headroom(remaining=1, reset_s=62.5)),
        ),
        (
            {"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "120ms"},
            Said(requests=Headroom(remaining=1, reset_s=0.12)),
        ),
        ({"x-ratelimit-remaining-requests": "1"}, Said()),
        ({"x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "1s"}, Said()),
        ({"x-ratelimit-remaining-requests": "many", "x-ratelimit-reset-requests": "1s"}, Said()),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "soon"}, Said()),
        ({"x-ratelimit-remaining-requests": "nan", "x-ratelimit-reset-requests": "inf"}, Said()),
    ],
)
def test_headers_of_every_family_are_read(headers: dict[str, str], said: Said) -> None:
    assert read(headers, NOW) == said


@given(remaining=st.text(), limit=st.text("0123456789.e-"), reset=st.text("0123456789.:dhmsTZ+-einf"), cost=st.integers(1, 300))
def test_no_word_of_a_host_can_stop_us(remaining: str, limit: str, reset: str, cost: int) -> None:
    for count in (remaining, "0", "1"):
        names = ("x-ratelimit-remaining-requests", "x-ratelimit-limit-requests", "x-ratelimit-reset-requests")
        said = read(dict(zip(names, (count, limit, reset), strict=True)), NOW).requests
        if said is not None:
            reserve = Reserve()
            reserve.heard(said, 0.0)
            assert 0 <= reserve.wait(cost, 0.0) <= LONGEST_S


class Host(BaseProvider):
    """A host that answers at once, or refuses, and knows when it was called."""

    def __init__(self, *, usage: Usage | None = None, failure: ProviderError | None = None) -> None:
        super().__init__(ProviderConfig(id="work", type="openai_compatible"))
        self.called: list[float] = []
        self._usage = usage
        self._failure = failure

    @override
    async def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        self.called.append(asyncio.get_running_loop().time())
        if self._failure is not None:
            raise self._failure
        yield TextDelta("Hello.")
        if self._usage is not None:
            yield UsageReported(self._usage)
        yield Finished("stop")

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        return ()


def limited(host: Host, **limits: int) -> tuple[Limited, Limiter]:
    """Put a limiter with the loop's own clock around a host."""
    limiter = Limiter(clock=asyncio.get_running_loop().time, **limits)
    return Limited(host, lambda _: limiter), limiter


async def gather(provider: Limited) -> list[StreamEvent]:
    return [event async for event in provider.stream(REQUEST)]


@in_virtual_time
async def test_calls_beyond_the_limit_wait_in_their_order_and_say_so() -> None:
    host = Host()
    provider, _ = limited(host, rpm=2)
    answers = await asyncio.gather(*(gather(provider) for _ in range(5)))
    assert [round(at) for at in host.called] == [0, 0, 60, 60, 120]
    waited = [[event for event in answer if isinstance(event, Waiting)] for answer in answers]
    assert [len(events) for events in waited] == [0, 0, 1, 1, 1]
    assert waited[2][0] == Waiting("rate_limited", "`work/one` takes no more calls for 60.0 s; this one waits.")
    assert all(answer[-1] == Finished("stop") for answer in answers)


@in_virtual_time
async def test_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    host = Host()
    provider, _ = limited(host, rpm=1)
    await gather(provider)
    async with asyncio.TaskGroup() as group:
        impatient = group.create_task(gather(provider))
        patient = group.create_task(gather(provider))
        await asyncio.sleep(1)
        impatient.cancel()
    assert impatient.cancelled()
    assert patient.result()[-1] == Finished("stop")
    assert [round(at) for at in host.called] == [0, 60]


@in_virtual_time
async def test_tokens_count_as_the_host_counted_them_without_those_from_its_cache() -> None:
    host = Host(usage=Usage(input=400, cache_read=5_000, cache_write=0, output=100))
    provider, limiter = limited(host, tpm=1_000)
    await gather(provider)
    await gather(provider)
    assert limiter.wait(1) == pytest.approx(WINDOW_S)
    assert host.called == [0, 0]


@in_virtual_time
async def test_a_host_that_wants_no_calls_gets_none_of_any_run_for_so_long_but_never_for_longer_than_a_minute() -> None:
    host = Host(failure=ProviderError("Slow down.", kind="rate_limited", retry_after=7.0))
    provider, limiter = limited(host)
    for _ in range(2):
        with pytest.raises(ProviderError):
            await gather(provider)
    assert [round(at) for at in host.called] == [0, 7]
    limiter.close(3_600.0)
    assert limiter.closed_s == LONGEST_S
