"""What a journal says of a run."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from coterie.agents.history import Edit, history_of
from coterie.domain.events import ArtifactEvent, MessageEvent
from coterie.domain.records import CompactionRecord, EditIntent, EditOutcome, Entry, EventRecord, FindingRecord, Record


def entry(seq: int, second: int, event: ArtifactEvent) -> Entry:
    return Entry(seq, f"2026-01-31T10:00:{second:02}.000Z", EventRecord(event=event))


def test_a_finding_is_dealt_with_until_a_later_review_finds_it_again() -> None:
    review = ArtifactEvent(step_id="review", type="findings", value={"findings": []})
    dismissed = Entry(2, "2026-01-31T10:00:00.000Z", FindingRecord(finding_id="finding", state="dismissed"))
    assert history_of([entry(1, 0, review), dismissed]).settled == {"finding"}
    assert history_of([entry(1, 0, review), dismissed, entry(3, 1, review)]).settled == set()


def test_the_calls_for_summaries_are_counted_and_what_asked_for_one_is_heard() -> None:
    records = [
        CompactionRecord(compaction_id=f"k{number}", step_id="chat", attempt=1, call=call, asked_by=asked_by)
        for number, (call, asked_by) in enumerate([(0, None), (None, "m1"), (1, "m2")])
    ]
    said = [EventRecord(event=MessageEvent(message_id=f"m{number}", role="user", text="")) for number in range(4)]
    history = history_of(Entry(number, "2026-01-31T10:00:00.000Z", record) for number, record in enumerate([*said, *records], 1))
    assert history.summaries == 2
    assert [message.message_id for message in history.spoken.unheard("chat", 1)] == ["m3"]


class CountedEdit(Edit):
    """Counts how often an edit is asked where its file lies."""

    asked: ClassVar[int] = 0

    @property
    @override
    def file(self) -> str:
        """Where it lies."""
        CountedEdit.asked += 1
        return super().file


def test_of_a_thousand_changes_none_is_gone_through_again_for_each_file() -> None:
    records = list[Record]()
    for number in range(1_000):
        change, name = f"c{number}", f"{number}.txt"
        intent = EditIntent(
            change_id=change, step_id="s", call_id="k", folder="file:///w", path=name, uri=f"file:///w/{name}", before=None, after="t"
        )
        records += [intent, EditOutcome(change_id=change, state="applied")]
    history = history_of(Entry(number, "2026-01-31T10:00:00.000Z", record) for number, record in enumerate(records, 1))
    history.edits.update({change: CountedEdit(edit.intent, edit.state) for change, edit in history.edits.items()})
    assert [len(edits) for edits in history.spans().values()] == [1] * 1_000
    assert CountedEdit.asked < 10_000
