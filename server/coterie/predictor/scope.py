"""The names at hand: which were made above and not used yet, which are used below and made nowhere, and which are like those of the line.

`measures` asks of each candidate which of these it uses. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from coterie.predictor.renaming import parts_of

_WORD: Final = re.compile(r"[^\W\d]\w*")
_TELLING: Final = 3
"""Longer parts of names are seldom alike by chance."""
_ABOVE: Final = 600
_BELOW: Final = 800
"""Characters in which names are looked for that are not used yet, or made nowhere."""


@dataclass(frozen=True, slots=True)
class Scope:
    """``unused`` are names above that were written once, ``missing`` those below that nothing above has.

    ``above`` and ``below`` are the words of the next lines, ``path`` those of the file's path, ``parts`` what the line's own are made of.
    """

    unused: frozenset[str]
    missing: frozenset[str]
    above: frozenset[str]
    below: frozenset[str]
    path: frozenset[str]
    parts: frozenset[str]


def scope(path: str, before: str, line: str, behind: str, following: str) -> Scope:
    """Read the names around the cursor: ``before`` ends with the line's beginning ``line``, ``behind`` starts on the next line."""
    counts = Counter(_WORD.findall(before))
    above = before[: len(before) - len(line)][-_ABOVE:]
    return Scope(
        unused=frozenset(name for name in _WORD.findall(above) if counts[name] == 1),
        missing=frozenset(name for name in _WORD.findall(behind[:_BELOW]) if not counts[name]),
        above=frozenset(_WORD.findall(above.rstrip().rpartition("\n")[2])),
        below=frozenset(_WORD.findall(following)),
        path=frozenset(_WORD.findall(path)),
        parts=frozenset(part for word in _WORD.findall(line) for part in parts_of(word)),
    )


def of_names(names: Scope, text: str) -> dict[str, float]:
    """Return how many of a candidate's names are awaited, and how much of it is in the line, the line above and the one below."""
    words = set(_WORD.findall(text))
    count = max(1, len(words))
    parts = {part for word in words for part in parts_of(word)}
    return {
        "unused": float(sum(word in names.unused for word in words)),
        "missing": float(sum(word in names.missing for word in words)),
        "from_above": len(words & names.above) / count,
        "from_below": len(words & names.below) / count,
        "echo": len(parts & names.parts) / max(1, len(parts)),
        "long_parts": float(sum(len(part) > _TELLING for part in parts & names.parts)),
        "from_path": float(len(words & names.path)),
        "names": float(len(words)),
    }
