"""Cuts text into tokens that can be put together again: a space before a word or sign belongs to it.

Line ends say whether the next line is deeper, as deep, or less deep, so that the same code matches at every depth; blank lines are left
out. `corpus` cuts whole files, `surroundings` the text around the cursor. Pure.
"""

from __future__ import annotations

import re
from typing import Final

FILE_END: Final = "\x00"
"""Stands between files, and at the cursor."""
SHALLOWER: Final = "\x01"
LEVEL: Final = "\x02"
DEEPER: Final = "\x03"
LINE_ENDS: Final = (SHALLOWER, LEVEL, DEEPER)
"""Line ends, by the next line's depth; like `FILE_END` they sort before every token of a text."""

_TOKEN: Final = re.compile(r"[^\S\n]*\n\s*| ?\w+| ?(?:[-=]>|[=!<>]=|::|:=|&&|\|\||\+=|-=|\"\"\"|//|[^\w\s])|[^\S\n]+")
_TAB: Final = 4


def tokens_of(text: str) -> list[str]:
    """Return the tokens of a text; whitespace before its first line is kept out of the comparison of depths."""
    tokens = _TOKEN.findall(text)
    depth = 0
    for at, token in enumerate(tokens):
        if "\n" in token:
            indentation = token.rpartition("\n")[2]
            here = len(indentation.expandtabs(_TAB)) if "\t" in indentation else len(indentation)
            tokens[at] = LEVEL if here == depth else DEEPER if here > depth else SHALLOWER
            depth = here
    return tokens


def is_word(token: str) -> bool:
    """Say whether a token is a name or a number, with the space before it or without."""
    last = token[-1]
    return last.isalnum() or last == "_"
