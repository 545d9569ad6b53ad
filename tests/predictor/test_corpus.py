"""The sorted contexts agree with a search place by place; tokens can be put together again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.predictor.corpus import LAST_LINE_END, LONGEST_CONTEXT, Corpus, build
from coterie.predictor.tokens import LINE_ENDS, tokens_of

CODE = st.text(alphabet="ab_ .=(\n\t#", max_size=80)


@given(CODE)
def test_tokens_are_the_text_but_for_blank_space_at_line_ends(text: str) -> None:
    lines: list[str] = [""]
    for token in tokens_of(text):
        if token in LINE_ENDS:
            lines.append("")
        else:
            lines[-1] += token
    expected = [line.strip() for line in text.split("\n") if line.strip()]
    assert [line.strip() for line in lines if line.strip()] == expected


@pytest.mark.parametrize(
    ("text", "depths"),
    [
        ("a\n    b\n    c\nd", ["\x03", "\x02", "\x01"]),
        ("a\n\n\n\tb\n\n\tc\n", ["\x03", "\x02", "\x01"]),
        ("a\r\n  b\r\n", ["\x03", "\x01"]),
    ],
)
def test_a_line_end_says_how_deep_the_next_line_is(text: str, depths: list[str]) -> None:
    assert [token for token in tokens_of(text) if token in LINE_ENDS] == depths


def check_stretches(corpus: Corpus, at: int) -> None:
    """Compare what the order finds for the context that ends at a place with a look at every place."""
    stream = corpus.by_token.stream
    context = stream[at - LONGEST_CONTEXT + 1 : at + 1].tolist()
    for stretch in corpus.by_token.stretches(context):
        wanted = np.array(context[-stretch.length :])
        places = range(LONGEST_CONTEXT, len(stream) - 1)
        slow = {end for end in places if np.array_equal(stream[end - stretch.length + 1 : end + 1], wanted)}
        assert set(corpus.by_token.places[stretch.low : stretch.high].tolist()) == slow


@given(st.lists(CODE, min_size=1, max_size=4), st.data())
def test_the_stretches_of_a_context_are_all_its_places(texts: list[str], data: st.DataObject) -> None:
    corpus = build([(str(number), text) for number, text in enumerate(texts)])
    check_stretches(corpus, data.draw(st.integers(LONGEST_CONTEXT, len(corpus.by_token.stream) - 1)))


@pytest.mark.parametrize("apart", range(1, LONGEST_CONTEXT))
def test_contexts_are_told_apart_by_a_token_far_back(apart: int) -> None:
    alike = " ".join(f"w{number}" for number in range(apart))
    corpus = build([("a.py", f"p {alike}\nq {alike}\n" * 3)])
    check_stretches(corpus, LONGEST_CONTEXT + 2 * (apart + 2) - 2)


@given(st.lists(CODE, min_size=1, max_size=4), st.data())
def test_the_ends_of_lines_are_found_by_their_first_token(texts: list[str], data: st.DataObject) -> None:
    corpus = build([(str(number), text) for number, text in enumerate(texts)])
    lines = [
        (path, ends[0], ends[-1])
        for path, (low, high) in corpus.bounds.items()
        for line in _lines(corpus.by_token.stream[low:high].tolist())
        if (ends := line)
    ]
    first = data.draw(st.sampled_from(range(len(corpus.vocabulary))))
    left_out = data.draw(st.sampled_from(sorted(corpus.bounds)))
    alike = [(start, end) for path, start, end in lines if path != left_out and start == first]
    assert corpus.lines.ends(first, corpus.bounds[left_out]).tolist() == [end for _, end in alike]


def _lines(stream: list[int]) -> list[list[int]]:
    lines: list[list[int]] = [[]]
    for token in stream:
        if token <= LAST_LINE_END:
            lines.append([])
        else:
            lines[-1].append(token)
    return lines
