"""What tells right candidates from wrong ones: the numbers that the gate is given."""

from collections.abc import Mapping
from math import log1p

import pytest

from coterie.predictor.blend import continuations, familiarity
from coterie.predictor.corpus import build
from coterie.predictor.gate import learned_gate
from coterie.predictor.measures import candidates
from coterie.predictor.surroundings import surroundings

LOOP = "def total(items):\n    result = 0\n    for item in items:\n        result += item\n    return result\n"
KNOWN = build([(f"loop{number}.py", LOOP) for number in range(5)])


def measures(before: str, text: str, behind: str = "\n", *, path: str = "new.py") -> Mapping[str, float]:
    """Return the measures of one candidate at the end of ``before``."""
    found = candidates(surroundings(KNOWN, path, before, behind), before, behind)
    return next(candidate.measures for candidate in found if candidate.text == text)


def test_what_was_written_everywhere_is_near_certain_and_what_was_not_is_not() -> None:
    before = LOOP.partition("item in")[0]
    (likely,) = learned_gate().likelihoods([measures(before, "item in items:", "\n        result += item\n")])
    assert likely > 0.5
    elsewhere = "def unlike(things):\n    for thing in things:\n        print(thing)\n\n\nfor x in y:\n    for "
    found = candidates(surroundings(KNOWN, "new.py", elsewhere, "\n"), elsewhere, "\n")
    assert max(learned_gate().likelihoods([candidate.measures for candidate in found])) < 0.5


def test_text_like_the_others_is_more_familiar_than_text_of_its_own() -> None:
    def familiar(before: str) -> float:
        return familiarity(surroundings(KNOWN, "new.py", before, ""))

    assert familiar(LOOP.partition("return")[0]) > familiar("const grid = new Grid(width, height);\ngrid.render") + 3


@pytest.mark.parametrize(("behind", "below"), [("\n        pass\n", 1.0), ("\n    pass\n", 0.0), ("\n\n\nx = 1\n", -1.0), ("", -1.0)])
def test_the_next_lines_depth_is_told(behind: str, below: float) -> None:
    assert measures("def f(items):\n    for item in", " items:", behind)["below"] == below


def test_an_end_that_lines_of_this_beginning_have_is_told_from_one_that_they_do_not_have() -> None:
    before = "def f(items):\n    for item in"
    colon = measures(before, " items:")
    assert colon["opener"] == 1.0
    assert colon["ending"] > -0.5
    own = "x = [item for item in items]\n    for item in"
    assert measures(own, " items]")["ending"] < colon["ending"] - 1


def test_the_own_file_in_the_corpus_does_not_count() -> None:
    alone = build([("new.py", LOOP), ("other.py", "x = 1\n")])
    before = LOOP.partition("item in")[0]

    def words(path: str) -> set[str]:
        around = surroundings(alone, path, before, "\n")
        return {around.text(token) for line in continuations(around) for token in line.tokens}

    assert " in" in words("other.py")
    assert " in" not in words("new.py")


def test_no_measure_tells_what_the_own_file_has_on_disk() -> None:
    before, _, behind = f"value = 1\n{LOOP}".partition("item in")

    def measured(on_disk: str) -> dict[str, Mapping[str, float]]:
        around = surroundings(build([("new.py", on_disk), ("loop.py", LOOP), ("other.py", "value = 2\n")]), "new.py", before, behind)
        return {candidate.text: candidate.measures for candidate in candidates(around, before, behind)}

    assert measured(f"value = 1\n{LOOP}" * 3) == measured("unlike = it\n") == measured("")


def test_a_line_that_is_the_next_one_already_is_told() -> None:
    before = "def f(items):\n    for item in"
    assert measures(before, " items:", "\n    for item in items:\n")["repeated"] == 1.0
    assert measures(before, " items:", "\n    pass\n")["repeated"] == 0.0


@pytest.mark.parametrize(("before", "begun"), [("    re", "re"), ("    return ", " "), ("    result +", " +"), ("    return it", " it")])
def test_what_was_begun_is_what_every_candidate_begins_with(before: str, begun: str) -> None:
    around = surroundings(KNOWN, "new.py", f"def total(items):\n{before}", "\n")
    assert around.begun == begun
    lines = ["".join(map(around.text, line.tokens)) for line in continuations(around)]
    assert lines
    assert all(line.startswith(begun) for line in lines)


def test_how_often_the_whole_line_is_elsewhere_is_told() -> None:
    before = "def f(items):\n    for item in"
    assert measures(before, " items:")["elsewhere"] == pytest.approx(log1p(5))
    assert measures(before, " items:", path="loop0.py")["elsewhere"] == pytest.approx(log1p(4))


@pytest.mark.parametrize(("behind", "fits"), [("\n        result += item\n", 1.0), ("\n    return result\n", 0.0)])
def test_an_end_that_does_not_lead_to_the_next_lines_depth_is_told(behind: str, fits: float) -> None:
    assert measures("def total(items):\n    result = 0\n    for item in", " items:", behind)["end_fits"] == fits


def test_where_the_next_line_is_not_known_every_end_fits_and_that_is_told() -> None:
    before = "def total(items):\n    result = 0\n    for item in"
    unknown, little, more = (measures(before, " items:", behind) for behind in ("", "\n        x", "\n        result += item\n"))
    assert unknown["end_fits"] == 1.0
    assert 0.0 == unknown["behind"] < little["behind"] < more["behind"]


def test_lines_that_go_on_are_rivals_of_those_that_end_before() -> None:
    files = [(f"{number}.py", "pass\nvalue = first\n" if number % 4 else "pass\nvalue = first.second\n") for number in range(12)]
    before = "unlike()\nvalue ="
    found = {one.text: one.measures for one in candidates(surroundings(build(files), "new.py", before, "\n"), before, "\n")}
    often, seldom = found[" first"], found[" first.second"]
    assert often["longer"] == -seldom["shorter"] > 0
    assert (often["better"], seldom["better"]) == (0.0, 1.0)
    assert often["same_start"] == pytest.approx(seldom["same_start"])


def test_a_line_that_has_just_been_written_is_told() -> None:
    before = "def f(items):\n    for item in items:\n    for item in"
    assert measures(before, " items:")["just_written"] == 1.0
    assert measures("def f(items):\n    for item in", " items:")["just_written"] == 0.0
