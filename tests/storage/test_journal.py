"""The journal keeps what it is given, in order, whole, and numbers are never given twice."""

import asyncio
import sqlite3
import threading
from collections import UserList
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from typing_extensions import override

from coterie.base.errors import InvalidParamsError, StorageError, UnreadableRunError
from coterie.domain.edits import digest_of
from coterie.domain.events import ENDED, Event, RunEvent, RunState, StepEvent, ToolCallEvent, UsageEvent
from coterie.domain.messages import AssistantMessage, ToolCall, ToolMessage, ToolResult, UserMessage
from coterie.domain.records import (
    CommandIntent,
    EditIntent,
    EditOutcome,
    Entry,
    EventRecord,
    GrantRecord,
    MessageRecord,
    Record,
)
from coterie.domain.runs import Budget, RunRequest, RunRow
from coterie.domain.usage import NO_USAGE, Usage
from coterie.storage import journal
from coterie.storage.store import FILE, Store

AT = "2026-01-31T10:00:00.000Z"
LIVE = sorted(set(get_args(RunState)) - ENDED)
RECORDS: list[Record] = [
    EventRecord(event=StepEvent(step_id="s", agent="coder", state="running", attempt=1)),
    EventRecord(event=ToolCallEvent(call_id="c", tool="read_file", arguments={"start_line": 1, "aB": None}, state="pending")),
    MessageRecord(step_id="s", attempt=1, message=UserMessage(text="a\u2028b\x00c\x85 é 🙂")),
    MessageRecord(
        step_id="s",
        attempt=1,
        message=AssistantMessage(text="", tool_calls=(ToolCall(call_id="c", tool="t", arguments=None, raw="{"),), signature="x"),
    ),
    MessageRecord(step_id="s", attempt=1, message=ToolMessage(results=(ToolResult(call_id="c", tool="t", output="o", failed=True),))),
    EditIntent(change_id="e", step_id="s", call_id="c", folder="file:///f", path="a.py", uri="file:///f/a.py", before=None, after="d"),
    EditOutcome(change_id="e", state="refused", reason="typed meanwhile"),
    CommandIntent(call_id="c", step_id="s", argv=("pytest", "-q")),
    GrantRecord(rule="exec(pytest *)", verdict="allow"),
]


def a_run(run_id: str = "run_1", channel_id: str = "channel_1", state: RunState = "queued") -> RunRow:
    """Return a run as it starts."""
    request = RunRequest(prompt="Fix it", workflow="team", budget=Budget(usd=Decimal("0.30")))
    return RunRow(
        run_id=run_id, channel_id=channel_id, request=request, workflow="team", agent=None, state=state, started_at=AT, usage=NO_USAGE
    )


def event(seq: int, event: Event) -> Entry:
    """Return an entry of the journal."""
    return Entry(seq, AT, EventRecord(event=event))


