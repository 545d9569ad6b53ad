"""Keeps what hosts have shown (`coterie.context.learned`) beyond this process, and for others: in one small file of numbers by model.

``agents.assembly`` reads it when a run begins, and ``agents.inspection`` to show what would be sent; ``app`` says where it lies. There is
no text in it, no address and no key. What is not as it should be in it is passed over: one call of a host tells it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any, Final

from coterie.base.ids import now
from coterie.base.kept_soon import PAUSE_S, Change, KeptSoon
from coterie.context.learned import Learned, Lesson, Whose
from coterie.context.tokens import PLAUSIBLE, Calibration

FILE: Final = "models.json"
MOST: Final = 200
"""Models that are remembered, those that were asked latest."""
FORGOTTEN: Final = timedelta(days=7)
"""After which it is tried again what a host takes that found something too long: by then it may have another window."""


class KeptLessons:
    """What this process and others have learned. ``folder`` None: it lives as long as this."""

    def __init__(self, folder: Path | None = None, *, pause_s: float = PAUSE_S, clock: Callable[[], str] = now) -> None:
        self._clock = clock
        self.learned = Learned(self._changed)
        self._unwritten: dict[Whose, None] = {}
        self._file = KeptSoon(None if folder is None else folder / FILE, self, pause_s=pause_s)

    async def read(self) -> None:
        """Know what others have learned."""
        await self._file.read()

    async def aclose(self) -> None:
        """Write what is not written yet."""
        await self._file.aclose()

    def news(self) -> Change | None:
        """See `coterie.base.kept_soon.Owner`."""
        new = {whose: self.learned.lessons[whose] for whose in self._unwritten}
        self._unwritten.clear()
        return (lambda content: _with(content, new, self._clock())) if new else None

    def take(self, content: Any) -> None:
        """See `coterie.base.kept_soon.Owner`."""
        kept = {whose: lesson for whose, (lesson, _) in _lessons(content, self._clock()).items()}
        self.learned.recall(kept)
        for whose, lesson in kept.items():
            if lesson.refused is None and whose not in self._unwritten:
                self.learned.try_again(whose)  # a week is over for a server that lives for longer, too

    def _changed(self, whose: Whose) -> None:
        self._unwritten.pop(whose, None)
        self._unwritten[whose] = None
        self._file.soon()


def _with(content: Any, new: Mapping[Whose, Lesson], at: str) -> Any:
    """Return what a file is to hold, those last of whom something was learned last."""
    known = _lessons(content, at)
    for whose, lesson in new.items():
        _, since = known.pop(whose, (lesson, None))
        known[whose] = (lesson, None if lesson.refused is None else since or at)
    return [_row(whose, lesson, since) for whose, (lesson, since) in list(known.items())[-MOST:]]


def _row(whose: Whose, lesson: Lesson, since: str | None) -> dict[str, Any]:
    ratio = None if lesson.calibration is None else lesson.calibration.bytes_per_token
    sizes = {"bytesPerToken": ratio, "refused": lesson.refused, "taken": lesson.taken, "since": since}
    return {"model": whose.model_id, "settings": whose.settings, "window": whose.window, **sizes}


def _lessons(content: Any, at: str) -> dict[Whose, tuple[Lesson, str | None]]:
    """Return what is kept, and since when it is known what a host refused."""
    found: dict[Whose, tuple[Lesson, str | None]] = {}
    for row in content if isinstance(content, list) else ():
        try:
            window = row["window"]
            whose = Whose(str(row["model"]), str(row["settings"]), None if window is None else int(window))
            found[whose] = _lesson(row, at)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return found


def _lesson(row: Mapping[str, Any], at: str) -> tuple[Lesson, str | None]:
    ratio, since = row["bytesPerToken"], row["since"]
    calibration = None if ratio is None or not PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1] else Calibration(float(ratio))
    if since is None or not 0 < row["taken"] <= row["refused"] < inf or not _is_recent(since, at):
        return Lesson(calibration), None
    return Lesson(calibration, refused=float(row["refused"]), taken=float(row["taken"])), since


def _is_recent(since: str, at: str) -> bool:
    age = datetime.fromisoformat(at) - datetime.fromisoformat(since)
    return timedelta(0) <= age < FORGOTTEN
