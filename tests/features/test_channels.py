"""Everyone is told what is written of a channel, also where who asked for it hangs up in the middle. Real store, whose answers wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest

from agent_stage import says, staged
from coterie.base.tasks import TaskSupervisor
from coterie.domain.store_ports import ChannelStore
from coterie.features.channel_news import ChannelNews
from coterie.features.channel_watch import ChannelWatch
from coterie.features.channels import ChannelService

WRITES = {"create", "fork", "update", "delete"}


class SlowChannels:
    """A `ChannelStore` around another one, which has written what it was given before it says so."""

    def __init__(self, store: ChannelStore) -> None:
        self._store = store
        self.wrote = asyncio.Event()
        self.may_say_so = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Awaitable[Any]] = getattr(self._store, name)
        return self._slowly(method) if name in WRITES else method

    def _slowly(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def write(*arguments: Any) -> Any:
            done = await method(*arguments)
            self.wrote.set()
            await self.may_say_so.wait()
            return done

        return write


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda channels, _: channels.open(title="Another"), "created"),
        (lambda channels, channel_id: channels.fork(channel_id), "created"),
        (lambda channels, channel_id: channels.rename(channel_id, "Another"), "updated"),
        (lambda channels, channel_id: channels.archive(channel_id), "updated"),
        (lambda channels, channel_id: channels.delete(channel_id), "deleted"),
    ],
    ids=["open", "fork", "rename", "archive", "delete"],
)
async def test_what_is_written_of_a_channel_is_told_whoever_hangs_up(
    ask: Callable[[ChannelService, str], Coroutine[Any, Any, object]], told: str, tmp_path: Path
) -> None:
    (project := tmp_path / "project").mkdir()
    async with staged(tmp_path / "home", project, {"chat": [says("Hello.")]}) as stage:
        await stage.begin("Hello")
        await stage.ended()
        channel_id = stage.listener.channels[0].channel_id
        slow, tasks, client = SlowChannels(stage.store.channels), TaskSupervisor("news"), TaskSupervisor("client")
        store = cast("ChannelStore", slow)
        news = ChannelNews(store, stage.listener, tasks, pending=lambda _: 0)
        channels = ChannelService(store, stage.store.runs, stage.runs, news, ChannelWatch(store, news.list))
        stage.listener.channels.clear()
        request = client.spawn(ask(channels, channel_id), name="request")
        await slow.wrote.wait()
        request.cancel()
        slow.may_say_so.set()
        await client.aclose()
        await tasks.settled()
        assert [change.change for change in stage.listener.channels] == [told]
