"""Answers that cost no call: of a call that is under way, and of one that was made before. Only to what is the same in every respect."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.messages import (
    Finished,
    ModelRequest,
    Reused,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UsageReported,
    UserMessage,
)
from coterie.domain.model_ports import Provider
from coterie.domain.status import ModelView
from coterie.domain.usage import NO_USAGE, Usage
from coterie.providers.config import ApiKey, ProviderConfig
from coterie.providers.contract import BaseProvider
from coterie.providers.resilience.cache import Cached, CacheLimits, ResponseCache
from coterie.providers.resilience.sharing import Shared
from provider_calls import KEY, REQUEST

SAME = replace(REQUEST, temperature=0.0)
USED = UsageReported(Usage(input=100, cache_read=0, cache_write=0, output=10))
WHOLE: Sequence[StreamEvent] = (
    ThoughtDelta("Hm.", signature="proof"),
    TextDelta("Hello "),
    TextDelta("\u2028world."),
    ToolCallStarted("call_1", "edit_file"),
    ToolCallArguments("call_1", '{"path": "a"}'),
    ToolCallEnded("call_1"),
    USED,
    Finished("tool_calls"),
)


class Host(BaseProvider):
    """A host that answers with ``events``, waits where an event of asyncio stands, and knows its calls."""

    def __init__(self, *events: StreamEvent | asyncio.Event | ProviderError) -> None:
        super().__init__(ProviderConfig(id="work", type="openai_compatible"))
        self.requests: list[ModelRequest] = []
        self.closed = 0
        self._events = events

    @override
    async def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        self.requests.append(request)
        try:
            for event in self._events:
                if isinstance(event, asyncio.Event):
                    await event.wait()
                elif isinstance(event, ProviderError):
                    raise event
                else:
                    yield event
        finally:
            self.closed += 1

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        return ()


async def gather(provider: Provider, request: ModelRequest = SAME) -> list[StreamEvent]:
    return [event async for event in provider.stream(request)]


async def eventually(holds: Any) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is looked at has no event of its own
            await asyncio.sleep(0)


async def test_the_same_question_at_the_same_time_is_asked_once_and_paid_once() -> None:
    gate = asyncio.Event()
    host = Host(TextDelta("Hello "), gate, TextDelta("world."), USED, Finished("stop"))
    shared = Shared(host, TaskSupervisor("test"))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(gather(shared))
        await eventually(lambda: len(host.requests) == 1)
        second = group.create_task(gather(shared, replace(SAME, agent="reviewer", call=7)))
        await asyncio.sleep(0)
        gate.set()
    assert first.result() == [TextDelta("Hello "), TextDelta("world."), USED, Finished("stop")]
    free = UsageReported(NO_USAGE)
    assert second.result() == [Reused("shared"), TextDelta("Hello "), TextDelta("world."), free, Finished("stop")]
    assert len(host.requests) == host.closed == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(SAME, model="two"),
        replace(SAME, system="Be long."),
        replace(SAME, messages=(UserMessage(text="say goodbye"),)),
        replace(SAME, tools=()),
        replace(SAME, max_output_tokens=7),
        replace(SAME, top_p=0.5),
        replace(SAME, extra={"seed": 1}),
    ],
)
async def test_another_question_is_asked_for_itself(tmp_path: Path, other: ModelRequest) -> None:
    host = Host(*WHOLE)
    cached = Cached(Shared(host, TaskSupervisor("test")), cache(tmp_path), config())
    await asyncio.gather(gather(cached), gather(cached, other))
    assert len(host.requests) == 2
    assert Reused("cache") in await gather(cached, other)
    assert len(host.requests) == 2


@pytest.mark.parametrize("temperature", [None, 0.2])
async def test_what_is_meant_to_vary_is_neither_shared_nor_kept(tmp_path: Path, temperature: float | None) -> None:
    host = Host(*WHOLE)
    cached = Cached(Shared(host, TaskSupervisor("test")), cache(tmp_path), config())
    request = replace(SAME, temperature=temperature)
    await asyncio.gather(gather(cached, request), gather(cached, request))
    await gather(cached, request)
    assert len(host.requests) == 3
    assert list(tmp_path.iterdir()) == []


async def test_who_leaves_takes_nobody_with_him_and_the_last_one_closes_the_connection() -> None:
    gate = asyncio.Event()
    host = Host(TextDelta("Hello"), gate, Finished("stop"))
    shared = Shared(host, TaskSupervisor("test"))
    streams = [shared.stream(SAME) for _ in range(2)]
    async with aclosing(streams[1]) as staying:  # type: ignore[type-var]
        async with aclosing(streams[0]) as leaving:  # type: ignore[type-var]
            assert await anext(leaving) == TextDelta("Hello")
            assert await anext(staying) == Reused("shared")
        assert host.closed == 0
        assert await anext(staying) == TextDelta("Hello")
    assert host.closed == 1
    gate.set()
    assert (await gather(shared))[-1] == Finished("stop"), "a new call, not the one that was closed"
    assert len(host.requests) == 2


async def test_all_who_wait_hear_of_the_failure_and_the_next_one_asks_anew() -> None:
    gate = asyncio.Event()
    host = Host(gate, ProviderError("Down.", kind="transient"))
    shared = Shared(host, TaskSupervisor("test"))

    async def fails() -> None:
        with pytest.raises(ProviderError, match="Down"):
            await gather(shared)

    async with asyncio.TaskGroup() as group:
        group.create_task(fails())
        group.create_task(fails())
        await eventually(lambda: len(host.requests) == 1)
        gate.set()
    await fails()
    assert len(host.requests) == 2


def cache(folder: Path, *, scope: str = "project", **limits: Any) -> ResponseCache:
    kept = CacheLimits(**{"enabled": True, **limits})
    return ResponseCache(folder, limits=lambda: kept, scope=lambda: scope)


def config(**settings: Any) -> ProviderConfig:
    return replace(ProviderConfig(id="work", type="openai_compatible", base_url="http://one/v1", api_key=KEY), **settings)


async def test_an_answer_that_is_kept_is_played_as_it_came_and_marked_and_free(tmp_path: Path) -> None:
    host = Host(*WHOLE)
    cached = Cached(host, cache(tmp_path / "kept"), config())
    assert await gather(cached) == list(WHOLE)
    free = [UsageReported(NO_USAGE) if event == USED else event for event in WHOLE]
    again = await gather(Cached(Host(), cache(tmp_path / "kept"), config()))
    assert again == [Reused("cache"), *free], "also in another process"
    [file] = (tmp_path / "kept").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = file.read_text(encoding="utf-8")
    assert "say hello" not in kept
    assert str(KEY.value) not in kept + file.name


@pytest.mark.parametrize(
    ("scope", "other"),
    [
        ("another project", {}),
        ("project", {"id": "play"}),
        ("project", {"base_url": "http://two/v1"}),
        ("project", {"api_key": ApiKey("another-key", "somewhere")}),
        ("project", {"api_key": None}),
        ("project", {"type": "anthropic"}),
    ],
)
async def test_nobody_gets_an_answer_of_another_host_key_or_project(tmp_path: Path, scope: str, other: dict[str, Any]) -> None:
    await gather(Cached(Host(*WHOLE), cache(tmp_path), config()))
    host = Host(*WHOLE)
    await gather(Cached(host, cache(tmp_path, scope=scope), config(**other)))
    assert len(host.requests) == 1


@pytest.mark.parametrize(
    "events",
    [
        (TextDelta("Half a"), Finished("length")),
        (TextDelta("No."), Finished("content_policy")),
        (TextDelta("  "), USED, Finished("stop")),
        (ThoughtDelta("Hm."), Finished("stop")),
        (TextDelta("Half a"), ProviderError("Cut.", kind="transient")),
        (Reused("shared"), TextDelta("Hello."), Finished("stop")),
    ],
)
async def test_what_is_not_whole_is_not_kept(tmp_path: Path, events: Sequence[Any]) -> None:
    cached = Cached(Host(*events), cache(tmp_path), config())
    await asyncio.gather(gather(cached), return_exceptions=True)
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path) -> None:
    host = Host(*WHOLE)
    cached = Cached(host, cache(tmp_path), config())
    await gather(cached)
    [file] = tmp_path.iterdir()
    file.write_bytes(b'{"agent": "\xff')
    assert await gather(cached) == list(WHOLE)
    assert (await gather(cached))[0] == Reused("cache")
    assert len(host.requests) == 2


async def test_old_answers_do_not_count_and_the_oldest_make_room(tmp_path: Path) -> None:
    host = Host(*WHOLE)
    await gather(Cached(host, cache(tmp_path), config()))
    [first] = tmp_path.iterdir()
    os.utime(first, (1_000_000_000, 1_000_000_000))
    await gather(Cached(host, cache(tmp_path, max_age_s=60), config()))
    assert len(host.requests) == 2
    os.utime(first, (first.stat().st_mtime - 10,) * 2)
    room = first.stat().st_size + 10
    second = Cached(host, cache(tmp_path, max_bytes=room), config())
    await gather(second, replace(SAME, system="Other."))
    assert len(list(tmp_path.iterdir())) == 1
    assert not first.exists()
    assert Reused("cache") in await gather(second, replace(SAME, system="Other."))


async def test_a_folder_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    cached = Cached(Host(*WHOLE), cache(tmp_path / "file" / "kept"), config())
    assert await gather(cached) == list(WHOLE)


async def test_it_is_off_unless_it_is_switched_on(tmp_path: Path) -> None:
    host = Host(*WHOLE)
    assert not CacheLimits().enabled
    cached = Cached(host, cache(tmp_path, enabled=False), config())
    await gather(cached)
    await gather(cached)
    assert len(host.requests) == 2
    assert list(tmp_path.iterdir()) == []
