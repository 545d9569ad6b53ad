"""What becomes of a model's answer: the text around the cursor, what the model says, and the text with the suggestion accepted."""

import pytest

from coterie.context.fill import extent_of, gap_at
from coterie.features.suggestions.brackets import Fitted, fit
from coterie.features.suggestions.chatter import cleaned
from coterie.features.suggestions.filters import enough, refine
from coterie.features.suggestions.gate import Refusal


def check_answer(marked: str, answer: str, *, manual: bool = False, chat: bool = False) -> str:
    """Return the text after accepting, or the reason why there is nothing to accept."""
    before, _, after = marked.partition("|")
    gap = gap_at(before + after, len(before))
    text = cleaned(answer, gap) if chat else answer
    found = refine(text, gap, extent_of(gap, manual=manual), manual=manual)
    if isinstance(found, Refusal):
        return found.reason
    fitted = fit(found, gap.line_before, gap.line_after)
    return before + fitted.text + after[fitted.covered :]


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        pytest.param("x = |", "compute(1)  \n", "x = compute(1)", id="trailing white space"),
        pytest.param("x = |", " compute(1)", "x = compute(1)", id="a space that is there"),
        pytest.param("x =|", " compute(1)", "x = compute(1)", id="a space that is not there"),
        pytest.param("x = 1\n|", "\n\ny = x + 1\nz = 2", "x = 1\ny = x + 1", id="leading line feeds, one line"),
        pytest.param("x = 1|", "\ny = 2", "line_finished", id="the line is finished"),
        pytest.param("for a in b:\n    |", "    total += a\n", "for a in b:\n    total += a", id="indentation that is there"),
        pytest.param("for a in b:\n    |", "\n    total += a", "for a in b:\n    total += a", id="line feed and indentation"),
        pytest.param("a(one, |, three)", "two, three)", "a(one, two, three)", id="the rest of the line again"),
        pytest.param("f(|):", "alpha):", "f(alpha):", id="the rest of the line again, brackets and more"),
        pytest.param("x = |;", "1;", "too_short", id="hardly anything is left"),
        pytest.param("x = |;", "100;", "x = 100;", id="a short rest again"),
        pytest.param("if a:\n    b()\n|\nc()\n", "c()", "duplicates_suffix", id="the next line again"),
        pytest.param("total = 0\n|", "total = 0", "repetition", id="the line above again"),
        pytest.param("}\n|", "}\n", "too_short", id="a closing line may repeat, but is not worth a suggestion"),
        pytest.param("x = |", "", "empty", id="nothing"),
        pytest.param("x = |", "  ", "empty", id="blanks"),
    ],
)
def test_a_line(marked: str, answer: str, expected: str) -> None:
    assert check_answer(marked, answer) == expected


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        pytest.param("def f(a):|", "\n    b = a\n    return b\n\nprint()", "def f(a):\n    b = a\n    return b", id="ends at the dedent"),
        pytest.param("def f(a):|", "    return a", "def f(a):\n    return a", id="a line feed that was forgotten"),
        pytest.param("def f(a):|", " return a", "def f(a): return a", id="on the same line"),
        pytest.param("def f(a):\n    |", "b = a\n    return b\nx", "def f(a):\n    b = a\n    return b", id="from inside"),
        pytest.param("def f(a):|\n    return a", "\n    b = a\n", "line_finished", id="the block has something in it"),
        pytest.param("if (x) {|", "\n  y();\n}\nz();", "if (x) {\n  y();\n}", id="the closing line belongs to it"),
        pytest.param("if (x) {|\n}", "\n  y();\n}\nz();", "if (x) {\n  y();\n}", id="the closing line is there"),
        pytest.param("def f():|\n\nx = 1\n", "\n    pass\n\nx = 1\n", "def f():\n    pass\n\nx = 1\n", id="up to what follows"),
        pytest.param("def f():|", "\n    a()\n    a()\n    a()\n    a()", "def f():\n    a()", id="a line over and over"),
    ],
)
def test_a_block(marked: str, answer: str, expected: str) -> None:
    assert check_answer(marked, answer) == expected


def test_by_hand_there_may_be_several_lines_and_little_of_them() -> None:
    assert check_answer("x = 1\n|", "y = 2\nz = 3\n", manual=True) == "x = 1\ny = 2\nz = 3"
    assert check_answer("a.|", "b", manual=True) == "a.b"
    assert check_answer("    x = 1\n    |", "y = 2\nz = 3\n", manual=True) == "    x = 1\n    y = 2"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("```python\ncompute(1)\n```\nThis calls it.", "x = compute(1)"),
        ("<think>\nWhat may it be?\n</think>\n\ncompute(1)", "x = compute(1)"),
        ("<think>\nWhat may", "empty"),
        ("x = compute(1)", "x = compute(1)"),
        ("compute(1)<|cursor|>", "x = compute(1)"),
        ("```", "empty"),
    ],
)
def test_what_chat_models_add_is_taken_away(answer: str, expected: str) -> None:
    assert check_answer("x = |", answer, chat=True) == expected


