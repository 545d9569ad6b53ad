"""Which lines match: called by ``search`` for texts, and run by it as a program of its own for regular expressions.

Imports the standard library only, because the program starts without any other package.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable

_MAX_LINE = 300
_LONGEST = 2_000
"""Lines past this many characters are machine-made; only their beginning is searched."""

Texts = Iterable[tuple[str, str]]


def literal_matches(query: str, texts: Texts, limit: int) -> list[str]:
    """Return ``path:line:text`` for the first ``limit`` lines that hold ``query``."""
    return _matches(lambda line: query in line, ((path, text) for path, text in texts if query in text), limit)


def regex_matches(expression: str, texts: Texts, limit: int) -> list[str]:
    """Return ``path:line:text`` for the first ``limit`` lines that match ``expression``."""
    search = re.compile(expression).search
    return _matches(lambda line: search(line) is not None, texts, limit)


def _matches(fits: Callable[[str], bool], texts: Texts, limit: int) -> list[str]:
    found: list[str] = []
    for path, text in texts:
        for number, line in enumerate(_lines(text), 1):
            if fits(line[:_LONGEST]):
                found.append(f"{path}:{number}:{line[:_MAX_LINE]}")
                if len(found) >= limit:
                    return found
    return found


def _lines(text: str) -> list[str]:
    """Return what `coterie.base.text.bare_lines` does, which the program cannot ask."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines if lines[-1] else lines[:-1]


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(regex_matches(asked["expression"], asked["texts"], asked["limit"]), sys.stdout)
