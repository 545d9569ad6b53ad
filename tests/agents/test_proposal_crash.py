"""The server dies at every record from the one on that proposes an edit, before and after it is written, and the run goes on.

The file comes to the same bytes, there is one change for the call, the model hears once what became of it, and all can be undone. A person
whose answer died with the server gives it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from agent_stage import WITHIN_S, Stage, Turn, calls, says, staged
from coterie.agents.history import history_of
from coterie.base.errors import CoterieError, RequestError, StorageError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import ENDED, AgentEvent, ApprovalEvent, ChangeEvent, RunEvent
from coterie.domain.messages import ToolMessage
from coterie.domain.store_ports import RunStore
from hunk_stage import BEFORE, ONLY_SECOND, TWO_PLACES, Reviewer, project
from mortal_journal import Moment, MortalJournal


@dataclass(frozen=True)
class Case:
    """What the agent wants, what the person says to it, and what is left: the texts, the hunks, and what the model was told."""

    call: tuple[str, Mapping[str, Any]]
    rejects: Literal["first"] | None
    answer: str
    left: Mapping[str, str | None]
    hunks: Sequence[str]
    told: str


CASES = {
    "a part is taken": Case(
        ("edit_file", TWO_PLACES), "first", "allow_once", {"a.txt": ONLY_SECOND}, ["rejected", "applied"], "Rejected, and not in a.txt"
    ),
    "nothing is taken": Case(
        ("edit_file", TWO_PLACES), None, "reject_once", {"a.txt": BEFORE}, ["rejected", "rejected"], "the person rejected this edit"
    ),
    "a move": Case(
        ("move_file", {"path": "a.txt", "to": "b.txt"}),
        None,
        "allow_once",
        {"a.txt": None, "b.txt": BEFORE},
        ["applied", "applied"],
        "",
    ),
}


class Person:
    """Who answers each question, after a hunk of it is rejected where the case says so."""

    def __init__(self, stage: Stage, journal: MortalJournal, case: Case) -> None:
        self.reviewer = Reviewer(stage)
        self.tasks = TaskSupervisor("person")
        self._stage = stage
        self._journal = journal
        self._case = case
        self._others = stage.listener.on_event
        stage.listener.on_event = self.hear

    def hear(self, event: AgentEvent) -> None:
        """Look at what is asked."""
        self._others(event)
        match event.event:
            case ApprovalEvent(state="pending") as asked:
                self.tasks.spawn(self.answer(asked), name="answer")
            case RunEvent(state=state) if state in ENDED:
                self._journal.over.set()
            case _:
                pass

    async def answer(self, asked: ApprovalEvent) -> None:
        """Say what the case says."""
        try:
            if self._case.rejects is not None and (await self.reviewer.all())[0].review == "open":
                await self.reviewer.decide("rejected", 0)
            self._stage.approvals.answer(asked.approval_id, self._case.answer)
        except RequestError:
            assert self._journal.dead, "nobody else answers"
        except CoterieError:
            assert self._journal.dead


@dataclass
class Life:
    """One server from its start to its end."""

    stage: Stage
    journal: MortalJournal
    person: Person


@asynccontextmanager
async def life(folder: Path, case: Case, *, dies_at: int | None = None, moment: Moment = "after") -> AsyncIterator[Life]:
    """Be a server."""
    journals: list[MortalJournal] = []

    def mortal(store: RunStore) -> RunStore:
        journals.append(MortalJournal(store, dies_at, moment))
        return journals[0]

    if not (folder / "project").exists():
        project(folder / "project")
    script: Mapping[str, Sequence[Turn]] = {"chat": (calls(case.call), says("Done."))}
    settings = {"review": {"mode": "before"}}
    async with staged(folder / "home", folder / "project", script, wrap=mortal, settings=settings) as stage:
        person = Person(stage, journals[0], case)
        yield Life(stage, journals[0], person)
        await person.tasks.aclose()


async def check_end(one: Life, case: Case, run_id: str) -> None:
    """Check that the run has ended as it does without a death."""
    assert {path: one.stage.text(path) for path in case.left} == case.left
    history = history_of(await one.stage.store.runs.read(run_id))
    assert history.unresolved() == ()
    assert len(history.changes) == (2 if case.call[0] == "move_file" else 1)
    assert [hunk.state for hunk in await one.person.reviewer.all()] == case.hunks
    [conversation] = history.conversations.values()
    results = [result.output for message in conversation.messages if isinstance(message, ToolMessage) for result in message.results]
    assert [case.told in text for text in results] == [True]
    assert "[The person has reviewed" not in results[0]
    assert (await one.stage.runs.undo(run_id)).conflicts == ()
    assert (one.stage.text("a.txt"), one.stage.text("b.txt")) == (BEFORE, None)


async def check_crash(folder: Path, case: Case, at: int, moment: Moment) -> None:
    """Die at one point, and resume."""
    async with life(folder, case, dies_at=at, moment=moment) as first:
        try:
            await first.stage.begin("Change it")
        except StorageError:
            assert first.journal.dead
        async with asyncio.timeout(WITHIN_S):
            await first.journal.over.wait()
    async with life(folder, case) as second:
        [row] = await second.stage.store.runs.rows()
        if row.state != "succeeded":
            assert row.state == "interrupted"
            await second.stage.runs.resume(row.run_id)
            end = await second.stage.ended()
            assert end.state == "succeeded", end
        await check_end(second, case, row.run_id)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_death_while_an_edit_is_looked_at_changes_nothing_of_the_end(tmp_path: Path, case: Case, moment: Moment) -> None:
    async with life(tmp_path / "whole", case) as whole:
        assert (await whole.stage.play("Change it")).state == "succeeded"
        _, proposed, *_ = whole.journal.announcing  # the first is the model's call; deaths before it has answered are no news
        appends = whole.journal.appends
        assert whole.stage.listener.of(ChangeEvent)[0].state == "proposed"
        await check_end(whole, case, await whole.person.reviewer.run_id())
    for at in range(proposed, appends + 1):
        try:
            await check_crash(tmp_path / str(at), case, at, moment)
        except Exception as failure:
            failure.add_note(f"died {moment} append {at} of {appends}")
            raise
