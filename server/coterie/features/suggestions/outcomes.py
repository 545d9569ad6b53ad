"""How often ghost text is taken, by who wrote it and in which language: for the next wait, the next choice, and nobody else.

``feedback`` counts here; ``service`` asks for `Outcomes.rate`. What is counted stays on this machine, in one small file that all servers
keep together: numbers by source and language, no text and no names. It is read with the first count or question and written now and then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from coterie.base.kept_soon import PAUSE_S, Change, KeptSoon
from coterie.domain.suggestions import SuggestionSource

FILE: Final = "suggestions.json"
USUAL: Final = 0.3
"""The rate that is assumed where nothing is known."""
_ASSUMED: Final = 20
"""How many suggestions that assumption weighs as much as."""
_MOST: Final = 400
"""From so many on all are halved: people and projects change."""
_KINDS: Final = ("shown", "accepted")

_Key: TypeAlias = tuple[SuggestionSource, str]


@dataclass(slots=True)
class Tally:
    """How many suggestions were seen long enough to be read, and how many of them were taken at least in part."""

    shown: float = 0.0
    accepted: float = 0.0

    @property
    def rate(self) -> float:
        """The share that is taken, as far as so few can tell."""
        return (self.accepted + USUAL * _ASSUMED) / (self.shown + _ASSUMED)

    def add(self, shown: float, accepted: float) -> None:
        """Count; what is long ago counts less."""
        self.shown += shown
        self.accepted += accepted
        if self.shown > _MOST:
            self.shown, self.accepted = self.shown / 2, self.accepted / 2


class Outcomes:
    """The tallies, as the file has them, and what is not written yet. ``folder`` None: they live as long as this."""

    def __init__(self, folder: Path | None, *, pause_s: float = PAUSE_S) -> None:
        self._known: dict[_Key, Tally] = {}
        self._unwritten: dict[_Key, Tally] = {}
        self._file = KeptSoon(None if folder is None else folder / FILE, self, pause_s=pause_s)

    def rate(self, source: SuggestionSource, language: str) -> float:
        """Return the share of suggestions that is taken."""
        self._file.begin()
        return self._known.get((source, language), Tally()).rate

    def count(self, source: SuggestionSource, language: str, *, accepted: bool) -> None:
        """Count a suggestion that was seen."""
        self._file.begin()
        for tallies in (self._known, self._unwritten):
            tallies.setdefault((source, language), Tally()).add(1, accepted)
        self._file.soon()

    async def aclose(self) -> None:
        """Write what is not written yet."""
        await self._file.aclose()

    def news(self) -> Change | None:
        """See `coterie.base.kept_soon.Owner`."""
        new, self._unwritten = self._unwritten, {}
        return (lambda content: _with(content, new)) if new else None

    def take(self, content: Any) -> None:
        """Know what the file holds, and what came since."""
        self._known = _tallies(content)
        for key, tally in self._unwritten.items():
            self._known.setdefault(key, Tally()).add(tally.shown, tally.accepted)


def _with(content: Any, new: Mapping[_Key, Tally]) -> Any:
    tallies = _tallies(content)
    for key, tally in new.items():
        tallies.setdefault(key, Tally()).add(tally.shown, tally.accepted)
    return [
        {"source": source, "language": language, "shown": tally.shown, "accepted": tally.accepted}
        for (source, language), tally in tallies.items()
    ]


def _tallies(content: Any) -> dict[_Key, Tally]:
    """Return what is kept; nothing where it is missing or not ours."""
    try:
        return {(row["source"], row["language"]): Tally(*(float(row[kind]) for kind in _KINDS)) for row in content or ()}
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}
