"""What holds for every answer of a model, however odd, at every place of every text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coterie.context.fill import extent_of, gap_at
from coterie.features.suggestions.brackets import CLOSERS, fit
from coterie.features.suggestions.chatter import cleaned
from coterie.features.suggestions.filters import MOST_LINES, enough, refine
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
    assert found == found.rstrip()
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
