"""How often ghost text is taken, by who wrote it and in which language: for the next wait, the next choice, and nobody else.

``feedback`` counts here; ``service`` asks for `Outcomes.rate`. What is counted stays on this machine, in one small file that all servers
keep together: numbers by source and language, no text and no names. It is read with the first count or question and written now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from coterie.base.kept_file import keep, kept
from coterie.base.tasks import TaskSupervisor
from coterie.domain.suggestions import SuggestionSource

FILE: Final = "suggestions.json"
USUAL: Final = 0.3
"""The rate that is assumed where nothing is known."""
_ASSUMED: Final = 20
"""How many suggestions that assumption weighs as much as."""
_MOST: Final = 400
"""From so many on all are halved: people and projects change."""
PAUSE_S: Final = 10.0
"""Between two writes."""
_KINDS: Final = ("shown", "accepted")
log = logging.getLogger(__name__)

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
        self._pause_s = pause_s
        self._file = None if folder is None else folder / FILE
        self._known: dict[_Key, Tally] = {}
        self._unwritten: dict[_Key, Tally] = {}
        self._tasks = TaskSupervisor("outcomes")
        self._has_begun = self._file is None
        self._is_writing = False

    def rate(self, source: SuggestionSource, language: str) -> float:
        """Return the share of suggestions that is taken."""
        self._begin()
        return self._known.get((source, language), Tally()).rate

    def count(self, source: SuggestionSource, language: str, *, accepted: bool) -> None:
        """Count a suggestion that was seen."""
        self._begin()
        for tallies in (self._known, self._unwritten):
            tallies.setdefault((source, language), Tally()).add(1, accepted)
        if self._file is not None and not self._is_writing and not self._tasks.closed:
            self._is_writing = True
            self._tasks.spawn(self._write_soon(), name="write outcomes")

    async def aclose(self) -> None:
        """Write what is not written yet."""
        await self._tasks.aclose()
        await self._write()

    def _begin(self) -> None:
        if not self._has_begun and self._file is not None and not self._tasks.closed:
            self._has_begun = True
            self._tasks.spawn(self._read(self._file), name="read outcomes")

    async def _read(self, file: Path) -> None:
        self._take(await asyncio.to_thread(kept, file))

    async def _write_soon(self) -> None:
        await asyncio.sleep(self._pause_s)
        self._is_writing = False
        await self._write()

    async def _write(self) -> None:
        if self._file is None or not self._unwritten:
            return
        new, self._unwritten = self._unwritten, {}
        try:
            self._take(await asyncio.to_thread(keep, self._file, lambda content: _with(content, new)))
        except OSError as reason:
            log.info("what became of ghost text is not remembered: %s", reason)

    def _take(self, content: Any) -> None:
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
