"""What holds for every answer of a model, however odd, at every place of every text."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coterie.context.fill import Extent, Gap, extent_of, gap_at
from coterie.features.suggestions.brackets import CLOSERS, fit
from coterie.features.suggestions.chatter import MOST_CHARACTERS, cleaned
from coterie.features.suggestions.filters import MOST_LINES, enough, judge, progress, refine
from coterie.features.suggestions.gate import Refusal
from coterie.features.suggestions.reuse import Candidate, spot_at

PIECES = [
    "a",
    "b = 1",
    "é😀",
    " ",
    "    ",
    "\t",
    "\n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    "\\",
    ":",
    ";",
    "```",
    "<think>",
    "</think>",
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)

LINES = ["x = 1\n", "    y = 2\n", "\tz = 3\n", "}\n", "if a:\n", "f(a) {\n", "\n", "x = 1", "    ", "f(", "y", ")"]
LEAKED = ["<|endoftext|>", "<fim_middle>", "</s>", "<EOT>", "<|cursor|>", "\u200b", "\ufffd", "\ud83d", "\ude00", "\r\n", "\x1b[0m"]
SAID = [
    "```python\n",
    "```\n",
    "Here is the code:\n",
    "This is what you can do with the code.\n",
    "# your code here\n",
    "x = 1 | 2 &lt; 3\n",
]
files = st.lists(st.sampled_from(LINES), max_size=8).map("".join)
OTHERS = ["u = 1\n", "    v = 2\n", ")\n", "\n", "end\n", "w", ", w)"]
others = st.lists(st.sampled_from(OTHERS), max_size=8).map("".join)
answers = st.lists(st.sampled_from([*LINES, *OTHERS, *LEAKED, *SAID]), max_size=10).map("".join)
languages = st.sampled_from(["python", "javascript", "go", "html", "markdown", "yaml", "shellscript", ""])


def judged(answer: str, gap: Gap, *, manual: bool, language: str) -> str | Refusal:
    """Return what comes of an answer."""
    return judge(answer, gap, extent_of(gap, manual=manual), manual=manual, language=language)


@given(before=texts, after=texts, answer=texts, manual=st.booleans(), chat=st.booleans())
def test_a_suggestion_fits_its_place(before: str, after: str, answer: str, *, manual: bool, chat: bool) -> None:
    gap = gap_at(before + after, len(before))
    extent = extent_of(gap, manual=manual)
    text = cleaned(answer, gap) if chat else answer
    found = refine(text, gap, extent, manual=manual)
    if isinstance(found, Refusal):
        assert found.reason
        return
    assert found.strip()
    assert found == found.rstrip() or gap.line_after[:1].strip(), "a blank is kept in front of what stands there"
    assert ("\n" in found) <= (extent == "block")
    assert found.count("\n") <= MOST_LINES
    fitted = fit(found, gap.line_before, gap.line_after)
    assert found.startswith(fitted.text)
    assert CLOSERS.issuperset(gap.line_after[: fitted.covered])
    assert len(gap.line_after[: fitted.covered]) == fitted.covered


@given(before=texts, after=texts, answer=texts, manual=st.booleans())
def test_what_comes_after_enough_changes_nothing(before: str, after: str, answer: str, *, manual: bool) -> None:
    gap = gap_at(before + after, len(before))
    extent = extent_of(gap, manual=manual)
    heard = next((answer[:length] for length in range(len(answer) + 1) if enough(answer[:length], gap, extent)), answer)
    assert refine(heard, gap, extent, manual=manual) == refine(answer, gap, extent, manual=manual)


@given(before=texts, after=texts, text=texts.filter(bool), data=st.data())
def test_a_suggestion_that_is_typed_leaves_exactly_its_rest(before: str, after: str, text: str, data: st.DataObject) -> None:
    candidate = Candidate("one", spot_at("file:///w/a.py", before + after, len(before)), len(before), text)
    typed = text[: data.draw(st.integers(0, len(text)))]
    assert candidate.rest(before + typed + after, len(before + typed)) == text[len(typed) :]
    other = before + typed + "?" + after
    assert candidate.rest(other, len(before + typed) + 1) is None


@given(before=files, after=files, answer=answers, manual=st.booleans(), language=languages)
def test_the_next_line_never_comes_twice(before: str, after: str, answer: str, *, manual: bool, language: str) -> None:
    gap = gap_at(before + after, len(before))
    found = judged(answer, gap, manual=manual, language=language)
    if isinstance(found, Refusal) or not gap.below:
        return
    fitted = fit(found, gap.line_before, gap.line_after)
    written = f"{gap.line_before}{fitted.text}{gap.line_after[fitted.covered :]}"
    lines = [line.rstrip() for line in written.split("\n")]
    assert gap.below.rstrip() not in (lines[1:] if found.startswith("\n") else lines)


@given(before=files, after=files, answer=answers, manual=st.booleans(), language=languages)
def test_no_trace_of_how_the_model_works_is_shown(before: str, after: str, answer: str, *, manual: bool, language: str) -> None:
    found = judged(answer, gap_at(before + after, len(before)), manual=manual, language=language)
    if isinstance(found, Refusal):
        return
    tokens = [token for token in LEAKED if language != "html" or token != "</s>"]
    assert not [token for token in tokens if token in found]
    assert language == "markdown" or not [line for line in found.split("\n") if line.lstrip().startswith("```")]


@given(before=files, after=files, answer=answers, manual=st.booleans(), language=languages)
def test_what_may_be_shown_may_be_shown_as_it_is(before: str, after: str, answer: str, *, manual: bool, language: str) -> None:
    assume(not after[:1].isalnum())  # nothing is suggested inside of a word
    gap = gap_at(before + after, len(before))
    found = judged(answer, gap, manual=manual, language=language)
    assume(isinstance(found, Refusal) or found.strip() not in before)  # else it might be the beginning of an echo
    assert isinstance(found, Refusal) or judged(found, gap, manual=manual, language=language) == found


@given(before=files, after=others, answer=answers, manual=st.booleans(), language=languages)
def test_a_model_that_is_stopped_has_said_all_that_matters(before: str, after: str, answer: str, *, manual: bool, language: str) -> None:
    """Behind the cursor stand other lines than before it: what repeats both may be an echo of the one or of the other."""
    gap = gap_at(before + after, len(before))
    extent = extent_of(gap, manual=manual)
    lengths = range(1, len(answer) + 1)
    heard = next((answer[:size] for size in lengths if progress(answer[:size], gap, extent, language=language) == "whole"), answer)
    of_all = judged(answer, gap, manual=manual, language=language)
    of_heard = judged(heard, gap, manual=manual, language=language)
    assert of_heard == of_all or (isinstance(of_heard, Refusal) and isinstance(of_all, Refusal))


@pytest.mark.parametrize(
    "piece",
    [
        "x",
        " ",
        "\n",
        "(",
        ")",
        "<",
        "<|",
        "```\n",
        "a, ",
        "x = 1\n",
        "x = x = ",
        "\u200b",
        "<|endoftext|>",
        "<think>",
        "`",
        '"',
        "A the ",
        "\ud83d",
    ],
)
@pytest.mark.parametrize("extent", ["line", "block"])
def test_a_flood_is_no_more_work_than_a_brook(piece: str, extent: Extent) -> None:
    """What takes a time that grows with the square of the length would be minutes at this length."""
    gap = gap_at("def f(a):\n    x = \n    y = 2\n", len("def f(a):\n    x = "))
    flood = piece * (100_000 // len(piece))
    for answer in (flood, f"compute({flood}", f"<think>{flood}</think>compute(1)", f"Here is the code:\n```python\n{flood}\n```"):
        found = judge(answer, gap, extent, manual=False, language="python")
        assert isinstance(found, Refusal) or len(found) <= MOST_CHARACTERS
        assert progress(answer, gap, extent, language="python") in ("begun", "line", "whole")
