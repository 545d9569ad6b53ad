"""Requests that cross: one comes while another one begins, ends, resumes or takes back a run, at each turn of the loop. Real store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agent_stage import Stage, says, staged
from coterie.agents.live_run import LiveRun
from coterie.agents.run_ports import Walk
from coterie.base.errors import RequestError
from coterie.base.ids import now
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import ENDED, AgentEvent, Event, MessageEvent, RunEvent
from coterie.domain.runs import RunRequest, RunRow
from coterie.domain.workspace_ports import Workspace
from coterie.storage.store import Store

TURNS = 14
"""So many turns of the loop after something is told whatever follows from it has been done, but for what the disk is asked."""


def after(turns: int, call: Callable[[], object]) -> None:
    """Call something after so many turns of the loop."""
    if turns:
        asyncio.get_running_loop().call_soon(after, turns - 1, call)
    else:
        call()


class Crossing:
    """Sends a request so many turns after the first event that ``told`` picks."""

    def __init__(self, stage: Stage, turns: int, told: Callable[[Event], bool], request: Callable[[str], Coroutine[Any, Any, Any]]) -> None:
        self._client = TaskSupervisor("another client")
        self._answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._turns = turns
        self._told = told
        self._request = request
        stage.listener.on_event = self._hear

    def _hear(self, event: AgentEvent) -> None:
        if self._told(event.event):
            self._told = lambda _: False
            run_id = event.run_id or ""
            after(self._turns, lambda: self._client.spawn(self._send(run_id), name="request"))

    async def _send(self, run_id: str) -> None:
        try:
            self._answer.set_result(await self._request(run_id))
        except RequestError as refused:
            self._answer.set_result(refused.code)

    async def answer(self) -> Any:
        """Return what came of the request: its result, or the code of its refusal."""
        return await self._answer


def in_state(*states: str) -> Callable[[Event], bool]:
    """Pick the event of a run that comes to one of these states."""
    return lambda event: isinstance(event, RunEvent) and event.state in states


def answered(event: Event) -> bool:
    """Pick the model's answer."""
    return isinstance(event, MessageEvent) and event.role == "assistant"


def states(stage: Stage) -> Sequence[str]:
    """Return what was told of how runs stand."""
    return [event.state for event in stage.listener.of(RunEvent)]


async def is_free(home: Path, run_id: str) -> bool:
    """Say whether a run has ended, and another server could go on with it."""
    other = Store(home)
    try:
        row = await other.runs.row(run_id)
        assert row is not None
        return row.state in ENDED and await other.runs.claim(run_id)
    finally:
        await other.aclose()


