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

from agent_stage import Stage, Turn, calls, says, staged
from coterie.agents.history import history_of
from coterie.base.errors import CoterieError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import AgentEvent, ChangeEvent
from coterie.domain.messages import AssistantMessage
from hunk_stage import BEFORE, LISTED, ONLY_SECOND, TWO_PLACES, Reviewer, project
from mortal_journal import Death, MortalJournal, at_each, gone_on

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
        if isinstance(event.event, ChangeEvent) and event.event.hunks[0].is_open:
            self.tasks.spawn(self.reject(), name="reject")

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


@asynccontextmanager
async def life(folder: Path, case: Case, journal: MortalJournal) -> AsyncIterator[Critic]:
    """Be a server, whose model waits until the person has decided."""
    if not (folder / "project").exists():
        project(folder / "project")
    decided = asyncio.Event()
    script: Mapping[str, Sequence[Turn]] = {"chat": (calls(("edit_file", case.edit)), (decided, *LISTED), says("Done."))}
    async with staged(folder / "home", folder / "project", script, wrap=journal.around) as stage:
        journal.heed(stage.listener)
        critic = Critic(stage, journal, decided)
        yield critic
        await critic.tasks.aclose()


async def check_end(critic: Critic, case: Case, run_id: str) -> None:
    """Check that the run has ended as it does without a death."""
    stage = critic.person.stage
    assert stage.text("a.txt") == case.left
    history = history_of(await stage.store.runs.read(run_id))
    assert history.unresolved() == ()
    assert [(hunk.state, hunk.review) for hunk in await critic.person.all()] == case.hunks
    [conversation] = history.conversations.values()
    said = [message.text if isinstance(message, AssistantMessage) else repr(message) for message in conversation.messages]
    assert sum(text.count(TOLD) for text in said) == 1
    assert (await stage.runs.undo(run_id)).conflicts == ()
    assert stage.text("a.txt") == BEFORE


async def lived(folder: Path, case: Case, death: Death | None = None) -> MortalJournal:
    """Run, die, and go on in the next server; check what has become of it."""
    journal = MortalJournal(death)
    async with life(folder, case, journal) as critic:
        await journal.lived(critic.person.stage.begin("Change it"))
    async with life(folder, case, MortalJournal()) as critic:
        # What still stands is decided before the run goes on.
        await check_end(critic, case, await gone_on(critic.person.stage, first=critic.reject))
    return journal


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_death_at_any_record_changes_nothing_of_the_end(tmp_path: Path, case: Case) -> None:
    async def check(death: Death) -> None:
        await lived(tmp_path / f"{death.moment}-{death.at}", case, death)

    await at_each((await lived(tmp_path / "whole", case)).deaths(), check)
