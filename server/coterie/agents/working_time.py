"""How long a run went on, by when its journal was written. Pure; `agents.history` feeds it every entry, a run's meter begins with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coterie.domain.events import RunEvent
from coterie.domain.records import Entry, EventRecord, Record


@dataclass(slots=True)
class WorkingTime:
    """The time in which a run went on and no person was waited for."""

    seconds: float = 0.0
    _latest_at: str | None = None

    def add(self, entry: Entry, *, running: bool) -> None:
        """Take one more entry into account; ``running`` is whether the run went on until then."""
        if running and self._latest_at is not None and not _found_dead(entry.record):
            self.seconds += max(0.0, _seconds_between(self._latest_at, entry.at))
        self._latest_at = entry.at


def _found_dead(record: Record) -> bool:
    """Say whether a record was written by whoever found the run's server dead, which may be days later."""
    return isinstance(record, EventRecord) and isinstance(record.event, RunEvent) and record.event.reason == "server_stopped"


def _seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
