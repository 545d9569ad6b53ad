"""What a person says while a run ends is heard by an agent, or they are told that nobody hears it. Real store, whose end waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from agent_stage import Stage, Turn, says, staged
from coterie.agents.live_run import LiveRun
from coterie.agents.run_ports import Walk
from coterie.base.errors import RequestError
from coterie.base.ids import now
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import ENDED, AgentEvent, MessageEvent, RunEvent, WarningEvent
from coterie.domain.records import Entry, EventRecord
from coterie.domain.runs import RunRequest, RunRow
from coterie.domain.store_ports import RunStore

TURNS = 20
"""In so many turns of the loop a request that nothing holds up has done what it does without the disk."""


class SlowToEnd:
    """A `RunStore` around another one, which has written the end of the first run before it says so."""

    def __init__(self) -> None:
        self._store: RunStore
        self.wrote = asyncio.Event()
        self.may_say_so = asyncio.Event()

    def around(self, store: RunStore) -> RunStore:
        """Stand between the agents and ``store``."""
        self._store = store
        return cast("RunStore", self)  # by `__getattr__`, which no type sees

    async def append(self, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        """Append, and say later that it is the end."""
        await self._store.append(run_id, entries, texts, durable=durable)
        told = [entry.record.event for entry in entries if isinstance(entry.record, EventRecord)]
        if any(isinstance(event, RunEvent) and event.state in ENDED for event in told):
            self.wrote.set()
            await self.may_say_so.wait()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def turns_pass() -> None:
    """Let others go on."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def spoken(stage: Stage, text: str) -> Sequence[AgentEvent]:
    """Return the messages with this text, as they were told."""
    return [event for event in stage.listener.events if isinstance(event.event, MessageEvent) and event.event.text == text]


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_who_posts_while_a_run_ends_begins_the_next_one(*, is_cancelled: bool, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal, never, client = SlowToEnd(), asyncio.Event(), TaskSupervisor("client")
    script: dict[str, Sequence[Turn]] = {"chat": [(never, *says("Hello.")) if is_cancelled else says("Hello.")]}
    async with staged(tmp_path / "home", project, script, wrap=journal.around) as stage:
        run_id = await stage.begin("Hello")
        channel_id = stage.listener.events[0].channel_id
        if is_cancelled:
            client.spawn(stage.runs.cancel(run_id), name="cancel")
        await journal.wrote.wait()
        stage.model.script = {"chat": [says("Hello!")]}
        posting = client.spawn(stage.runs.post(RunRequest(prompt="Louder", channel_id=channel_id)), name="post")
        await turns_pass()
        journal.may_say_so.set()
        posted, message_id = await posting
        await stage.listener.until(lambda event: isinstance(event, MessageEvent) and event.text == "Hello!")
        assert posted != run_id
        [said] = spoken(stage, "Louder")
        assert (said.run_id, cast("MessageEvent", said.event).message_id) == (posted, message_id)
        await client.settled()


async def test_who_steers_a_run_while_it_ends_is_refused(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal, client = SlowToEnd(), TaskSupervisor("client")
    async with staged(tmp_path / "home", project, {"chat": [says("Hello.")]}, wrap=journal.around) as stage:
        run_id = await stage.begin("Hello")
        await journal.wrote.wait()

        async def steer() -> str:
            try:
                return await stage.runs.steer(run_id, "Louder")
            except RequestError as refused:
                return refused.code

        steering = client.spawn(steer(), name="steer")
        await turns_pass()
        journal.may_say_so.set()
        assert await steering == "run_ended"
        assert not spoken(stage, "Louder")


class Interrupting:
    """Stands for where a run is at home: a person says something when all its agents are done."""

    def __init__(self, stage: Stage) -> None:
        self.workspace = stage.workspace
        self._stage = stage
        self._run_id = ""

    async def assemble(self, run: LiveRun) -> Walk:
        """Make a walk."""
        self._run_id = run.run_id
        return self

    async def walk(self) -> None:
        """Hear a person at the end."""
        await self._stage.coordinator.steer(self._run_id, "Louder")


async def test_that_no_agent_has_read_what_was_said_at_the_end_is_told_with_the_end(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    async with staged(tmp_path / "home", project, {}) as stage:
        row = RunRow(
            run_id="run", channel_id="c", request=RunRequest(prompt="Hello"), workflow=None, agent="chat", state="queued", started_at=now()
        )
        await stage.coordinator.start(row, Interrupting(stage))
        await stage.ended()
        assert [event.code for event in stage.listener.of(WarningEvent)] == ["not_heard"]
        assert [type(event.event) for event in stage.listener.events[-3:]] == [MessageEvent, WarningEvent, RunEvent]
