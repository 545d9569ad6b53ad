"""Positions and incremental changes, against an oracle that encodes whole lines and counts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.base.text import (
    ContentChange,
    Encoding,
    LineIndex,
    Position,
    apply_changes,
    bare_lines,
    index_of,
    length,
    lines_of,
    split_lines,
    utf16_length,
)

CODECS: dict[Encoding, tuple[str, int]] = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
encodings = st.sampled_from(list(CODECS))
# Every kind of character that has gone wrong in some editor: line ends, U+2028 and U+0085 (which are none), astral ones, lone surrogates.
texts = st.text(st.sampled_from("ab\n\r\u2028\x85é☃😀🧪\ud83d\ude00"), max_size=30)
positions = st.builds(Position, st.integers(0, 4), st.integers(0, 6))


def units(text: str, encoding: Encoding) -> int:
    codec, size = CODECS[encoding]
    return len(text.encode(codec, "surrogatepass")) // size


@given(texts, encodings)
def test_length_counts_code_units(text: str, encoding: Encoding) -> None:
    assert length(text, encoding) == units(text, encoding)


@given(texts)
def test_lines_end_as_the_protocol_says(text: str) -> None:
    assert "".join(split_lines(text)) == text
    assert [line.rstrip("\r\n") for line in split_lines(text)] == re.split(r"\r\n|\n|\r", text)


@given(st.text(st.sampled_from("ab\n\r\x0b\x0c\x1c\u2028\x85"), max_size=30))
def test_where_no_editor_is_asked_a_line_feed_alone_ends_a_line(text: str) -> None:
    assert "".join(lines_of(text)) == text
    assert [line.count("\n") for line in lines_of(text)] == [1] * text.count("\n") + [0] * (not text.endswith("\n") and bool(text))
    assert bare_lines(text) == [line.removesuffix("\n").removesuffix("\r") for line in lines_of(text)]
    if "\r" not in text.replace("\r\n", ""):
        assert [*lines_of(text), ""][: len(split_lines(text))] == split_lines(text), "and editors see the same"


@given(texts, encodings)
def test_every_offset_has_a_position_that_leads_back(text: str, encoding: Encoding) -> None:
    index = LineIndex(text)
    for offset in range(len(text) + 1):
        inside_line_end = text[:offset].endswith("\r") and text[offset:].startswith("\n")
        assert index.offset(index.position(offset, encoding), encoding) == offset - inside_line_end


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "ab\r\n😀\n\r"])
def test_places_in_a_text_of_many_blocks(end: str) -> None:
    text = "".join(f"{'é' * (number % 50)}{end}" for number in range(1_500))
    index, lines = LineIndex(text), split_lines(text)
    assert index.line_count == len(lines)
    start = 0
    for number, line in enumerate(lines):
        assert index.line(number) == line.rstrip("\r\n")
        assert index.offset(Position(number, 1), "utf-32") == start + bool(line.rstrip("\r\n"))
        assert index.position(start, "utf-16") == Position(number, 0)
        start += len(line)
    assert index.position(start, "utf-16") == Position(len(lines) - 1, 0)


@given(texts, encodings, st.integers(-2, 80))
def test_a_character_is_the_longest_prefix_that_fits(text: str, encoding: Encoding, character: int) -> None:
    fitting = [index for index in range(len(text) + 1) if units(text[:index], encoding) <= character]
    assert index_of(text, character, encoding) == max(fitting, default=0)


@given(texts, st.lists(st.tuples(positions, positions, texts), max_size=6), encodings)
def test_incremental_changes_do_what_one_change_after_another_does(
    text: str, edits: list[tuple[Position, Position, str]], encoding: Encoding
) -> None:
    expected = text
    for one, other, new in edits:
        index = LineIndex(expected)
        start, end = (index.offset(place, encoding) for place in sorted((one, other)))
        expected = expected[:start] + new + expected[end:]
    assert apply_changes(text, [ContentChange(new, one, other) for one, other, new in edits], encoding) == expected


@pytest.mark.parametrize(
    ("line", "character", "offset"),
    [(0, 0, 0), (0, 2, 1), (0, 3, 2), (0, 1, 0), (0, 99, 3), (1, 0, 5), (1, 99, 6), (2, 0, 7), (2, 99, 7), (99, 0, 7), (-1, 5, 0)],
)
def test_positions_that_are_not_there_are_clamped(line: int, character: int, offset: int) -> None:
    assert LineIndex("😀ab\r\nc\n").offset(Position(line, character), "utf-16") == offset


def test_a_change_without_a_range_replaces_all() -> None:
    assert apply_changes("one\ntwo", [ContentChange("x\n"), ContentChange("y", Position(1, 0), Position(1, 0))], "utf-8") == "x\ny"


def test_halves_of_a_line_end_that_meet_are_one_for_the_next_change() -> None:
    insert_line_feed = ContentChange("\n", Position(1, 0), Position(1, 0))
    assert apply_changes("a\rb", [insert_line_feed, ContentChange("x", Position(1, 0), Position(1, 0))], "utf-8") == "a\r\nxb"


def test_utf16_is_what_offsets_are_counted_in() -> None:
    assert utf16_length("a😀") == 3
