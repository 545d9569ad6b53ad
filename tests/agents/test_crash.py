"""The server dies at every record of a team's run, before and after it is written, and the run goes on to the same end.

In one process, so that every single point can be tried: a journal that dies takes nothing more, as if its process were gone, and the next
stage on the same home resumes. `tests/main_job/test_crash.py` kills real servers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent_scripts import APPROVE, BROKEN, PATCH, PLAN, TEAM, TESTED, VETO, project, suite
from agent_stage import Stage, Turn, calls, staged
from coterie.agents.history import FINISHED_CALLS, history_of
from coterie.base.errors import StorageError
from coterie.domain.events import AgentEvent, ApprovalEvent, MessageDelta, RunEvent, ThoughtDelta
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolMessage
from coterie.domain.records import Entry, EventRecord
from mortal_journal import Death, Moment, MortalJournal, at_each, gone_on

SHARES = 4
"""The points are tried in so many tests, each well within the time of a test."""

BETTER_PLAN = {**PLAN, "goal": "something better"}
COMMENT = {"path": "calc.py", "edits": [{"old": "return a + b", "new": "return a + b  # the sum"}]}
SCRIPT: Mapping[str, Sequence[Turn]] = {
    **TEAM,
    "coder": (
        *TEAM["coder"],
        calls(
            ("edit_file", COMMENT),
            ("move_file", {"path": "notes.txt", "to": "docs/notes.md"}),
            ("execute_command", {"command": "python3 -m compileall ."}),
        ),
        PATCH,
    ),
    "reviewer": (VETO, APPROVE),
    "tester": (calls(("read_file", {"path": "calc.py"}), ("run_tests", {}), text="I read and test."), TESTED[1], *TESTED),
}
"""A run with everything that a journal keeps: a gate, a baseline, edits, a move, commands, side by side, and a way back."""
NOTES = "To be moved.\n"
SETTINGS: Mapping[str, Any] = {"permissions": {"allow": ["exec(pytest *)", "exec(python3 *)"]}}


@dataclass
class Life:
    """One server from its start to its end."""

    stage: Stage
    journal: MortalJournal


@asynccontextmanager
async def life(folder: Path, death: Death | None = None) -> AsyncIterator[Life]:
    """Be a server, whose editor approves a better plan than it is shown."""
    journal = MortalJournal(death)
    if not (folder / "project").exists():
        project(folder / "project")
        (folder / "project" / "notes.txt").write_text(NOTES, encoding="utf-8")
    sandbox = suite(folder / "project")
    async with staged(folder / "home", folder / "project", SCRIPT, sandbox=sandbox, settings=SETTINGS, wrap=journal.around) as stage:

        def react(event: AgentEvent) -> None:
            if isinstance(event.event, ApprovalEvent) and event.event.state == "pending":
                stage.approvals.answer(event.event.approval_id, "edit", plan=BETTER_PLAN)

        stage.listener.on_event = react
        journal.heed(stage.listener)
        yield Life(stage, journal)


def files(folder: Path) -> dict[str, bytes]:
    """Return every file of the project."""
    root = folder / "project"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


async def entries_of(one: Life) -> tuple[str, tuple[Entry, ...]]:
    """Return the only run, and its journal."""
    [row] = await one.stage.store.runs.rows()
    return row.run_id, await one.stage.store.runs.read(row.run_id)


def told(one: Life) -> list[AgentEvent]:
    """Return what clients were told and the journal must know."""
    return [event for event in one.stage.listener.events if not isinstance(event.event, MessageDelta | ThoughtDelta)]


def shape(messages: Sequence[Message]) -> list[object]:
    """Return a conversation without ids and without what differs from run to run."""
    return [
        [(call.tool, call.raw) for call in message.tool_calls] if isinstance(message, AssistantMessage) else message.role
        for message in messages
    ]


def check_valid(request: ModelRequest) -> None:
    """Check that hosts accept a conversation: each call is answered once, in order, before anything else is said."""
    assert request.messages[0].role == "user"
    for message, following in pairwise((*request.messages, None)):
        asked = [call.call_id for call in message.tool_calls] if isinstance(message, AssistantMessage) else []
        answered = [result.call_id for result in following.results] if isinstance(following, ToolMessage) else []
        assert asked == answered
    assert request.messages[-1].role != "assistant"


def check_ended(entries: Sequence[Entry]) -> None:
    """Check that nothing that began was left without an end, and no number was given twice."""
    numbers = [entry.seq for entry in entries]
    assert numbers == sorted(set(numbers))
    history = history_of(entries)
    assert history.unanswered == {}
    assert history.unresolved() == ()
    assert [call for call in history.calls.values() if call.state not in FINISHED_CALLS] == []
    assert {approval.state for approval in history.approvals.values()} == {"resolved"}
    assert {step.state for step in history.steps.values()} == {"succeeded"}
    edited = [(edit.intent.path, edit.intent.before, edit.intent.after) for edit in history.edits.values() if edit.state == "applied"]
    assert len(edited) == len(set(edited)) == 5, "each edit happened once"
    assert (history.plan or {})["goal"] == BETTER_PLAN["goal"]


async def uninterrupted(folder: Path) -> tuple[Life, dict[str, bytes]]:
    """Play the run to its end without a death."""
    async with life(folder) as whole:
        end = await whole.stage.play(workflow="team")
        assert end.state == "succeeded", end
        _, entries = await entries_of(whole)
        check_ended(entries)
    return whole, files(folder)


async def check_crash(folder: Path, whole: Life, expected: Mapping[str, bytes], death: Death) -> None:
    """Die at one point, and resume."""
    async with life(folder, death) as first:
        await first.journal.lived(first.stage.begin(workflow="team"))
    async with life(folder) as second:
        run_id, before = await entries_of(second)
        assert (await second.stage.runs.get(run_id)).state == ("succeeded" if _succeeded(before) else "interrupted")
        await gone_on(second.stage)
        _, after = await entries_of(second)
        assert after[: len(before)] == before, "what was journalled stays"
        check_ended(after)
        assert files(folder) == expected
        _check_told(first, second, await second.stage.runs.events(run_id))
        for request in second.stage.model.requests:
            check_valid(request)
        asked = {(request.agent, request.call): request for request in whole.stage.model.requests}
        for request in second.stage.model.requests:
            assert shape(request.messages) == shape(asked[request.agent, request.call].messages), "the model hears the same conversation"
        undone = await second.stage.runs.undo(run_id)
        assert undone.conflicts == ()
        assert second.stage.text("calc.py") == BROKEN
        assert second.stage.text("README.md") is None
        assert (second.stage.text("notes.txt"), second.stage.text("docs/notes.md")) == (NOTES, None)


def _succeeded(entries: Sequence[Entry]) -> bool:
    return any(entry.record == EventRecord(event=RunEvent(state="succeeded")) for entry in entries)


def _check_told(first: Life, second: Life, caught_up: Any) -> None:
    """Check that a client that catches up learns what was told live, once, and at most the interruption on top."""
    live = [*told(first), *told(second)]
    known = {event.seq: event for event in caught_up.events}
    assert len(known) == len(caught_up.events)
    assert [known.get(event.seq) for event in live] == live
    everything = [event.seq for event in [*first.stage.listener.events, *second.stage.listener.events]]
    assert len(everything) == len(set(everything)), "a number was given twice"
    heard = {event.seq for event in live}
    unheard = [event.event for event in caught_up.events if event.seq not in heard]
    # Written and not told: what the journal had taken when death came, and then what the next server says of that death.
    assert sum(isinstance(event, RunEvent) and event.reason == "server_stopped" for event in unheard) <= 1


@pytest.mark.parametrize("share", range(SHARES))
async def test_a_death_at_any_record_changes_nothing_of_the_end(tmp_path: Path, share: int) -> None:
    whole, expected = await uninterrupted(tmp_path / "whole")
    assert len(whole.journal.announcing) > 20

    async def check(death: Death) -> None:
        await check_crash(tmp_path / f"{death.moment}-{death.at}", whole, expected, death)

    await at_each(whole.journal.telling_deaths()[share::SHARES], check)


async def test_a_run_that_dies_again_and_again_comes_to_the_same_end(tmp_path: Path) -> None:
    _, expected = await uninterrupted(tmp_path / "whole")
    folder = tmp_path / "mortal"
    for number in range(100):
        # So many records that every call can be made anew within one life, and so few that every call is cut off in some.
        async with life(folder, Death(9, "after" if number % 2 else "before")) as one:
            rows = await one.stage.store.runs.rows()
            if rows and rows[0].state == "succeeded":
                break
            await one.journal.lived(one.stage.runs.resume(rows[0].run_id) if rows else one.stage.begin(workflow="team"))
            assert files(folder).keys() <= {*expected, "notes.txt"}
    else:
        pytest.fail("the run comes to no end")
    assert files(folder) == expected


@pytest.mark.parametrize(("at", "moment"), [(2, "before"), (3, "before"), (3, "after"), (4, "before")])
async def test_whoever_looks_after_an_undo_was_cut_off_sees_how_far_it_came(tmp_path: Path, at: int, moment: Moment) -> None:
    await uninterrupted(tmp_path)
    before = files(tmp_path)
    async with life(tmp_path, Death(at, moment)) as one:
        run_id, _ = await entries_of(one)
        with pytest.raises(StorageError):
            await one.stage.runs.undo(run_id)
    restored = {path for path, text in before.items() if files(tmp_path).get(path) != text}
    assert len(restored) == at // 2
    async with life(tmp_path) as next_one:
        changes = (await next_one.stage.runs.get(run_id)).changes
        assert {change.path for change in changes if change.state == "undone"} == restored
        assert not restored & {each.path for each in await next_one.stage.runs.diff(run_id) if each.from_ is None}
        assert (await next_one.stage.runs.undo(run_id)).conflicts == ()
        assert next_one.stage.text("calc.py") == BROKEN


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_an_undo_that_a_death_cut_off_is_done_by_the_next(tmp_path: Path, at: int, moment: Moment) -> None:
    """An undo writes twice for each file: what it is about to do to it, and that it is done."""
    await uninterrupted(tmp_path)
    async with life(tmp_path, Death(at, moment)) as one:
        run_id, _ = await entries_of(one)
        with pytest.raises(StorageError):
            await one.stage.runs.undo(run_id)
        assert one.journal.dead
    async with life(tmp_path) as next_one:
        undone = await next_one.stage.runs.undo(run_id)
        assert undone.conflicts == ()
        assert files(tmp_path).keys() == {"calc.py", "notes.txt", "tests/test_calc.py"}
        assert next_one.stage.text("calc.py") == BROKEN
        assert {change.state for change in (await next_one.stage.runs.get(run_id)).changes} == {"undone"}
        assert history_of(await next_one.stage.store.runs.read(run_id)).applied() == {}
