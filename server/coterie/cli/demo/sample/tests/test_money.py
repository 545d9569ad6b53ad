"""Amounts survive the way in and out."""

import pytest

from tally import parse, show


@pytest.mark.parametrize(("text", "cents"), [("7", 700), ("12.3", 1230), ("12.30", 1230), ("0.05", 5)])
def test_parse(text, cents):
    assert parse(text) == cents


def test_show():
    assert show(1205) == "12.05"
