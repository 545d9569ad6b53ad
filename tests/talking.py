"""A channel that is talked in until its conversation outgrows a small window: for tests of compaction and of what is posted about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from typing_extensions import override

from agent_scripts import project
from agent_stage import Stage, Turn, says, staged
from coterie.base.errors import ProviderError
from coterie.context.assemble import request_bytes
from coterie.domain.events import CompactionEvent, RunEvent, WarningEvent
from coterie.domain.messages import ModelRequest, StreamEvent, ToolMessage, UsageReported
from coterie.domain.usage import Usage
from several_hosts import Hosts

WINDOW = 20_000
"""Of which 13,500 tokens are for a request: what is left of 15,000 behind the answer's reserve."""
LONG = "word " * 2_800
"""An answer of 3,500 tokens."""
SUMMARY = "## Goal\n- count words\n## Done\n- counted"


class Chatting(Hosts):
    """Hosts that say when they are asked for a summary.

    With ``bytes_per_token`` they bill requests by their size; else always the same, which nobody takes for a count of tokens. What is more
    than ``takes`` tokens of the usual size they refuse.
    """

    def __init__(self, windows: Mapping[str, int]) -> None:
        super().__init__(windows=windows)
        self.script = {"compaction": (says(SUMMARY),) * 9}
        self.summarising = asyncio.Event()
        self.bytes_per_token: float | None = None
        self.takes: int | None = None

    @override
    async def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        if request.agent == "compaction":
            self.summarising.set()
        if self.takes is not None and len(request_bytes(request)) > 4 * self.takes:
            self.requests.append(request)
            raise ProviderError("Too long.", kind="context_overflow", status=400)
        async with aclosing(super().stream(request)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, UsageReported) and self.bytes_per_token is not None:
                    yield UsageReported(Usage(input=int(len(request_bytes(request)) / self.bytes_per_token), output=event.usage.output))
                else:
                    yield event


class Talk:
    """A channel on a stage. ``chat`` is what its agent answers, one turn for each post and call."""

    def __init__(self, stage: Stage, hosts: Chatting) -> None:
        self.stage = stage
        self.hosts = hosts
        self.channel: str | None = None

    async def post(self, text: str, *answer: Turn, **request: Any) -> RunEvent:
        """Say something, have it answered, and return how that ended."""
        self.hosts.script = {**self.hosts.script, "chat": answer}
        self.stage.listener.events.clear()
        self.hosts.requests.clear()
        run_id = await self.stage.begin(text, channel_id=self.channel, **request)
        end = await self.stage.ended()
        row = await self.stage.store.runs.row(run_id)
        assert row is not None
        self.channel = row.channel_id
        return end

    async def grow(self, posts: int) -> None:
        """Make so many posts that are answered at length."""
        for number in range(posts):
            assert (await self.post(f"Post {number}.", says(f"{number} {LONG}"))).state == "succeeded"
            assert [request.agent for request in self.hosts.requests] == ["chat"], "no call but the agent's own"

    @property
    def sent(self) -> ModelRequest:
        """What the agent was asked last."""
        return self.hosts.heard("chat")[-1]

    @property
    def told(self) -> list[CompactionEvent]:
        """The compactions that clients were told of since the last post."""
        return self.stage.listener.of(CompactionEvent)

    @property
    def warned(self) -> list[str]:
        """The warnings since the last post."""
        return [event.code for event in self.stage.listener.of(WarningEvent) if event.code != "price_unknown"]


@asynccontextmanager
async def talking(
    folder: Path, *, windows: Mapping[str, int] | None = None, settings: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[Talk]:
    """Open a stage whose model has a small window."""
    if not (folder / "project").exists():
        project(folder / "project")
    hosts = Chatting({"first": WINDOW} if windows is None else windows)
    async with staged(folder / "home", folder / "project", {}, model=hosts, settings=settings or {}, **options) as stage:
        yield Talk(stage, hosts)


def said(request: ModelRequest) -> list[str]:
    """Return how each message of a request begins."""
    return [message.text[:8] if not isinstance(message, ToolMessage) else "tool" for message in request.messages]
