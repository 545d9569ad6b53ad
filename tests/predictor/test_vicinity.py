"""What speaks for a candidate beyond its tokens: whole lines met before, names at hand, brackets left open."""

import pytest

from coterie.predictor.corpus import build
from coterie.predictor.surroundings import surroundings
from coterie.predictor.vicinity import Vicinity, of_below, of_brackets, of_whole, of_words, vicinity

LOOP = "def total(items):\n    result = 0\n    for item in items:\n        result += item\n    return result\n"
KNOWN = build([(f"loop{number}.py", LOOP) for number in range(3)])


def near(before: str, behind: str = "\n", path: str = "new.py") -> Vicinity:
    return vicinity(surroundings(KNOWN, path, before, behind), before, behind)


def test_as_much_counts_as_stood_together_before() -> None:
    known = of_whole(near("def total(items):\n    result = 0\n    for item in", "\n        pass\n"), " items:")
    less = of_whole(near("def unlike(items):\n    other = 1\n    for item in", "\n        pass\n"), " items:")
    assert known["whole"] > less["whole"] >= 0
    assert of_whole(near("def total(items):\n    result = 0\n    for item in"), " things:")["whole"] == -1.0


@pytest.mark.parametrize("behind", ["", "\n", "\n\n  \n"])
def test_a_line_ends_as_it_ended_before_where_the_next_one_is_not_known(behind: str) -> None:
    known = of_whole(near("def total(items):\n    result = 0\n    for item in", "\n        pass\n"), " items:")
    unknown = of_whole(near("def total(items):\n    result = 0\n    for item in", behind), " items:")
    assert {name: unknown[name] for name in ("whole", "shape_whole")} == {name: known[name] for name in ("whole", "shape_whole")}
    assert of_whole(near("def total(items):\n    result = 0\n    for item in", "\n    pass\n"), " items:")["whole"] == -1.0
    assert unknown["bridge"] == unknown["own_bridge"] == -1.0


def test_a_line_of_this_file_ends_as_it_ended_before_where_the_next_one_is_not_known() -> None:
    before = f"{LOOP.replace('item', 'thing')}\nfor thing in"
    assert of_whole(near(before, ""), " things:")["own_whole"] > 0


def test_the_line_below_bears_a_candidate_out() -> None:
    before = "def unlike(items):\n    for item in"
    borne_out = of_whole(near(before, "\n        result += item\n"), " items:")["bridge"]
    assert borne_out > of_whole(near(before, "\n        print(item)\n"), " items:")["bridge"]
    assert borne_out > of_whole(near(before, "\n    result += item\n"), " items:")["bridge"], "the next line is not as deep as there"


def test_the_next_line_is_likelier_behind_the_line_that_it_followed_before() -> None:
    around = near("def total(items):\n    result = 0\n    for item in", "\n        result += item\n")
    assert of_below(around, " items:")["next_line"] > of_below(around, " result:")["next_line"] + 1
    assert of_below(near("def total(items):\n    for item in", ""), " items:") == {"next_line": 0.0}, "there is no next line"


def test_what_the_own_file_has_on_disk_is_not_met() -> None:
    alone = build([("mine.py", LOOP), ("other.py", "x = 1\n")])
    before, behind = "def total(items):\n    result = 0\n    for item in", "\n        result += item\n"

    def whole(path: str) -> float:
        return of_whole(vicinity(surroundings(alone, path, before, behind), before, behind), " items:")["whole"]

    assert whole("new.py") > 0
    assert whole("mine.py") == -1.0


def test_the_buffer_itself_is_met_above_and_below_the_cursor() -> None:
    for before, behind in ((f"a = first(second)\n{LOOP}\na = first(", "\n"), ("a = first(", f"\nb = 2\na = first(second)\n{LOOP}")):
        assert of_whole(near(before, behind), "second)")["own_whole"] > 0


def test_other_names_in_a_line_of_the_same_shape_are_met_by_their_shape() -> None:
    renamed = build([(f"loop{number}.py", LOOP.replace("item", f"part{number}")) for number in range(6)])
    before, behind = "x = things\ndef total(things):\n    result = 0\n    for thing in", "\n        result += thing\n"
    known = of_whole(vicinity(surroundings(renamed, "new.py", before, behind), before, behind), " things:")
    assert known["shape_bridge"] > 0 > known["bridge"]
    assert known["shape_whole"] > 0 > known["whole"]


@pytest.mark.parametrize(("text", "other"), [("total(items)", "nowhere(items)"), ("items", "elsewhere"), ("total", "nowhere")])
def test_names_that_were_just_written_are_near(text: str, other: str) -> None:
    around = near("def total(items):\n    result = 0\n    return ")
    assert of_words(around, text)["rarest"] > of_words(around, other)["rarest"]
    assert of_words(around, text)["farthest"] < of_words(around, other)["farthest"]


def test_a_candidate_without_names_has_none_that_is_rare() -> None:
    assert of_words(near("x = "), "(1)") == {"rarest": 12.0, "farthest": 0.0}


@pytest.mark.parametrize(
    ("before", "text", "outer", "left_open"),
    [
        ("call(", "x)", 0, 0),
        ("call(", "x", 0, 1),
        ("call(\n    one,\n    ", "two)", 1, 0),
        ("x = [\n    call(\n        1,\n", "2,", 2, 2),
        ("done(\n    1,\n)\ncall(", "x)", 0, 0),
    ],
)
def test_brackets_that_are_open_are_counted(before: str, text: str, outer: int, left_open: int) -> None:
    told = of_brackets(near(before), text)
    assert (told["outer"], told["left_open"]) == (outer, left_open)


@pytest.mark.parametrize(
    ("before", "text", "behind", "fits"),
    [
        ("call(", "[", "\n    one,\n])\n", 1.0),
        ("call(", "one)", "\n    one,\n])\n", -1.0),
        ("    call(", "one)", "\n\n    other()\n", 1.0),
        ("    call(", "one, {", "\n    other()\n", -1.0),
        ("    call(", "one)", "\n}\n", 1.0),
        ("    if x ", "{", "\n        y\n    } else {\n", 1.0),
        ("call(", "one)", "", 0.0),
        ("x)] ", "+ y", "\nz\n", 1.0),
    ],
    ids=[
        "closed below",
        "closed too early",
        "nothing open",
        "never closed",
        "the block is closed",
        "a block",
        "no line below",
        "not its own",
    ],
)
def test_what_a_line_opens_the_next_one_of_its_depth_closes(before: str, text: str, behind: str, fits: float) -> None:
    assert of_brackets(near(before, behind), text)["fits_closers"] == fits
