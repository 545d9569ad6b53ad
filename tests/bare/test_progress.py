"""Progress begins only when the client has agreed to it, and ends whatever came first. No server, no clock."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

import lsp_fake_core
from coterie.base.tasks import TaskSupervisor
from coterie.domain.retrieval import BuildNews
from coterie.lsp.progress import WORTH_A_BAR_S, Bars, Builds
from held_back import HeldBack
from lsp_client import PLAIN, RICH, lsp_client


class SlowWire:
    """A connection whose client answers when a test says so."""

    detached = False

    def __init__(self, refusal: Exception | None = None) -> None:
        self.sent: list[tuple[str, str]] = []
        self.agrees = asyncio.Event()
        self._refusal = refusal

    def notify(self, method: str, params: Any) -> None:
        assert method == "$/progress"
        self.sent.append((params["value"]["kind"], params["value"]["message"]))

    async def ask(self, method: str, params: Any, *, within_s: float | None) -> Any:
        assert (method, within_s is not None) == ("window/workDoneProgress/create", True)
        assert params["token"]
        await self.agrees.wait()
        if self._refusal is not None:
            raise self._refusal

    async def ready(self) -> None:
        pass


async def mend() -> str:
    """Name the bar."""
    return "Coterie: mend"


@pytest.mark.parametrize("end_first", [True, False])
@pytest.mark.parametrize("refusal", [None, JsonRpcException("no such method"), TimeoutError()])
async def test_what_happens_before_the_client_agrees_is_told_when_it_does(refusal: Exception | None, *, end_first: bool) -> None:
    wire, tasks = SlowWire(refusal), TaskSupervisor("test")
    bars = Bars(wire, tasks)
    bars.begin("run", mend)
    bars.begin("run", lambda: pytest.fail("a second bar"))
    bars.report("run", "plan")
    bars.report("run", "code")
    if end_first:
        bars.end("run", "succeeded")
    wire.agrees.set()
    await tasks.settled()
    bars.report("run", "review")
    bars.end("run", "succeeded")
    if refusal is not None:
        assert wire.sent == []
    elif end_first:
        assert wire.sent == [("begin", "succeeded"), ("end", "succeeded")]
    else:
        assert wire.sent == [("begin", "code"), ("report", "review"), ("end", "succeeded")]
    assert bars.run_of("token") is None


def built(done: int, files: int = 2_000, *, complete: bool = False, failed: str | None = None) -> BuildNews:
    return BuildNews(folder="/w/project", done=done, files=files, complete=complete, failed=failed)


async def test_a_long_build_has_a_bar_and_a_short_one_none() -> None:
    wire, tasks, clock = SlowWire(), TaskSupervisor("test"), HeldBack()
    wire.agrees.set()
    builds = Builds(wire, tasks, clock.later)
    builds.told(built(10))
    builds.told(built(2_000, complete=True))
    clock.pass_time()
    await tasks.settled()
    assert wire.sent == []
    builds.told(built(10))
    builds.told(built(500))
    assert len(clock.due) == 1
    assert set(clock.seconds) == {WORTH_A_BAR_S}
    clock.pass_time()
    await tasks.settled()
    builds.told(built(1_000))
    builds.told(built(2_000, complete=True))
    assert wire.sent == [
        ("begin", "500 of 2000 files"),
        ("report", "1000 of 2000 files"),
        ("end", "2000 files"),
    ]


async def test_a_build_that_ends_before_the_client_agrees_is_over() -> None:
    wire, tasks, clock = SlowWire(), TaskSupervisor("test"), HeldBack()
    builds = Builds(wire, tasks, clock.later)
    builds.told(built(10))
    clock.pass_time()
    builds.told(built(2_000, complete=True))
    wire.agrees.set()
    await tasks.settled()
    assert wire.sent == [("begin", "2000 files"), ("end", "2000 files")]


async def test_a_build_that_fails_takes_its_bar_away() -> None:
    wire, tasks, clock = SlowWire(), TaskSupervisor("test"), HeldBack()
    wire.agrees.set()
    builds = Builds(wire, tasks, clock.later)
    builds.told(built(10))
    clock.pass_time()
    await tasks.settled()
    builds.told(built(0, 0, failed="The disk is full."))
    assert wire.sent == [("begin", "10 of 2000 files"), ("end", "The disk is full.")]


@pytest.mark.parametrize("capabilities", [PLAIN, {**RICH, "window": {"workDoneProgress": True}}], ids=["plain", "rich"])
async def test_every_client_that_shows_progress_sees_a_long_build(capabilities: Mapping[str, Any]) -> None:
    async with lsp_client((sys.executable, lsp_fake_core.__file__)) as client:
        await client.initialize(capabilities, initializationOptions={"builds": True})
        shown = await client.expect("$/progress")
        assert shown["value"] == {
            "kind": "begin",
            "title": "Coterie indexes project",
            "cancellable": False,
            "message": "500 of 2000 files",
            "percentage": 25,
        }