FUNCTION = "import os\n\n\ndef f(a):\n    return |"
BEGUN = "def f(a):\n    b = a\n    "


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        pytest.param("x = |", "Sure! Here is the code:\n\n```python\ncompute(1)\n```", "x = compute(1)", id="a preface and a fence"),
        pytest.param("x = |", "Here\u2019s the rest\n```\ncompute(1)\n```", "x = compute(1)", id="no colon"),
        pytest.param("x = |", "Here is the rest of the line:\ncompute(1)", "x = compute(1)", id="no fence"),
        pytest.param("x = |", "Certainly:\n\n", "empty", id="a preface of nothing"),
        pytest.param("Words. |", "Here is more\nand more.", "Words. Here is more", id="words that are no preface"),
        pytest.param("x = |", "surely(1)", "x = surely(1)", id="a name that begins like one"),
        pytest.param(FUNCTION, "```python\ndef f(a):\n    return a + 1\n```", FUNCTION.replace("|", "a + 1"), id="the lines before again"),
        pytest.param(FUNCTION, FUNCTION.replace("|", "a + 1"), FUNCTION.replace("|", "a + 1"), id="the whole file again"),
        pytest.param(
            "def f(a):\n    b = a\n    |",
            "def f(a):\n    b = a\n    return b",
            "def f(a):\n    b = a\n    return b",
            id="on a line of its own",
        ),
        pytest.param(FUNCTION, "def f(a):\n    ret", "empty", id="cut in the middle"),
    ],
)
def test_what_a_chat_model_says_before_the_text_is_taken_away_however_it_comes(marked: str, answer: str, expected: str) -> None:
    assert check_answer(marked, answer, chat=True) == expected
    before, _, after = marked.partition("|")
    gap = gap_at(before + after, len(before))
    extent = extent_of(gap, manual=False)
    pieces = (answer[:length] for length in range(1, len(answer) + 1))
    heard = next((piece for piece in pieces if enough(cleaned(piece, gap), gap, extent)), answer)
    assert check_answer(marked, heard, chat=True) == expected, "the model was stopped too early"


@pytest.mark.parametrize(
    ("before", "text", "after", "fitted"),
    [
        ("f(", "a, b)", ")", Fitted("a, b")),
        ("f(", "a, b):", ")", Fitted("a, b):", 1)),
        ("f(", "a, b", ")", Fitted("a, b")),
        ("f(g(", "a)", ")", Fitted("a)")),
        ("f(g(", "a))", ")", Fitted("a)")),
        ("f(g(", "a))", "))", Fitted("a")),
        ("f([", "a], b)", "])", Fitted("a], b)", 2)),
        ("f(", "[a], (b))", ")", Fitted("[a], (b)")),
        ('print("', 'hello")', '")', Fitted("hello")),
        ('print("', 'hello", end="")', '")', Fitted('hello", end="')),
        ('print("', 'hello", end)', '")', Fitted('hello", end)', 2)),
        ('print("', 'a \\" b")', '")', Fitted('a \\" b')),
        ("x = ", "f(a)", "", Fitted("f(a)")),
        ("    a, ", "b)", ")", Fitted("b")),
        ("f('(', ", "a)", ")", Fitted("a")),
    ],
)
def test_brackets_that_the_editor_has_closed(before: str, text: str, after: str, fitted: Fitted) -> None:
    assert fit(text, before, after) == fitted


@pytest.mark.parametrize(
    ("marked", "answer", "needed"),
    [
        ("x = |", "compute(1)\nnever read", "compute(1)\n"),
        ("x = 1\n|", "\n\ny = 2\nnever read", "\n\ny = 2\n"),
        ("def f():|", "\n    pass\n\nx = 1\nnever read", "\n    pass\n\nx = 1\n"),
        ("x = 1|", "\nnever read", "\n"),
    ],
)
def test_a_model_is_stopped_when_there_is_enough(marked: str, answer: str, needed: str) -> None:
    before, _, after = marked.partition("|")
    gap = gap_at(before + after, len(before))
    extent = extent_of(gap, manual=False)
    heard = next(answer[:length] for length in range(len(answer) + 1) if enough(answer[:length], gap, extent))
    assert heard == needed


def test_the_window_shows_whole_lines_with_line_feeds() -> None:
    text = "a" * 10 + "\r\n" + ("b" * 98 + "\r\n") * 200
    gap = gap_at(text, 10_012)
    assert "\r" not in gap.prefix + gap.suffix
    assert {len(line) for line in gap.prefix.split("\n")} == {98, 0}
    assert gap.suffix.endswith("b\n")
    assert len(gap.prefix) <= 6_000
    assert gap_at("x" * 9_000, 9_000).prefix == "x" * 6_000
