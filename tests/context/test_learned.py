"""What hosts have shown of how they count holds for the next request, and for a model as the settings have it."""

from __future__ import annotations

import pytest

from coterie.context.learned import OVERFLOWED, Learned
from coterie.domain.model_ports import ModelChoice
from coterie.domain.usage import Usage


def model(name: str = "work/m1", window: int | None = None) -> ModelChoice:
    return ModelChoice(name, name, name, provider=None, context_tokens=window)  # type: ignore[arg-type]  # nobody is asked


def billed(tokens: int | None) -> Usage:
    return Usage(input=tokens, output=1)


def test_what_a_host_bills_corrects_the_estimates_for_its_model_alone() -> None:
    learned = Learned()
    learned.answered(model(), 10_000, billed(5_000))
    assert learned.calibration("work/m1").tokens(10_000) == 5_000
    assert learned.calibration("work/m2").tokens(10_000) == 2_500
    learned.answered(model(), 20_000, billed(None))
    assert learned.calibration("work/m1").tokens(10_000) == 5_000, "a host that says nothing takes nothing back"


def test_what_was_refused_is_more_than_a_model_takes() -> None:
    learned = Learned()
    assert learned.taken(model()) is None
    assert learned.refused(model(), 8_000) == OVERFLOWED * 8_000 == learned.taken(model())
    assert learned.taken(model("work/m2")) is None
    assert learned.taken(model(window=200_000)) is None, "the settings say otherwise by now"


@pytest.mark.parametrize("later", [4_000, 20_000], ids=["less", "more"])
def test_who_refuses_again_takes_no_more_than_before(later: int) -> None:
    learned = Learned()
    learned.refused(model(), 8_000)
    assert learned.refused(model(), later) == OVERFLOWED * min(8_000, later) == learned.taken(model())


def test_what_is_learned_of_tokens_does_not_change_how_much_was_refused() -> None:
    learned = Learned()
    learned.refused(model(), 8_000)
    learned.answered(model(), 4_000, billed(2_000))
    assert learned.taken(model()) == 2 * OVERFLOWED * 8_000


@pytest.mark.parametrize(("size", "is_kept"), [(23_999, True), (24_000, True), (24_001, False)])
def test_who_answers_more_than_that_takes_more_than_that(size: int, *, is_kept: bool) -> None:
    learned = Learned()
    learned.refused(model(), 8_000)
    learned.answered(model(), size, billed(size // 4))
    assert (learned.taken(model()) is not None) is is_kept
