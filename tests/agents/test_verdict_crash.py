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

import pytest

from agent_stage import WITHIN_S, Stage, Turn, says, staged
from coterie.agents.history import history_of
from coterie.base.errors import CoterieError, StorageError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import ENDED, AgentEvent, ChangeEvent, RunEvent
from coterie.domain.messages import AssistantMessage
from coterie.domain.store_ports import RunStore
from hunk_stage import BEFORE, EDITS, LISTED, ONLY_SECOND, Reviewer, project
from mortal_journal import Moment, MortalJournal

TOLD = "Rejected, and not in a.txt any more"


class Critic:
    """A person who rejects the first hunk as soon as it is there, or still is after a restart; ``decided`` is set when they have."""

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
                self.tasks.spawn(self._reject(), name="reject")
            case RunEvent(state="running", reason="resumed"):
                self.tasks.spawn(self._reject(), name="reject what stands")
            case RunEvent(state=state) if state in ENDED:
                self._journal.over.set()
            case _:
                pass

    async def _reject(self) -> None:
        try:
            if not (hunks := await self.person.all()):
                return  # it comes yet
            if hunks[0].review == "open":
                await self.person.decide("rejected", 0)
        except CoterieError:
            assert self._journal.dead
        self._decided.set()


@dataclass
class Life:
    """One server from its start to its end."""

    stage: Stage
    journal: MortalJournal
    person: Reviewer


@asynccontextmanager
async def life(folder: Path, *, dies_at: int | None = None, moment: Moment = "after") -> AsyncIterator[Life]:
    """Be a server, whose model waits until the person has decided."""
    journals: list[MortalJournal] = []

    def mortal(store: RunStore) -> RunStore:
        journals.append(MortalJournal(store, dies_at, moment))
        return journals[0]

    if not (folder / "project").exists():
        project(folder / "project")
    decided = asyncio.Event()
    script: Mapping[str, Sequence[Turn]] = {"chat": (EDITS[0], (decided, *LISTED), LISTED, says("Done."))}
    async with staged(folder / "home", folder / "project", script, wrap=mortal) as stage:
        critic = Critic(stage, journals[0], decided)
        yield Life(stage, journals[0], critic.person)
        await critic.tasks.aclose()


async def check_end(one: Life, run_id: str) -> None:
    """Check that the run has ended as it does without a death."""
    assert one.stage.text("a.txt") == ONLY_SECOND
    history = history_of(await one.stage.store.runs.read(run_id))
    assert history.unresolved() == ()
    assert [(hunk.state, hunk.review) for hunk in await one.person.all()] == [("rejected", "rejected"), ("applied", "open")]
    [conversation] = history.conversations.values()
    said = [message.text if isinstance(message, AssistantMessage) else repr(message) for message in conversation.messages]
    assert sum(text.count(TOLD) for text in said) == 1
    assert (await one.stage.runs.undo(run_id)).conflicts == ()
    assert one.stage.text("a.txt") == BEFORE


async def check_crash(folder: Path, at: int, moment: Moment) -> None:
    """Die at one point, and resume."""
    async with life(folder, dies_at=at, moment=moment) as first:
        try:
            await first.stage.begin("Change it")
        except StorageError:
            assert first.journal.dead
        async with asyncio.timeout(WITHIN_S):
            await first.journal.over.wait()
    async with life(folder) as second:
        [row] = await second.stage.store.runs.rows()
        if row.state != "succeeded":
            assert row.state == "interrupted"
            await second.stage.runs.resume(row.run_id)
            end = await second.stage.ended()
            assert end.state == "succeeded", end
        await check_end(second, row.run_id)


async def uninterrupted(folder: Path) -> int:
    """Play the run to its end without a death; returns how often it writes."""
    async with life(folder) as whole:
        assert (await whole.stage.play("Change it")).state == "succeeded"
        appends = whole.journal.appends
        await check_end(whole, await whole.person.run_id())
        return appends


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_death_at_any_record_changes_nothing_of_the_end(tmp_path: Path, moment: Moment) -> None:
    appends = await uninterrupted(tmp_path / "whole")
    for at in range(1, appends + 1):
        try:
            await check_crash(tmp_path / str(at), at, moment)
        except Exception as failure:
            failure.add_note(f"died {moment} append {at} of {appends}")
            raise
