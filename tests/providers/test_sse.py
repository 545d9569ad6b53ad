"""Splitting a byte stream into events, wherever its chunks end."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.providers.sse import EventSplitter, ServerSentEvent


def split(*chunks: bytes) -> list[ServerSentEvent]:
    splitter = EventSplitter()
    return [event for chunk in chunks for event in splitter.feed(chunk)] + list(splitter.close())


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: one\n\ndata: two\n\n", [("one", ""), ("two", "")]),
        (b"data:one\r\n\r\ndata:  two\r\r", [("one", ""), (" two", "")]),
        (b"data: a\ndata\ndata: b\n\n", [("a\n\nb", "")]),
        (b"data: a\r\ndata: b\r\n\r\n", [("a\nb", "")]),
        (b"event: ping\ndata: {}\n\ndata: x\n\n", [("{}", "ping"), ("x", "")]),
        (b": keep-alive\n\nid: 7\nretry: 10\ndata: x\n\n", [("x", "")]),
        (b"event: nothing\n\ndata: x\n\n", [("x", "")]),
        (b"\xef\xbb\xbfdata: x\n\n", [("x", "")]),
        (b"data: x\n\ndata: no blank line", [("x", ""), ("no blank line", "")]),
        (b"", []),
    ],
)
def test_events_of_a_stream(stream: bytes, events: list[tuple[str, str]]) -> None:
    expected = [ServerSentEvent(data, name) for data, name in events]
    assert split(stream) == expected
    assert split(*(bytes([byte]) for byte in stream)) == expected


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_what_separates_lines_elsewhere_stays_inside_json(separator: str) -> None:
    data = json.dumps({"text": f"a{separator}b"}, ensure_ascii=False)
    assert split(f"data: {data}\n\n".encode()) == [ServerSentEvent(data)]


LINES = st.lists(
    st.sampled_from([b"data: x", b"data", b"data:\xf0\x9f\x98\x80", b": c", b"event: e", b"", b"", "data: \u2028é".encode()]), max_size=12
)


@given(
    lines=LINES,
    ends=st.lists(st.sampled_from([b"\n", b"\r", b"\r\n"]), min_size=12, max_size=12),
    cuts=st.lists(st.integers(0, 200), max_size=20),
)
def test_chunks_may_end_anywhere(lines: list[bytes], ends: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(line + end for line, end in zip(lines, ends, strict=False))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    chunks = [stream[start:end] for start, end in pairwise(edges)]
    assert split(*chunks) == split(stream)


def test_an_event_has_a_bound_and_comments_do_not_count() -> None:
    splitter = EventSplitter(limit=100)
    for _ in range(50):
        assert splitter.feed(b": still loading the model\n") == []
    assert splitter.feed(b"data: " + b"x" * 90 + b"\n\n") == [ServerSentEvent("x" * 90)]
    with pytest.raises(ValueError, match="100 bytes"):
        splitter.feed(b"data: without an end\n" * 6)
