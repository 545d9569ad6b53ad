"""Cuts text into terms, for code, names, paths and questions alike, so that what is asked meets what is written.

An identifier counts as itself and as its parts: ``parseHTTPHeader`` is `parsehttpheader`, `pars`, `http` and `header`. Parts lose the
endings of English, because a commit says "parsing" where the code says ``parser``. Pure; `facts` and `query` are the callers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

LONGEST = 60
"""Characters of a term at most: what is longer is a hash or a picture in letters."""
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_SHORTEST_STEM = 3
_ENDINGS = (
    *("ations", "ation", "ating", "ators", "ator", "ates", "ated", "ate"),
    *("ings", "ing", "ers", "ions", "ies", "ied", "er", "ion", "es", "ed", "s", "e", "y"),
)
"""Longer ones first: the first that fits is taken."""


def identifiers(text: str) -> Counter[str]:
    """Count the identifiers and words of a text as they are written."""
    return Counter(_IDENTIFIER.findall(text))


def terms(counted: Iterable[tuple[str, int]]) -> Counter[str]:
    """Return the terms of counted identifiers."""
    found: Counter[str] = Counter()
    for identifier, count in counted:
        for term in split(identifier):
            found[term] += count
    return found


@lru_cache(maxsize=200_000)
def split(identifier: str) -> tuple[str, ...]:
    """Return the terms of one identifier: its stemmed parts and, where there are several, the whole of it."""
    if len(identifier) > LONGEST:
        return ()
    parts = [part.lower() for part in _PART.findall(identifier)]
    stems = tuple(stem(part) for part in parts if len(part) > 1 and not part.isdigit())
    return stems if len(parts) <= 1 else (*stems, "".join(parts))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return a lower-case word without its ending. Words that belong together should meet; the stem itself need not be a word."""
    if not word.isascii() or word.endswith(("ss", "us", "is")):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            rest = word[: -len(ending)]
            # "stopped" and "stop": a doubled consonant belongs to the ending.
            doubled = len(rest) > _SHORTEST_STEM and rest[-1] == rest[-2] and rest[-1] not in "aeiousl"
            return rest[:-1] if doubled else rest
    return word
