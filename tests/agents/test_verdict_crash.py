"""The server dies at every record of a run in which a person rejects a hunk, before and after it is written, and the run goes on.

The file comes to the same bytes, the model hears of it once, what is left can be undone. A verdict whose request died is given again, as a
person would who sees that the hunk still stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent_stage import WITHIN_S, Stage, Turn, calls, says, staged
from coterie.agents.history import history_of
from coterie.base.errors import CoterieError, StorageError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import ENDED, AgentEvent, ChangeEvent, RunEvent
from coterie.domain.messages import AssistantMessage
from coterie.domain.store_ports import RunStore
from hunk_stage import BEFORE, LISTED, ONLY_SECOND, TWO_PLACES, Reviewer, project
from mortal_journal import Moment, MortalJournal

TOLD = "Rejected, and not in a.txt any more"
ONE_PLACE = {**TWO_PLACES, "edits": TWO_PLACES["edits"][:1]}


class Critic:
    """A person who rejects the first hunk as soon as it is there; ``decided`` is set when they have."""

    def __init__(self, stage: Stage, journal: MortalJournal, decided: asyncio.Event) -> None:
        self.person = Reviewer(stage)
        self.tasks = TaskSupervisor("critic")
        self._journal = journal
        self._decided = decided
        self._others = stage.listener.on_event
        stage.listener.on_event = self.hear

    def hear(self, event: AgentEvent) -> None:
        """Look at what is changed."""
        self._others(event)
        match event.event:
            case ChangeEvent(hunks=hunks) if hunks[0].is_open:
                self.tasks.spawn(self.reject(), name="reject")
            case RunEvent(state=state) if state in ENDED:
                self._journal.over.set()
            case _:
                pass

    async def reject(self) -> None:
        """Reject the hunk if it is there and nobody has."""
        try:
            if not (hunks := await self.person.all()):
                return  # it comes yet
            if hunks[0].review == "open":
                await self.person.decide("rejected", 0)
        except CoterieError:
            assert self._journal.dead
        self._decided.set()


@dataclass(frozen=True)
class Case:
    """What the agent edits, and what is left when the first hunk is rejected."""

    edit: Mapping[str, Any]
    left: str
    hunks: Sequence[tuple[str, str]]


CASES = {
    "a part of a change": Case(TWO_PLACES, ONLY_SECOND, [("rejected", "rejected"), ("applied", "open")]),
    "a whole change": Case(ONE_PLACE, BEFORE, [("rejected", "rejected")]),
}


@dataclass
class Life:
    """One server from its start to its end."""

    stage: Stage
    journal: MortalJournal
    critic: Critic

    @property
    def person(self) -> Reviewer:
        """Who decides."""
        return self.critic.person


@asynccontextmanager
async def life(folder: Path, case: Case, *, dies_at: int | None = None, moment: Moment = "after") -> AsyncIterator[Life]:
    """Be a server, whose model waits until the person has decided."""
    journals: list[MortalJournal] = []

    def mortal(store: RunStore) -> RunStore:
        journals.append(MortalJournal(store, dies_at, moment))
        return journals[0]

    if not (folder / "project").exists():
        project(folder / "project")
    decided = asyncio.Event()
    script: Mapping[str, Sequence[Turn]] = {"chat": (calls(("edit_file", case.edit)), (decided, *LISTED), says("Done."))}
    async with staged(folder / "home", folder / "project", script, wrap=mortal) as stage:
        critic = Critic(stage, journals[0], decided)
        yield Life(stage, journals[0], critic)
        await critic.tasks.aclose()


async def check_end(one: Life, case: Case, run_id: str) -> None:
    """Check that the run has ended as it does without a death."""
    assert one.stage.text("a.txt") == case.left
    history = history_of(await one.stage.store.runs.read(run_id))
    assert history.unresolved() == ()
    assert [(hunk.state, hunk.review) for hunk in await one.person.all()] == case.hunks
    [conversation] = history.conversations.values()
    said = [message.text if isinstance(message, AssistantMessage) else repr(message) for message in conversation.messages]
    assert sum(text.count(TOLD) for text in said) == 1
    assert (await one.stage.runs.undo(run_id)).conflicts == ()
    assert one.stage.text("a.txt") == BEFORE


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
            await second.critic.reject()  # what still stands, before the run goes on
            await second.stage.runs.resume(row.run_id)
            end = await second.stage.ended()
            assert end.state == "succeeded", end
        await check_end(second, case, row.run_id)


async def uninterrupted(folder: Path, case: Case) -> int:
    """Play the run to its end without a death; returns how often it writes."""
    async with life(folder, case) as whole:
        assert (await whole.stage.play("Change it")).state == "succeeded"
        appends = whole.journal.appends
        await check_end(whole, case, await whole.person.run_id())
        return appends


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_death_at_any_record_changes_nothing_of_the_end(tmp_path: Path, case: Case, moment: Moment) -> None:
    appends = await uninterrupted(tmp_path / "whole", case)
    for at in range(1, appends + 1):
        try:
            await check_crash(tmp_path / str(at), case, at, moment)
        except Exception as failure:
            failure.add_note(f"died {moment} append {at} of {appends}")
            raise
