"""Several servers on one home: each leaves the others' live runs alone, and the runs of a dead one are interrupted."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from coterie.domain.channels import Channel
from coterie.domain.edits import digest_of
from coterie.domain.events import RunEvent
from coterie.domain.records import Entry, EventRecord
from coterie.domain.runs import RunRequest, RunRow
from coterie.storage.store import Store

AT = "2026-01-31T10:00:00.000Z"
OTHER = "channel_of_the_other"
StartServer = Callable[[str, str], Awaitable[asyncio.subprocess.Process]]


def states(entries: tuple[Entry, ...]) -> list[tuple[str, str | None]]:
    """Return the states that a run went through, by its journal."""
    events = [entry.record.event for entry in entries if isinstance(entry.record, EventRecord)]
    return [(event.state, event.reason) for event in events if isinstance(event, RunEvent)]


async def state_of(store: Store, run_id: str) -> tuple[str, str | None] | None:
    """Return a run's state and its reason."""
    row = await store.runs.row(run_id)
    return None if row is None else (row.state, row.reason)


async def test_a_live_servers_run_is_its_own_and_a_killed_ones_is_interrupted(store: Store, start_server: StartServer) -> None:
    one, two = await asyncio.gather(start_server("run_a", "idle"), start_server("run_b", "idle"))
    await store.channels.create(Channel(channel_id=OTHER, title="", folder="chats", state="idle", updated_at=AT))
    assert await state_of(store, "run_a") == await state_of(store, "run_b") == ("running", None)
    assert not await store.runs.claim("run_a")
    assert [channel.state for channel in await store.channels.list()] == ["active"]

    one.kill()
    await one.wait()
    assert await state_of(store, "run_a") == ("interrupted", "server_stopped")
    assert await state_of(store, "run_b") == ("running", None)
    entries = await store.runs.read("run_a")
    assert states(entries) == [("running", None), ("interrupted", "server_stopped")]
    assert entries[-1].seq == 11, "the dead server had reserved ten"
    assert [channel.state for channel in await store.channels.list()] == ["active"]

    two.kill()
    await two.wait()
    assert [channel.state for channel in await store.channels.list()] == ["idle"]
    assert {row.run_id for row in await store.runs.rows(states=["interrupted"])} == {"run_b", "run_a"}
    assert await store.runs.read("run_a") == entries, "said once"
    assert await store.runs.claim("run_a")


async def test_a_server_that_is_killed_in_mid_transaction_leaves_nothing_of_it(store: Store, start_server: StartServer) -> None:
    other = await start_server("run_a", "inside")
    other.kill()
    await other.wait()
    assert states(await store.runs.read("run_a")) == [("running", None), ("interrupted", "server_stopped")]
    with pytest.raises(Exception, match="no text"):
        await store.runs.text(digest_of("kept or not"))


async def test_a_server_that_shuts_down_in_order_gives_up_its_runs(store: Store, start_server: StartServer, tmp_path: Path) -> None:
    other = await start_server("run_a", "idle")
    await other.communicate(b"")
    assert other.returncode == 0
    assert list((tmp_path / "owners").iterdir()) == []
    assert await state_of(store, "run_a") == ("interrupted", "server_stopped")


async def test_of_two_living_servers_one_gets_a_run_that_was_released(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path)
    request = RunRequest(prompt="Hello")
    row = RunRow(run_id="run_1", channel_id="c", request=request, workflow=None, agent=None, state="running", started_at=AT)
    await store.runs.create(row)
    assert not await other.runs.claim("run_1")
    assert await store.runs.claim("run_1"), "it is ours already"
    await store.runs.append("run_1", [Entry(1, AT, EventRecord(event=RunEvent(state="succeeded")))])
    assert not await other.runs.claim("run_1"), "ended, and not released"
    await store.runs.release("run_1")
    assert sorted(await asyncio.gather(store.runs.claim("run_1"), other.runs.claim("run_1"))) == [False, True]
    assert await state_of(store, "run_1") == ("succeeded", None)
    assert not await store.runs.claim("run_2"), "there is no such run"
    await other.aclose()
    assert await store.runs.claim("run_1"), "the other one is gone"


async def test_servers_that_start_on_one_empty_home_at_once_all_work(tmp_path: Path) -> None:
    stores = [Store(tmp_path) for _ in range(6)]
    channels = [Channel(channel_id=f"c{number}", title="", folder="chats", state="idle", updated_at=AT) for number in range(6)]
    await asyncio.gather(*(store.channels.create(channel) for store, channel in zip(stores, channels, strict=True)))
    assert {channel.channel_id for channel in await stores[0].channels.list()} == {channel.channel_id for channel in channels}
    await asyncio.gather(*(store.aclose() for store in stores))
