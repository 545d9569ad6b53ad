"""What a bill promises."""

import pytest

from tally import shares, with_tip


def test_an_even_bill_is_split_evenly():
    assert shares(2400, people=4) == [600, 600, 600, 600]


def test_shares_add_up_to_the_bill():
    assert sum(shares(1000, people=3)) == 1000


def test_nobody_cannot_pay():
    with pytest.raises(ValueError, match="somebody"):
        shares(1000, people=0)


def test_a_tip_is_rounded_to_the_cent():
    assert with_tip(1999, percent=15) == 2299
