"""Of pinned files as much is sent as leaves a small window to the conversation, of each its part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.context.cutting import has_changed
from coterie.context.pinning import PINNED_PART, fitted
from coterie.context.task import Excerpt
from coterie.context.tokens import Calibration

ABOUT_A_CUT = 40
"""Tokens of the sentence behind a text that is cut."""


def tokens(*files: Excerpt) -> int:
    return sum(Calibration().tokens(len(file.text.encode())) for file in files)


@pytest.mark.parametrize("limit", [None, 4_100])
def test_where_there_is_room_all_of_them_are_sent(limit: int | None) -> None:
    files = (Excerpt("a\n" * 1_000 + "a", "a.txt"), Excerpt("b\n" * 1_000 + "b", "b.txt"), Excerpt("", "c.txt"))
    assert fitted(files, limit) == files


@given(st.lists(st.text("ab\n\u5b57", max_size=4_000), max_size=5), st.integers(0, 8_000))
def test_together_they_have_their_part_of_a_request(texts: list[str], limit: int) -> None:
    files = tuple(Excerpt(text, f"{number}.txt") for number, text in enumerate(texts))
    sent = fitted(files, limit)
    assert [file.path for file in sent] == [file.path for file in files]
    assert tokens(*sent) <= limit // PINNED_PART + len(files) * ABOUT_A_CUT
    assert not any(has_changed(few.text, all_of_it.text) for few, all_of_it in zip(sent, files, strict=True))


def test_a_small_file_is_whole_beside_a_large_one() -> None:
    small, large = fitted((Excerpt("a\n" * 100, "a.txt"), Excerpt("line\n" * 10_000, "b.txt")), 4_000)
    assert small.text == ("a\n" * 100).rstrip()
    assert 900 < tokens(small, large) < 1_000 + ABOUT_A_CUT
