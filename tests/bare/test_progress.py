"""Progress begins only when the client has agreed to it, and ends whatever came first. No server, no clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

from coterie.base.tasks import TaskSupervisor
from coterie.lsp.progress import Bars


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
