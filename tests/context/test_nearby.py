"""What goes along with a gap: the names it is about, the pieces of other files, and the choice among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.context.fill import Gap, gap_at, in_window
from coterie.context.nearby import (
    DEFINITION_LINES,
    MOST_NAMES,
    PLACE_LINES,
    Piece,
    alike,
    changed_line,
    chosen,
    definition,
    names_near,
    place,
)
from coterie.context.tokens import Calibration
from coterie.domain.model_ports import ModelChoice
from coterie.domain.suggestions import Snippet

USUAL = Calibration()


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("total = price_of(item, ", ")\nreturn rounded(total)", ("item", "price_of", "total", "rounded")),
        ("from shop import basket\nbas", "", ("basket", "shop")),
        ("for x in self.rows:\n    if ", "", ("rows",)),
        ("", "", ()),
    ],
    ids=["the nearest first", "not what is being typed", "no keywords, no short ones", "an empty file"],
)
def test_the_names_around_the_cursor(before: str, after: str, names: tuple[str, ...]) -> None:
    assert names_near(Gap(before, after)) == names


def test_only_so_many_names_are_asked_for() -> None:
    assert len(names_near(Gap(" ".join(f"name{number}" for number in range(50)) + " ", ""))) == MOST_NAMES


def test_a_definition_is_shown_from_its_first_line() -> None:
    text = "X = 1\n\ndef area(shape):\n    return shape.width * shape.height\n\ndef other():\n    pass\n"
    piece = definition("shapes.py", text, "area", (3, 4), rank=0)
    assert piece is not None
    assert (piece.text, piece.first, piece.last) == ("def area(shape):\n    return shape.width * shape.height", 3, 4)
    assert definition("shapes.py", "\n" + text, "area", (3, 4), rank=0) is None, "the text has moved since it was indexed"
    assert definition("shapes.py", "", "area", (3, 4), rank=0) is None
    whole = definition("shapes.py", "\n".join(["class Area:", *["    x = 1"] * 200]), "Area", (1, 201), rank=3)
    assert whole is not None
    assert whole.text.count("\n") == DEFINITION_LINES - 1
    assert whole.worth < piece.worth


@pytest.mark.parametrize(("line", "first", "last"), [(50, 50 - PLACE_LINES, 50 + PLACE_LINES), (1, 1, 17), (900, 92, 100)])
def test_a_place_is_shown_with_the_lines_around_it(line: int, first: int, last: int) -> None:
    piece = place("a.py", "\n".join(f"line {number}" for number in range(1, 101)), line, age=0)
    assert (piece.first, piece.last) == (first, last)
    assert piece.text.startswith(f"line {first}\n")


def test_what_is_like_the_code_at_the_cursor() -> None:
    gap = Gap("def load_order(path):\n    rows = read_table(path)\n    order = Order(rows)\n    ", "")
    other = "\n".join(["unrelated = 1"] * 40 + ["def load_stock(path):", "    rows = read_table(path)", "    order = Stock(rows)"])
    piece = alike(gap, "stock.py", other)
    assert piece is not None
    assert "read_table(path)" in piece.text
    assert piece.first > 1
    assert alike(gap, "else.py", "\n".join(["unrelated = 1"] * 40)) is None
    assert alike(Gap("x = ", ""), "stock.py", other) is None


@pytest.mark.parametrize(
    ("before", "now", "line"),
    [
        ("a\nb\nc", "a\nb\nc", None),
        ("a\nb\nc", "a\nB\nc", 2),
        ("a\nb", "a\nx\ny\nb", 3),
        ("a\nb\nc", "a\nc", 1),
        ("", "a", 1),
        ("a\nb", "", 1),
    ],
)
def test_where_a_text_has_changed(before: str, now: str, line: int | None) -> None:
    assert changed_line(before, now) == line


def piece(path: str, first: int, lines: int, worth: float) -> Piece:
    text = "\n".join(f"{path} {number}" for number in range(first, first + lines))
    return Piece(path=path, first=first, text=text, worth=worth, reason="")


def test_each_line_is_shown_once_and_what_matters_most_stands_last() -> None:
    best, same, other = piece("a.py", 10, 5, 0.9), piece("a.py", 14, 9, 0.8), piece("b.py", 1, 3, 0.5)
    assert chosen([other, same, best], Gap("", ""), USUAL) == (other, best)
    assert chosen([best, other], Gap("", f"\n{best.text}\n"), USUAL) == (other,)


PIECES = st.builds(piece, st.sampled_from(["a.py", "b.py", "c.py"]), st.integers(1, 60), st.integers(1, 30), st.floats(0, 1))


@given(st.lists(PIECES, max_size=12), st.integers(0, 400))
def test_the_choice_stays_within_its_tokens(pieces: list[Piece], tokens: int) -> None:
    shown = chosen(pieces, Gap("", ""), USUAL, tokens)
    assert sum(USUAL.tokens(len(each.text.encode())) for each in shown) <= tokens
    assert sorted(shown, key=lambda each: each.worth) == list(shown)
    for each in shown:
        assert not any(each is not other and each.path == other.path and each.first <= other.last <= each.last for other in shown)


@pytest.mark.parametrize(("letter", "characters"), [("x", 6_000), ("\u00e9", 3_000), ("\u3042", 2_000)])
def test_a_gap_is_measured_in_tokens_not_in_characters(letter: str, characters: int) -> None:
    assert gap_at(letter * 9_000, 9_000).prefix == letter * characters
    assert gap_at(letter * 9_000, 0).suffix == letter * (characters // 3)
    halved = gap_at(letter * 9_000, 9_000, Calibration(bytes_per_token=2.0))
    assert len(halved.prefix) == characters // 2


def choice(window: int | None) -> ModelChoice:
    return ModelChoice("work/m", "m", "m", provider=None, context_tokens=window)  # type: ignore[arg-type]


SNIPPETS = tuple(Snippet(f"{name}.py", name * 400) for name in "ab")


@pytest.mark.parametrize(
    ("window", "shown"), [(None, "ab"), (4_000, "ab"), (96 + 128 + 250 + 120, "b"), (96 + 128 + 250 + 10, "")], ids=str
)
def test_a_small_window_holds_fewer_snippets(window: int | None, shown: str) -> None:
    gap = Gap("p" * 900, "s" * 100)
    assert in_window(gap, SNIPPETS, "line", choice(window), USUAL) == (gap, tuple(each for each in SNIPPETS if each.path[0] in shown))


def test_a_tiny_window_holds_what_is_nearest_to_the_cursor() -> None:
    lines = "".join(f"line {number}\n" for number in range(200))
    gap, snippets = in_window(Gap(lines, lines), SNIPPETS, "line", choice(96 + 128 + 100), USUAL)
    assert snippets == ()
    assert gap.prefix.endswith("line 199\n")
    assert gap.suffix.startswith("line 0\n")
    assert 200 < len(gap.prefix + gap.suffix) <= 400
