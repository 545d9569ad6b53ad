"""What other servers do to channels is told once, to whoever has the list, and asked for only while somebody has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from typing_extensions import override

from coterie.app.hub import Hub
from coterie.base.errors import StorageError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.channels import Channel, ChannelChanged
from coterie.domain.store_ports import ChannelStore
from coterie.features.channel_news import ChannelNews
from coterie.features.channel_watch import ChannelWatch
from coterie.features.listener import Listener
from coterie.storage.store import Store

ONE = Channel(channel_id="one", title="One", folder="chats", state="idle", updated_at="2026-01-31T10:00:00.000Z")
TWO = replace(ONE, channel_id="two", title="Two")


class Hearing(Listener):
    """Keeps what it hears of channels."""

    def __init__(self) -> None:
        self.told: list[ChannelChanged] = []
        self.heard = asyncio.Event()

    @override
    def channel_changed(self, change: ChannelChanged) -> None:
        self.told.append(change)
        self.heard.set()

    def taken(self) -> list[tuple[str, str, str]]:
        """Return what was told since this was asked last: change, channel, title."""
        told, self.told = self.told, []
        return [(each.change, each.channel_id, "" if each.channel is None else each.channel.title) for each in told]


class Steps:
    """Stands for the pauses of a watch: each goes on when the test says so."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def pause(self, seconds: float) -> None:
        """Wait for the test."""
        assert seconds >= 1
        step = asyncio.Event()
        self._waiting.put_nowait(step)
        await step.wait()

    async def step(self) -> None:
        """Let one look happen, to its end."""
        (await self._waiting.get()).set()
        self._waiting.put_nowait(await self._waiting.get())

    @property
    def waiting(self) -> int:
        """How many watches wait."""
        return self._waiting.qsize()


class Stage:
    """One server's news, and another server's store on the same home."""

    def __init__(self, folder: Path) -> None:
        self.store, self.other = Store(folder), Store(folder)
        self.hearing, self.steps, self.tasks = Hearing(), Steps(), TaskSupervisor("test")
        hub = Hub()
        hub.join(self.hearing)
        self.news = ChannelNews(self.store.channels, hub, self.tasks, pending=lambda _: 7)
        self.looks = 0
        self.watch = ChannelWatch(self.store.channels, self.look, pause=self.steps.pause)

    async def look(self) -> None:
        """Count the looks."""
        self.looks += 1
        await self.news.list()


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """Make a stage with two channels that were listed."""
    stage = Stage(folder)
    await stage.other.channels.create(ONE)
    await stage.other.channels.create(TWO)
    assert {each.channel_id for each in await stage.news.list()} == {"one", "two"}
    try:
        yield stage
    finally:
        await stage.watch.aclose()
        await stage.tasks.aclose()
        await stage.store.aclose()
        await stage.other.aclose()


async def test_each_difference_is_told_once_and_what_is_the_same_is_not(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.watch.attend("a client")
        await stage.steps.step()
        assert stage.hearing.taken() == [], "the list is what was asked for"
        three = replace(ONE, channel_id="three", title="Three")
        await stage.other.channels.create(three)
        await stage.other.channels.update(replace(ONE, title="First"), "title")
        await stage.other.channels.delete("two")
        await stage.steps.step()
        assert [each.channel.pending_approvals for each in stage.hearing.told if each.channel] == [7, 7]
        assert sorted(stage.hearing.taken()) == [("created", "three", "Three"), ("deleted", "two", ""), ("updated", "one", "First")]
        await stage.other.channels.update(replace(ONE, title="First"), "title")
        await stage.steps.step()
        assert stage.hearing.taken() == []


async def test_the_list_is_read_only_after_others_have_written(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.watch.attend("a client")
        await stage.steps.step()
        assert stage.looks == 1, "what came after the client's own look is found"
        await stage.store.channels.update(replace(ONE, title="Ours"), "title")
        await stage.steps.step()
        assert stage.looks == 1, "what this server writes is told as it is written"
        await stage.other.favourites.mark("a/model", favourite=True)
        await stage.steps.step()
        await stage.steps.step()
        assert stage.looks == 2


async def test_nobody_asks_once_all_who_had_the_list_are_gone(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        assert stage.steps.waiting == 0, "nobody has attended"
        for client in ("one", "one", "two"):
            stage.watch.attend(client)
        stage.watch.leave("one")
        await stage.steps.step()
        assert stage.steps.waiting == 1, "one watch for all"
        stage.watch.leave("two")
        stage.watch.leave("two")
        stage.watch.attend("three")
        await stage.other.channels.delete("two")
        await stage.steps.step()  # the pause of the watch that ended
        await stage.steps.step()
        assert stage.hearing.taken() == [("deleted", "two", "")]


class Failing:
    """A store that cannot be read now and then."""

    def __init__(self, store: ChannelStore, outcomes: list[bool]) -> None:
        self._store, self._outcomes = store, outcomes

    async def version(self) -> int:
        """Fail, or ask the store."""
        if self._outcomes.pop(0):
            raise StorageError("The disk is full.", code="storage_full")
        return await self._store.version()


async def test_a_store_that_cannot_be_read_is_asked_again(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        watch = ChannelWatch(cast("ChannelStore", Failing(stage.store.channels, [True, True, False])), stage.look, pause=stage.steps.pause)
        watch.attend("a client")
        await stage.other.channels.delete("two")
        for looks in (0, 0, 1):
            await stage.steps.step()
            assert stage.looks == looks
        assert stage.hearing.taken() == [("deleted", "two", "")]
        await watch.aclose()


class Slow:
    """A store whose list is there when the test says so."""

    def __init__(self, store: ChannelStore) -> None:
        self._store = store
        self.read, self.go = asyncio.Event(), asyncio.Event()

    async def list(self) -> tuple[Channel, ...]:
        """Read the list, then wait."""
        found = await self._store.list()
        self.read.set()
        await self.go.wait()
        return found

    async def get(self, channel_id: str) -> Channel | None:
        """Return a channel."""
        return await self._store.get(channel_id)


@pytest.mark.parametrize("own", ["created", "updated", "deleted"])
async def test_what_this_server_tells_while_the_list_is_read_is_told_once_and_stays_the_latest(tmp_path: Path, own: str) -> None:
    three = replace(ONE, channel_id="three", title="Three")
    async with staged(tmp_path) as stage:
        match own:
            case "created":
                await stage.store.channels.create(three)
            case "updated":
                await stage.other.channels.update(replace(ONE, title="Theirs"), "title")
            case _:
                await stage.store.channels.delete("one")
        slow = Slow(stage.store.channels)
        stage.news._channels = cast("ChannelStore", slow)
        listed = stage.tasks.spawn(stage.news.list(), name="list")
        await slow.read.wait()
        match own:
            case "created":
                stage.news.created(three)
            case "updated":
                await stage.store.channels.update(replace(ONE, title="Ours"), "title")
                stage.news.touched("one")
                await stage.hearing.heard.wait()
            case _:
                stage.news.deleted("one")
        assert [change for change, *_ in stage.hearing.taken()] == [own]
        slow.go.set()
        await listed
        assert stage.hearing.taken() == []
