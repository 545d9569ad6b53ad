"""Splits a bill among friends, in whole cents."""

from tally.bill import shares, with_tip
from tally.money import parse, show

__all__ = ["parse", "shares", "show", "with_tip"]
