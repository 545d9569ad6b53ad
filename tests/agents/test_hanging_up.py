"""Whoever hangs up or is stopped in the middle of something leaves nothing half done. Real store, whose answers wait for the test."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from typing_extensions import override

from agent_stage import Listener, says, staged
from coterie.agents.kept_runs import KeptRuns
from coterie.base.errors import StorageError
from coterie.base.ids import now
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import MessageEvent, RunEvent
from coterie.domain.records import Entry, EventRecord
from coterie.domain.runs import RunRequest, RunRow
from coterie.domain.store_ports import RunStore
from coterie.storage.store import Store


class SlowJournal:
    """A `RunStore` around another one, which has written what it was given before it says so."""

    def __init__(self) -> None:
        self._store: RunStore
        self.wrote = asyncio.Event()
        self.may_say_so = asyncio.Event()
        self.may_say_so.set()

    def around(self, store: RunStore) -> RunStore:
        """Stand between the agents and ``store``."""
        self._store = store
        return cast("RunStore", self)  # by `__getattr__`, which no type sees

    async def append(self, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        """Append, and say so later."""
        await self._store.append(run_id, entries, texts, durable=durable)
        self.wrote.set()
        await self.may_say_so.wait()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def hung_up(self, request: Coroutine[Any, Any, object]) -> None:
        """Begin something, and hang up when it has just been written down."""
        self.wrote.clear()
        self.may_say_so.clear()
        client = TaskSupervisor("client")
        asked = client.spawn(request, name="request")
        await self.wrote.wait()
        asked.cancel()
        self.may_say_so.set()
        await client.aclose()


async def test_a_run_that_was_begun_goes_on_whoever_hangs_up(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal = SlowJournal()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello.")]}, wrap=journal.around) as stage:
        await journal.hung_up(stage.runs.start(RunRequest(prompt="Hello")))
        assert (await stage.ended()).state == "succeeded"


async def test_who_hangs_up_and_says_something_else_steers_what_was_begun(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal, never = SlowJournal(), asyncio.Event()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello."), (never, *says("Hello?"))]}, wrap=journal.around) as stage:
        run_id = await stage.begin("Hello")
        await stage.ended()
        channel_id = (await stage.runs.get(run_id)).channel_id
        journal.wrote.clear()
        journal.may_say_so.clear()
        client = TaskSupervisor("client")
        request = client.spawn(stage.runs.start(RunRequest(prompt="Hello?", channel_id=channel_id)), name="request")
        await journal.wrote.wait()
        request.cancel()
        again = client.spawn(stage.runs.post(RunRequest(prompt="Hello!", channel_id=channel_id)), name="another request")
        asyncio.get_running_loop().call_soon(journal.may_say_so.set)
        begun, _ = await again
        assert begun != run_id
        assert begun == stage.listener.events[-1].run_id
        assert stage.coordinator.active_in(channel_id) == begun
        await client.aclose()


async def test_a_run_that_is_resumed_goes_on_whoever_hangs_up(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal = SlowJournal()
    never = asyncio.Event()
    async with staged(tmp_path / "home", project, {"chat": [(never, *says("Hello."))]}, wrap=journal.around) as stage:
        run_id = await stage.begin("Hello")
        await stage.listener.until(lambda event: isinstance(event, RunEvent) and event.state == "running")
        await stage.runs.interrupt(run_id)
        stage.listener.events.clear()
        never.set()
        await journal.hung_up(stage.runs.resume(run_id))
        assert (await stage.ended()).state == "succeeded"


class FullDisk(SlowJournal):
    """A `RunStore` that has no room for a while: none for what happens, and where it is overfull none to give a run up."""

    is_full = False
    is_overfull = False

    async def release(self, run_id: str) -> None:
        """Give a run up where there is room to write even that down."""
        if self.is_overfull:
            raise StorageError("The disk is full.", code="disk_full")
        await self._store.release(run_id)

    @override
    async def append(self, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        """Append where there is room."""
        if self.is_full:
            raise StorageError("The disk is full.", code="disk_full")
        await super().append(run_id, entries, texts, durable=durable)


async def test_a_run_that_cannot_be_begun_or_resumed_for_want_of_room_can_be_resumed_later(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal = FullDisk()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello."), says("Hello.")]}, wrap=journal.around) as stage:
        journal.is_full = True
        with pytest.raises(StorageError):
            await stage.begin("Hello")
        [begun] = (await stage.runs.list()).runs
        assert (await stage.runs.cancel(begun.run_id)).state == "interrupted"
        with pytest.raises(StorageError):
            await stage.runs.resume(begun.run_id)
        journal.is_full = False
        other = Store(tmp_path / "home")
        assert await other.runs.claim(begun.run_id), "no server keeps it from the others"
        await other.runs.release(begun.run_id)
        await other.aclose()
        await stage.runs.resume(begun.run_id)
        assert (await stage.ended()).state == "succeeded"
        assert [said.text for said in stage.listener.of(MessageEvent)] == ["Hello", "Hello."]


async def test_a_run_whose_end_cannot_be_written_is_interrupted_once_there_is_room(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal, never = FullDisk(), asyncio.Event()
    async with staged(tmp_path / "home", project, {"chat": [(never, *says("Hello."))]}, wrap=journal.around) as stage:
        run_id = await stage.begin("Hello")
        await stage.listener.until(lambda event: isinstance(event, RunEvent) and event.state == "running")
        channel_id = stage.listener.events[0].channel_id
        journal.is_full = journal.is_overfull = True
        await stage.runs.cancel(run_id)
        assert stage.coordinator.live == 0
        with pytest.raises(StorageError):
            await stage.runs.cancel(run_id)
        journal.is_full = journal.is_overfull = False
        never.set()
        await stage.begin("Hello?", channel_id=channel_id)
        await stage.listener.until(lambda event: isinstance(event, RunEvent) and event.state == "succeeded")
        assert (await stage.ended()).reason == "server_stopped", "so the first one ended"
        assert (await stage.runs.resume(run_id)).state == "running"


async def test_how_a_run_ended_whose_end_could_not_be_written_is_told_once_there_is_room(tmp_path: Path) -> None:
    store, journal, listener, free = Store(tmp_path), FullDisk(), Listener(), list[str]()
    kept = KeptRuns(journal.around(store.runs), listener, free.append)
    ends = RunEvent(state="running"), RunEvent(state="succeeded")
    for number, event in enumerate(ends):
        row = RunRow(
            run_id=f"run {number}",
            channel_id=f"c{number}",
            request=RunRequest(prompt="Hello"),
            workflow=None,
            agent="chat",
            state="queued",
            started_at=now(),
        )
        await kept.create(row)
        run = kept.new(row)
        await run.event(event)
        journal.is_overfull = True
        await kept.release(run.run_id, run)
        assert not await kept.release_rest()
        journal.is_overfull = False
    assert (listener.of(RunEvent), free) == ([*ends], [])
    assert await kept.release_rest()
    assert [(event.run_id, event.event.state) for event in listener.events[2:] if isinstance(event.event, RunEvent)] == [
        ("run 0", "interrupted")
    ]
    assert free == ["c0", "c1"]
    assert not await kept.release_rest()
    await store.aclose()


class SlowToOwn(SlowJournal):
    """A `RunStore` that has made a run ours before it says so."""

    async def claim(self, run_id: str) -> bool:
        """Own a run, and say so later."""
        owned = await self._store.claim(run_id)
        self.wrote.set()
        await self.may_say_so.wait()
        return owned


async def test_who_hangs_up_while_a_run_is_fetched_to_be_noted_in_does_not_keep_it(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal = SlowToOwn()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello.")]}, wrap=journal.around) as stage:
        run_id = await stage.begin("Hello")
        await stage.ended()
        said = MessageEvent(message_id="m", role="user", text="Hello")
        await journal.hung_up(stage.coordinator.note(run_id, EventRecord(event=said)))
        other = Store(tmp_path / "home")
        assert await other.runs.claim(run_id), "no server keeps it from the others"
        await other.aclose()


async def test_what_is_being_noted_in_a_run_is_noted_before_the_server_ends(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    journal, client = SlowToOwn(), TaskSupervisor("client")
    async with staged(tmp_path / "home", project, {"chat": [says("Hello.")]}, wrap=journal.around) as stage:
        run_id = await stage.begin("Hello")
        await stage.ended()
        journal.wrote.clear()
        journal.may_say_so.clear()
        said = MessageEvent(message_id="m", role="user", text="Noted")
        client.spawn(stage.coordinator.note(run_id, EventRecord(event=said)), name="note")
        await journal.wrote.wait()
        client.spawn(asyncio.sleep(0), name="let it say so").add_done_callback(lambda _: journal.may_say_so.set())
        await stage.coordinator.aclose()
        assert said in stage.listener.of(MessageEvent)
        await client.settled()


async def test_what_is_written_down_is_known_and_told_though_who_wrote_it_was_stopped(tmp_path: Path) -> None:
    store, journal, listener, agent = Store(tmp_path), SlowJournal(), Listener(), TaskSupervisor("agent")
    row = RunRow(
        run_id="run", channel_id="c", request=RunRequest(prompt="Hello"), workflow=None, agent="chat", state="queued", started_at=now()
    )
    kept = KeptRuns(journal.around(store.runs), listener, lambda _: None)
    await kept.create(row)
    run = kept.new(row)
    journal.may_say_so.clear()
    writing = agent.spawn(run.event(RunEvent(state="running")), name="write")
    await journal.wrote.wait()
    writing.cancel()
    journal.may_say_so.set()
    await asyncio.wait([writing])
    assert writing.cancelled()
    assert run.history.state.state == "running"
    assert [told.event for told in listener.events] == [RunEvent(state="running")]
    await store.aclose()
