"""The server dies at every record from the one on that proposes an edit, before and after it is written, and the run goes on.

The file comes to the same bytes, there is one change for the call, the model hears once what became of it, and all can be undone. A person
whose answer died with the server gives it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from agent_stage import Stage, Turn, calls, says, staged
from coterie.agents.history import history_of
from coterie.base.errors import CoterieError, RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import AgentEvent, ApprovalEvent, ChangeEvent
from coterie.domain.messages import ToolMessage
from hunk_stage import BEFORE, ONLY_SECOND, TWO_PLACES, Reviewer, project
from mortal_journal import Death, MortalJournal, at_each, gone_on


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
        self.stage = stage
        self._journal = journal
        self._case = case
        self._others = stage.listener.on_event
        stage.listener.on_event = self.hear

    def hear(self, event: AgentEvent) -> None:
        """Look at what is asked."""
        self._others(event)
        if isinstance(event.event, ApprovalEvent) and event.event.state == "pending":
            self.tasks.spawn(self.answer(event.event), name="answer")

    async def answer(self, asked: ApprovalEvent) -> None:
        """Say what the case says."""
        try:
            if self._case.rejects is not None and (await self.reviewer.all())[0].review == "open":
                await self.reviewer.decide("rejected", 0)
            self.stage.approvals.answer(asked.approval_id, self._case.answer)
        except RequestError:
            assert self._journal.dead, "nobody else answers"
        except CoterieError:
            assert self._journal.dead


@asynccontextmanager
async def life(folder: Path, case: Case, journal: MortalJournal) -> AsyncIterator[Person]:
    """Be a server."""
    if not (folder / "project").exists():
        project(folder / "project")
    script: Mapping[str, Sequence[Turn]] = {"chat": (calls(case.call), says("Done."))}
    settings = {"review": {"mode": "before"}}
    async with staged(folder / "home", folder / "project", script, wrap=journal.around, settings=settings) as stage:
        journal.heed(stage.listener)
        person = Person(stage, journal, case)
        yield person
        await person.tasks.aclose()


async def check_end(person: Person, case: Case, run_id: str) -> None:
    """Check that the run has ended as it does without a death."""
    stage = person.stage
    assert {path: stage.text(path) for path in case.left} == case.left
    history = history_of(await stage.store.runs.read(run_id))
    assert history.unresolved() == ()
    assert len(history.changes) == (2 if case.call[0] == "move_file" else 1)
    assert [hunk.state for hunk in await person.reviewer.all()] == case.hunks
    [conversation] = history.conversations.values()
    results = [result.output for message in conversation.messages if isinstance(message, ToolMessage) for result in message.results]
    assert [case.told in text for text in results] == [True]
    assert "[The person has reviewed" not in results[0]
    assert (await stage.runs.undo(run_id)).conflicts == ()
    assert (stage.text("a.txt"), stage.text("b.txt")) == (BEFORE, None)


async def lived(folder: Path, case: Case, death: Death | None = None) -> MortalJournal:
    """Run, die, and go on in the next server; check what has become of it."""
    journal = MortalJournal(death)
    async with life(folder, case, journal) as person:
        await journal.lived(person.stage.begin("Change it"))
        assert {change.state for change in person.stage.listener.of(ChangeEvent)[:1]} <= {"proposed"}
    async with life(folder, case, MortalJournal()) as person:
        await check_end(person, case, await gone_on(person.stage))
    return journal


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_death_while_an_edit_is_looked_at_changes_nothing_of_the_end(tmp_path: Path, case: Case) -> None:
    async def check(death: Death) -> None:
        await lived(tmp_path / f"{death.moment}-{death.at}", case, death)

    whole = await lived(tmp_path / "whole", case)
    _, proposed, *_ = whole.announcing  # the first is the model's call; deaths before it has answered are no news
    await at_each(whole.deaths(proposed), check)
