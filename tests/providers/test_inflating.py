"""Compressed answers are taken apart a bounded part at a time, whatever comes behind their end."""

import gzip
import tracemalloc

import pytest

from coterie.providers.inflating import LARGEST_PIECE, inflater

PIECE = bytes(64 * 1024)


def test_what_comes_behind_the_end_is_not_kept() -> None:
    inflate = inflater("gzip")
    assert inflate(gzip.compress(b"all of it")) == b"all of it"
    tracemalloc.start()
    try:
        for _ in range(100):
            assert inflate(PIECE) == b""
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < len(PIECE)


def test_as_much_as_a_piece_may_hold_is_read() -> None:
    plain = b"\n" * LARGEST_PIECE
    assert inflater("gzip")(gzip.compress(plain)) == plain
    with pytest.raises(ValueError, match="swells"):
        inflater("gzip")(gzip.compress(plain + plain))
