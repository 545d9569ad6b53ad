"""Exchanges the names of one place for those of another: whole, and by their parts in whatever case they are written.

Where ``request_finished`` stands for ``request_started``, so does ``"finished"`` for ``"started"`` and ``onRequestFinished`` for
``onRequestStarted``. `analogy` tells a `Renaming` which words took the same place. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_PART: Final = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")


@dataclass(slots=True)
class Renaming:
    """``whole`` holds the words that took each other's place, ``parts`` what is different in them, in lower case."""

    whole: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def learn(self, there: str, here: str) -> None:
        """Take it that ``here`` stands where ``there`` stood; what was learned first stays."""
        if there in self.whole:
            return
        self.whole[there] = here
        if there == here:
            return
        old, new = parts_of(there), parts_of(here)
        if len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                self.parts.setdefault(one, other)

    def renamed(self, word: str) -> str | None:
        """Return what stands for a word here, None if nothing is known of it."""
        known = self.whole.get(word)
        if known is not None or not self.parts:
            return known
        changed = _PART.sub(self._renamed_part, word)
        return None if changed == word else changed

    def _renamed_part(self, found: re.Match[str]) -> str:
        part = found.group()
        other = self.parts.get(part.lower())
        if other is None:
            return part
        if part.isupper() and len(part) > 1:
            return other.upper()
        return other.capitalize() if part[0].isupper() else other


def parts_of(word: str) -> list[str]:
    """Return what a name is made of, in lower case: ``HTTPServer_2`` of http, server and 2."""
    return [part.lower() for part in _PART.findall(word)]