@pytest.mark.parametrize("turns", range(TURNS))
async def test_a_run_is_cancelled_by_who_has_just_heard_of_it(turns: int, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    async with staged(tmp_path / "home", project, {"chat": [(asyncio.Event(), *says("Hello."))]}) as stage:
        crossing = Crossing(stage, turns, in_state("queued"), stage.runs.cancel)
        run_id = await stage.begin("Hello")
        assert (await crossing.answer()).state == "cancelled"
        assert states(stage)[-1] == "cancelled"
        assert stage.coordinator.live == 0
        assert await is_free(tmp_path / "home", run_id)


@pytest.mark.parametrize("turns", range(TURNS))
async def test_a_run_that_was_just_begun_is_interrupted_when_the_server_ends(turns: int, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    async with staged(tmp_path / "home", project, {"chat": [(asyncio.Event(), *says("Hello."))]}) as stage:
        crossing = Crossing(stage, turns, in_state("queued"), lambda _: stage.coordinator.aclose())
        await stage.begin("Hello")
        await crossing.answer()
        assert stage.coordinator.live == 0
        assert (await stage.ended()).reason == "server_stopped"


@pytest.mark.parametrize("turns", range(TURNS))
async def test_who_steers_a_run_of_which_they_have_just_heard_is_heard(turns: int, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    never = asyncio.Event()
    async with staged(tmp_path / "home", project, {"chat": [(never, *says("Hello.")), says("Hello!")]}) as stage:
        crossing = Crossing(stage, turns, in_state("queued"), lambda run_id: stage.runs.steer(run_id, "Louder"))
        await stage.begin("Hello")
        said = await crossing.answer()
        never.set()
        assert (await stage.ended()).state == "succeeded"
        assert [(each.message_id, each.text) for each in stage.listener.of(MessageEvent) if each.text == "Louder"] == [(said, "Louder")]


@pytest.mark.parametrize("turns", range(TURNS))
@pytest.mark.parametrize("is_resumed", [False, True])
async def test_who_comes_when_a_run_was_just_told_hears_how_it_stands(*, turns: int, is_resumed: bool, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()

    async def come(_: str) -> Sequence[str]:
        return [event.event.state for event in stage.coordinator.standing() if isinstance(event.event, RunEvent)]

    async with staged(tmp_path / "home", project, {"chat": [(asyncio.Event(), *says("Hello."))]}) as stage:
        if is_resumed:
            run_id = await stage.begin("Hello")
            await stage.runs.interrupt(run_id)
            crossing = Crossing(stage, turns, in_state("running"), come)
            await stage.runs.resume(run_id)
        else:
            crossing = Crossing(stage, turns, in_state("queued"), come)
            await stage.begin("Hello")
        assert await crossing.answer() in (["queued"], ["running"])


@pytest.mark.parametrize("turns", range(TURNS))
async def test_what_is_just_begun_is_not_taken_back_nor_given_up(turns: int, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    never = asyncio.Event()
    async with staged(tmp_path / "home", project, {"chat": [(never, *says("Hello."))]}) as stage:
        crossing = Crossing(stage, turns, in_state("queued"), stage.runs.undo)
        run_id = await stage.begin("Hello")
        assert await crossing.answer() == "run_active"
        row = await stage.store.runs.row(run_id)  # who reads it finds out whether anybody has it
        assert row is not None
        assert row.state not in ENDED
        never.set()
        assert (await stage.ended()).state == "succeeded"


@pytest.mark.parametrize("turns", range(TURNS))
@pytest.mark.parametrize("told", [answered, in_state("succeeded")])
async def test_a_run_that_is_stopped_at_its_end_ends_once_and_is_given_up(
    turns: int, told: Callable[[Event], bool], tmp_path: Path
) -> None:
    (project := tmp_path / "project").mkdir()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello.")]}) as stage:
        crossing = Crossing(stage, turns, told, stage.runs.cancel)
        run_id = await stage.begin("Hello")
        state = (await crossing.answer()).state
        assert [each for each in states(stage) if each in ENDED] == [state]
        assert stage.coordinator.live == 0
        assert await is_free(tmp_path / "home", run_id)


class Deciding:
    """Stands for where a run is at home: each one is over at once, but a verdict on it is carried out until the test lets it be done."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.is_over = asyncio.Event()
        self._run: LiveRun

    async def assemble(self, run: LiveRun) -> Walk:
        """Make a walk."""
        self._run = run
        return self

    async def walk(self) -> None:
        """Come to the end."""
        await self._run.deciding.acquire()
        self.is_over.set()

    def decided(self) -> None:
        """Let the verdict be carried out."""
        self._run.deciding.release()


@pytest.mark.parametrize("is_closing", [False, True])
async def test_who_stops_a_run_while_its_end_waits_for_a_verdict_gets_its_end(*, is_closing: bool, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    async with staged(tmp_path / "home", project, {}) as stage:
        base, client = Deciding(stage.workspace), TaskSupervisor("client")
        row = RunRow(
            run_id="run", channel_id="c", request=RunRequest(prompt="Hello"), workflow=None, agent="chat", state="queued", started_at=now()
        )
        await stage.coordinator.start(row, base)
        await base.is_over.wait()
        stopping = stage.coordinator.aclose() if is_closing else stage.coordinator.stop("run", "cancelled")
        stopped = client.spawn(stopping, name="stop")
        after(TURNS, base.decided)
        assert await stopped == (None if is_closing else "succeeded")
        assert (await stage.ended()).state == "succeeded"
        assert await is_free(tmp_path / "home", "run")


@pytest.mark.parametrize("turns", range(1, TURNS))
async def test_who_cancels_a_run_that_is_being_resumed_has_it_cancelled(turns: int, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    async with staged(tmp_path / "home", project, {"chat": [(asyncio.Event(), *says("Hello."))]}) as stage:
        run_id = await stage.begin("Hello")
        await stage.runs.interrupt(run_id)
        client, cancelling = TaskSupervisor("client"), asyncio.get_running_loop().create_future()

        async def cancel() -> None:
            cancelling.set_result(await stage.coordinator.stop(run_id, "cancelled"))

        client.spawn(stage.coordinator.resume(run_id, stage.base), name="resume")
        after(turns, lambda: client.spawn(cancel(), name="cancel"))
        assert await cancelling == "cancelled"
        await client.settled()
        assert stage.coordinator.live == 0
        assert await is_free(tmp_path / "home", run_id)


@pytest.mark.parametrize("turns", range(TURNS))
async def test_of_two_that_speak_in_a_channel_at_once_one_begins_and_one_steers(turns: int, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    never = asyncio.Event()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello."), (never, *says("Hello?")), says("Hello!")]}) as stage:
        await stage.begin("Hello")
        await stage.ended()
        channel_id = stage.listener.events[0].channel_id
        window = stage.joined()
        client = TaskSupervisor("clients")
        posted = [client.spawn(stage.runs.post(RunRequest(prompt="One", channel_id=channel_id)), name="one")]
        after(turns, lambda: posted.append(client.spawn(window.post(RunRequest(prompt="Two", channel_id=channel_id)), name="two")))
        first, _ = await posted[0]
        await client.settled()
        assert [(await each)[0] for each in posted] == [first, first]
        assert stage.coordinator.live == 1
        never.set()
        with suppress(asyncio.CancelledError):
            await client.aclose()


@pytest.mark.parametrize("turns", range(1, 2 * TURNS))
@pytest.mark.parametrize("is_archived", [False, True])
async def test_a_channel_is_not_put_away_under_a_run_that_is_being_begun(*, turns: int, is_archived: bool, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    never = asyncio.Event()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello."), (never, *says("Hello?"))]}) as stage:
        channel_id = (await stage.channels.open(title="Talk")).channel_id
        client = TaskSupervisor("clients")
        away = stage.channels.archive if is_archived else stage.channels.delete

        async def put_away() -> str:
            try:
                await away(channel_id)
            except RequestError as refused:
                return refused.code
            return "done"

        begun = client.spawn(stage.begin("Hello?", channel_id=channel_id), name="begin")
        putting: list[asyncio.Task[str]] = []
        after(turns, lambda: putting.append(client.spawn(put_away(), name="put away")))
        await begun
        assert await putting[0] == "run_active"
        never.set()
        await stage.ended()
        assert [channel.state for channel in await stage.channels.list()] == ["idle"]
        await client.settled()


@pytest.mark.parametrize("turns", range(1, TURNS))
async def test_a_channel_that_is_made_for_a_run_is_told_whoever_hangs_up(turns: int, tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello.")]}) as stage:
        client = TaskSupervisor("client")
        request = client.spawn(stage.begin("Hello"), name="begin")
        for _ in range(turns):
            await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait([request])
        told = [(change.change, change.channel_id) for change in stage.listener.channels]
        assert told == [("created", channel.channel_id) for channel in await stage.store.channels.list()]
        assert (await stage.ended()).state == "succeeded"
