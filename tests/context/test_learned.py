"""What hosts have shown of how they count holds for the next request, and for a model as the settings have it."""

from __future__ import annotations

import pytest

from coterie.context.learned import OVERFLOWED, Learned, Whose
from coterie.context.window import input_limit
from coterie.domain.model_ports import ModelChoice
from coterie.domain.usage import Usage


def model(name: str = "work/m1", window: int | None = None, settings: str = "") -> ModelChoice:
    return ModelChoice(name, name, name, provider=None, context_tokens=window, settings=settings)  # type: ignore[arg-type]  # nobody is asked


def billed(tokens: int | None) -> Usage:
    return Usage(input=tokens, output=1)


OTHERS = [model("work/m2"), model(window=200_000), model(settings="another address")]


def test_what_a_host_bills_corrects_the_estimates_for_its_model_alone() -> None:
    learned = Learned()
    learned.answered(model(), 10_000, billed(5_000))
    assert learned.calibration(model()).tokens(10_000) == 5_000
    assert [learned.calibration(other).tokens(10_000) for other in OTHERS] == [2_500] * 3
    learned.answered(model(), 20_000, billed(None))
    assert learned.calibration(model()).tokens(10_000) == 5_000, "a host that says nothing takes nothing back"


def test_what_was_refused_is_more_than_a_model_takes() -> None:
    learned = Learned()
    assert learned.taken(model()) is None
    assert learned.refused(model(), 8_000) == OVERFLOWED * 8_000 == learned.taken(model())
    assert [learned.taken(other) for other in OTHERS] == [None] * 3, "another model, or the settings say otherwise by now"


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


@pytest.mark.parametrize(("size", "taken"), [(23_996, 6_000), (24_000, 6_000), (28_000, 7_000), (31_996, 7_999), (32_000, None)])
def test_who_answers_more_than_that_takes_as_much_and_who_answers_what_was_refused_takes_anything(size: int, taken: int | None) -> None:
    learned = Learned()
    learned.refused(model(), 8_000)
    learned.answered(model(), size, billed(size // 4))
    assert learned.taken(model()) == taken


def test_a_refusal_holds_for_what_was_answered_before_it() -> None:
    learned = Learned()
    learned.refused(model(), 8_000)
    learned.answered(model(), 28_000, billed(7_000))
    assert learned.refused(model(), 7_200) == OVERFLOWED * 7_200
    learned.answered(model(), 7_200 * 4, billed(7_200))
    assert learned.taken(model()) is None, "what it refused last, it takes by now"


@pytest.mark.parametrize(
    ("window", "refused", "limit", "usual"),
    [(None, None, None, None), (20_000, None, 13_500, 13_500), (None, 8_000, 6_000, 3_000), (20_000, 8_000, 6_000, 3_000)],
)
def test_a_request_may_have_what_is_known_and_what_was_not_refused(
    window: int | None, refused: int | None, limit: int | None, usual: int | None
) -> None:
    learned, choice = Learned(), model(window=window)
    learned.answered(choice, 2_000, billed(1_000))  # two bytes a token, where four are usual
    if refused is not None:
        learned.refused(choice, refused)
    assert (learned.limit(choice), learned.usual_limit(choice)) == (limit, usual)
    assert limit is None or window is None or limit <= input_limit(window, None)


def test_what_is_recalled_takes_the_place_of_nothing_that_is_known() -> None:
    told: list[Whose] = []
    one, other = Learned(told.append), Learned()
    one.refused(model(), 8_000)
    one.answered(model(), 400, billed(100))
    assert told == [Whose("work/m1", "", None)] * 2
    one.answered(model(), 400, billed(100))
    assert len(told) == 2, "nothing was learned"
    other.refused(model(), 4_000)
    other.refused(model("work/m2"), 4_000)
    one.recall(other.lessons)
    assert [one.taken(model(name)) for name in ("work/m1", "work/m2")] == [6_000, 3_000]
