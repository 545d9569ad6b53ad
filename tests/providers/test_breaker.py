"""The breaker against a model of it, on a virtual clock; and what the policy says of each kind of failure."""

from __future__ import annotations

from typing import Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.base.errors import FailureKind, ProviderError, RunError
from coterie.providers.resilience.breaker import Breaker, BreakerPolicy, Breakers
from coterie.providers.resilience.policy import RetryPolicy, is_spared_elsewhere

POLICY = BreakerPolicy(threshold=3, rest_s=10.0, longest_rest_s=40.0)

Happening = Literal["fails", "answers", "asks"] | float
"""What happens to a model: a call ends, somebody asks whether to call, or so many seconds pass."""
HAPPENINGS: st.SearchStrategy[list[Happening]] = st.lists(
    st.one_of(st.sampled_from(["fails", "answers", "asks"]), st.floats(0.1, 30.0)), max_size=60
)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock, kind: FailureKind = "transient") -> Breaker:
    """Return a breaker that has just opened."""
    breaker = Breaker(POLICY, clock=clock)
    for _ in range(POLICY.threshold):
        breaker.failed(kind)
    assert breaker.state == "open"
    return breaker


@given(HAPPENINGS)
def test_whatever_happens_a_model_is_left_alone_only_after_failures_in_a_row_and_never_for_good(happenings: list[Happening]) -> None:
    clock = Clock()
    breaker = Breaker(POLICY, clock=clock)
    in_a_row = 0
    for what in happenings:
        match what:
            case "fails":
                breaker.failed("transient")
                in_a_row += 1
            case "answers":
                breaker.succeeded()
                in_a_row = 0
            case "asks":
                assert breaker.admits() or in_a_row >= POLICY.threshold
            case seconds:
                clock.now += seconds
        assert breaker.state == "closed" or in_a_row >= POLICY.threshold
    clock.now += POLICY.longest_rest_s
    assert breaker.admits()


def test_one_call_tries_for_all_others_and_a_failure_doubles_the_rest() -> None:
    clock = Clock()
    breaker = opened(clock)
    for rest in (10.0, 20.0, 40.0, 40.0):
        clock.now += rest - 0.1
        assert not breaker.admits()
        clock.now += 0.1
        assert breaker.state == "half_open"
        assert [breaker.admits(), breaker.admits()] == [True, False]
        breaker.failed("transient")
    clock.now += 40.0
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.state == "closed"
    assert opened(clock).admits() is False


def test_a_try_of_which_nobody_hears_the_end_is_followed_by_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += POLICY.rest_s
    assert breaker.admits()
    clock.now += POLICY.rest_s
    assert breaker.admits()


def test_calls_that_were_under_way_when_it_opened_do_not_lengthen_the_rest() -> None:
    clock = Clock()
    breaker = opened(clock)
    for _ in range(20):
        breaker.failed("transient")
    clock.now += POLICY.rest_s
    assert breaker.admits()


@pytest.mark.parametrize(("kind", "after"), [("quota_exhausted", 1), ("auth_required", 1), ("rate_limited", 3), ("transient", 3)])
def test_what_only_a_person_mends_opens_at_once(kind: FailureKind, after: int) -> None:
    breakers = Breakers(POLICY, clock=Clock())
    for _ in range(after):
        assert breakers.admits("work/one")
        breakers.settled("work/one", ProviderError("No.", kind=kind))
    assert not breakers.admits("work/one")
    assert breakers.admits("work/two"), "a model of its own"
    breakers.forget("work")
    assert breakers.admits("work/one")


@pytest.mark.parametrize("kind", ["context_overflow", "content_policy", "bad_request"])
def test_a_host_that_refuses_a_request_is_there(kind: FailureKind) -> None:
    breaker = Breaker(POLICY, clock=Clock())
    for _ in range(POLICY.threshold - 1):
        breaker.failed("transient")
    breaker.failed(kind)
    breaker.failed("transient")
    assert breaker.state == "closed"


COURSES: dict[FailureKind, tuple[bool, bool]] = {
    "transient": (True, True),
    "rate_limited": (True, True),
    "quota_exhausted": (False, True),
    "auth_required": (False, True),
    "context_overflow": (False, True),
    "content_policy": (False, False),
    "bad_request": (False, False),
}


@pytest.mark.parametrize("kind", get_args(FailureKind))
def test_each_kind_of_failure_has_its_course(kind: FailureKind) -> None:
    failure = ProviderError("No.", kind=kind)
    assert (RetryPolicy().delay(failure, 1, 0.5) is not None, is_spared_elsewhere(failure)) == COURSES[kind]


def test_our_own_word_that_a_window_is_too_small_is_a_case_for_the_next_model_and_a_used_up_budget_is_not() -> None:
    assert is_spared_elsewhere(RunError("Too long.", code="context_overflow"))
    assert not is_spared_elsewhere(RunError("Used up.", code="budget_exhausted"))


@pytest.mark.parametrize("is_first", [True, False])
def test_only_a_fallback_may_not_exist(*, is_first: bool) -> None:
    missing = ProviderError("Not there.", kind="bad_request", status=404, code="unknown_model")
    assert is_spared_elsewhere(missing, is_first=is_first) is not is_first


@given(attempt=st.integers(1, 10), jitter=st.floats(0, 1), wish=st.floats(0, 3_600), has_next=st.booleans())
def test_waits_are_bounded_and_end(attempt: int, jitter: float, wish: float, *, has_next: bool) -> None:
    policy = RetryPolicy()
    plain = policy.delay(ProviderError("No.", kind="transient"), attempt, jitter, has_next=has_next)
    wished = policy.delay(ProviderError("No.", kind="rate_limited", retry_after=wish), attempt, jitter, has_next=has_next)
    if attempt >= policy.attempts:
        assert plain is wished is None
    else:
        assert plain is not None
        assert 0 < plain <= policy.max_s
        assert (wished is None) == (has_next and wish > policy.max_s), "nobody waits long who has somewhere to go"
        assert wished is None or wished == min(wish, policy.max_wish_s)