class GatedTexts(UserList[str]):
    """Texts that stop the transaction that keeps them in its middle, until the gate opens."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__(texts)
        self.reached = threading.Event()
        self.gate = threading.Event()

    @override
    def __iter__(self) -> Iterator[str]:
        """Give one text before the gate and the others behind it."""
        yield self.data[0]
        self.reached.set()
        assert self.gate.wait(60)
        yield from self.data[1:]


async def test_records_come_back_as_they_were_also_for_the_next_server(store: Store, tmp_path: Path) -> None:
    await store.runs.create(a_run(state="succeeded"))
    entries = tuple(Entry(3 * number, AT, record) for number, record in enumerate(RECORDS, 1))
    await store.runs.append("run_1", entries[:4])
    await store.runs.append("run_1", entries[4:], durable=True)
    assert await store.runs.read("run_1") == entries
    assert await store.runs.read("run_1", after=6) == entries[2:]
    assert await store.runs.read("run_2") == ()
    await store.aclose()
    later = Store(tmp_path)
    assert await later.runs.read("run_1") == entries
    await later.aclose()


async def test_a_run_of_which_a_newer_server_says_what_is_not_known_here_spoils_no_other(store: Store, tmp_path: Path) -> None:
    for run_id in ("run_1", "run_2"):
        await store.runs.create(a_run(run_id))
        await store.runs.append(run_id, [Entry(1, AT, RECORDS[0])])
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        insert = "INSERT INTO entries (run_id, seq, at, record) VALUES ('run_1', 2, ?, ?)"
        connection.execute(insert, (AT, '{"kind":"edit_outcome","changeId":"e","state":"of_a_later_version"}'))
    with pytest.raises(UnreadableRunError, match="run_1 holds what this Coterie does not know"):
        await store.runs.read("run_1")
    assert len(await store.runs.read("run_2")) == 1
    assert len(await store.runs.rows()) == 2


async def test_runs_that_grant_something_are_found_without_reading_the_others(store: Store, tmp_path: Path) -> None:
    for number, record in enumerate((RECORDS[-1], RECORDS[0], RECORDS[-1])):
        await store.runs.create(a_run(f"run_{number}", state="succeeded" if number == 2 else "running"))
        await store.runs.append(f"run_{number}", [Entry(1, AT, record)])
    assert [row.run_id for row in await store.runs.granting()] == ["run_0"], "what has succeeded is not resumed"
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {journal._GRANTING}").fetchall()
    assert any("entries_of_grants" in step[-1] for step in plan)


async def test_texts_are_kept_byte_for_byte_under_their_digests(store: Store) -> None:
    await store.runs.create(a_run())
    texts = ["", "a\r\nb\u2028c\x00", "\ud800 alone", "🙂" * 1000]
    await store.runs.append("run_1", (), [*texts, *texts])
    assert [await store.runs.text(digest_of(text)) for text in texts] == texts
    with pytest.raises(StorageError):
        await store.runs.text(digest_of("never kept"))


async def test_events_of_the_run_and_its_usage_reach_its_row(store: Store) -> None:
    await store.runs.create(a_run())
    used = Usage(input=1, cache_read=2, cache_write=None, output=3, usd=Decimal("0.0000001"))
    await store.runs.append("run_1", [event(1, RunEvent(state="running")), event(2, UsageEvent(**{k: getattr(used, k) for k in USED}))])
    row = await store.runs.row("run_1")
    assert row is not None
    assert (row.state, row.ended_at, row.usage, row.request.budget) == ("running", None, used, Budget(usd=Decimal("0.30")))
    await store.runs.append("run_1", [event(3, RunEvent(state="failed", reason="no_progress"))])
    row = await store.runs.row("run_1")
    assert row is not None
    assert (row.state, row.reason, row.ended_at) == ("failed", "no_progress", AT)
    assert await store.runs.row("run_2") is None


USED = ("input", "cache_read", "cache_write", "output", "usd")


@pytest.mark.parametrize("statement", ["DELETE FROM entries", "UPDATE entries SET at = ''"])
async def test_the_journal_is_append_only_for_any_program(store: Store, statement: str) -> None:
    await store.runs.create(a_run())
    await store.runs.append("run_1", [event(1, RunEvent(state="running"))])
    with pytest.raises(Exception, match="append-only"):
        await store._database.write(lambda connection: connection.execute(statement))
    assert len(await store.runs.read("run_1")) == 1


async def test_an_append_is_whole_or_not_at_all(store: Store) -> None:
    await store.runs.create(a_run())
    await store.runs.append("run_1", [event(2, RunEvent(state="running"))])
    with pytest.raises(Exception, match="UNIQUE"):
        await store.runs.append("run_1", [event(1, RunEvent(state="waiting")), event(2, RunEvent(state="failed"))], ["text"])
    row = await store.runs.row("run_1")
    assert row is not None
    assert row.state == "running"
    assert [entry.seq for entry in await store.runs.read("run_1")] == [2]
    with pytest.raises(StorageError):
        await store.runs.text(digest_of("text"))


async def test_a_caller_that_is_cancelled_in_mid_transaction_leaves_it_whole_and_the_store_free(store: Store) -> None:
    await store.runs.create(a_run())
    texts = GatedTexts(["one", "two"])
    async with asyncio.TaskGroup() as group:
        inside = group.create_task(store.runs.append("run_1", [event(1, RunEvent(state="running"))], texts, durable=True))
        assert await asyncio.to_thread(texts.reached.wait, 60)
        queued = group.create_task(store.runs.append("run_1", [event(2, RunEvent(state="waiting"))]))
        await asyncio.sleep(0)  # lets the second one ask
        inside.cancel()
        queued.cancel()
    assert inside.cancelled()
    assert queued.cancelled()
    texts.gate.set()
    assert [entry.seq for entry in await store.runs.read("run_1")] == [1, 2]
    assert await store.runs.text(digest_of("two")) == "two"
    await store.runs.append("run_1", [event(3, RunEvent(state="succeeded"))])


async def test_numbers_are_never_given_twice_also_not_by_the_next_server(store: Store, tmp_path: Path) -> None:
    await store.runs.create(a_run())
    firsts = await asyncio.gather(*(store.runs.reserve("run_1", 5) for _ in range(4)))
    assert sorted(firsts) == [1, 6, 11, 16]
    await store.aclose()
    later = Store(tmp_path)
    assert await later.runs.row("run_1") is not None
    # 21 went to the record that says that the first server stopped.
    assert [entry.seq for entry in await later.runs.read("run_1")] == [21]
    assert await later.runs.reserve("run_1", 1) == 22
    await later.aclose()


async def test_rows_are_listed_newest_first_by_state_and_channel_and_page(store: Store) -> None:
    states: list[RunState] = ["queued", "running", "waiting", "succeeded", "failed"]
    for number, state in enumerate(states):
        await store.runs.create(a_run(f"run_{number}", f"channel_{number % 2}", state))

    async def listed(**wanted: object) -> list[str]:
        return [row.run_id[-1] for row in await store.runs.rows(**wanted)]  # type: ignore[arg-type]

    assert await listed() == list("43210")
    assert await listed(limit=2) == list("43")
    assert await listed(limit=2, before="run_3") == list("21")
    assert await listed(states=LIVE) == list("210")
    assert await listed(states=["failed"], channel_id="channel_1") == []
    assert await listed(channel_id="channel_1") == list("31")
    with pytest.raises(InvalidParamsError, match="run_9"):
        await listed(before="run_9")


async def test_what_is_durable_waits_for_the_disk_and_the_rest_does_not(store: Store) -> None:
    def waited() -> bool:
        levels = [statement.rsplit(" ", 1)[-1] for statement in said if "synchronous" in statement]
        said.clear()
        return levels == ["FULL"]

    said: list[str] = []
    await store._database.run(lambda connection: connection.set_trace_callback(said.append))
    await store.runs.create(a_run())
    assert waited()
    await store.runs.reserve("run_1", 1)
    assert waited(), "clients see numbers that no entry keeps"
    await store.runs.append("run_1", [event(1, RunEvent(state="running"))])
    assert not waited()
    await store.runs.append("run_1", [Entry(2, AT, CommandIntent(call_id="c", step_id="s", argv=("rm",)))], durable=True)
    assert waited()
