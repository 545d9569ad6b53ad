"""How alike the text around a place is that a candidate stood at before."""

from collections.abc import Mapping, Sequence

from coterie.predictor.corpus import build
from coterie.predictor.setting import of_setting, setting
from coterie.predictor.surroundings import surroundings
from coterie.predictor.tokens import LEVEL, LINE_ENDS, SHALLOWER

PAGES = [
    ("pear.py", "def pear(basket):\n    weigh(basket)\n    return ripe(basket)\n\npeel(basket)\n"),
    ("bolt.py", "def bolt(drawer):\n    count(drawer)\n    return tight(drawer)\n\nturn(drawer)\n"),
]
KNOWN = build(PAGES)


def measured(before: str, text: str, behind: str, path: str = "new.py", ends: Sequence[str] = (SHALLOWER,)) -> Mapping[str, float]:
    around = surroundings(KNOWN, path, before, behind)
    return of_setting(setting(around, tuple(KNOWN.ids[end] for end in ends)), text)


def test_a_candidate_that_stood_among_the_same_names_is_told_from_one_that_did_not() -> None:
    before, behind = "def more(basket):\n    weigh(basket)\n    return ", "\n\npeel(basket)\n"
    ripe, tight = (measured(before, text, behind) for text in ("ripe(basket)", "tight(drawer)"))
    assert ripe["setting_above"] > tight["setting_above"]
    assert ripe["setting_below"] > tight["setting_below"] == 0.0
    assert ripe["setting"] == ripe["setting_above"] + ripe["setting_below"]


def test_a_candidate_that_stood_nowhere_has_no_setting() -> None:
    before, behind = "def more(basket):\n    weigh(basket)\n    return ", "\n\npeel(basket)\n"
    assert set(measured(before, "rotten(basket)", behind).values()) == {0.0}


def test_any_end_that_the_line_may_have_is_met() -> None:
    before = "def more(basket):\n    weigh(basket)\n    return "
    assert measured(before, "ripe(basket)", "", ends=(LEVEL,))["setting_above"] == 0.0
    assert measured(before, "ripe(basket)", "", ends=LINE_ENDS) == measured(before, "ripe(basket)", "")
    assert measured(before, "ripe(basket)", "")["setting_above"] > 0


def test_the_file_as_it_is_on_disk_does_not_count() -> None:
    before, _, behind = PAGES[0][1].partition("ripe(basket)")
    assert measured(before, "ripe(basket)", behind)["setting"] > 0
    assert measured(before, "ripe(basket)", behind, "pear.py")["setting"] == 0.0
