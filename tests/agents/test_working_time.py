"""What a journal says of how long a run went on."""

from __future__ import annotations

from coterie.agents.history import history_of
from coterie.domain.events import RunEvent, WarningEvent
from coterie.domain.records import Entry, EventRecord


def entry(seq: int, second: int, event: RunEvent | WarningEvent) -> Entry:
    return Entry(seq, f"2026-01-31T10:00:{second:02}.000Z", EventRecord(event=event))


def test_the_time_of_a_run_is_that_in_which_it_went_on() -> None:
    history = history_of(
        [
            entry(1, 0, RunEvent(state="queued")),
            entry(2, 1, RunEvent(state="running")),
            entry(3, 5, RunEvent(state="waiting")),
            entry(4, 25, RunEvent(state="running")),
            entry(5, 27, WarningEvent(code="loop", text="")),
            entry(6, 50, RunEvent(state="interrupted", reason="server_stopped")),
            entry(7, 58, RunEvent(state="running", reason="resumed")),
            entry(8, 59, RunEvent(state="succeeded")),
        ]
    )
    assert history.working_time.seconds == (5 - 1) + (27 - 25) + (59 - 58)
