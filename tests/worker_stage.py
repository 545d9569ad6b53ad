"""Somebody else's agent that is played, for the tests of what it does in one of our steps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_scripts import BROKEN, TEAM, project, suite
from agent_stage import ScriptedModel, Stage, staged
from coterie.domain.messages import TextDelta, ToolCallArguments, ToolCallEnded, ToolCallStarted
from coterie.domain.store_ports import RunStore
from coterie.domain.usage import Usage
from coterie.domain.workers import Heard, Job, Judge, MessageEnded, SessionBegan, ToolReturned, TurnEnded, WorkEvent

USED = Usage(input=10, cache_read=0, cache_write=0, output=5)
FIXED = BROKEN.replace("a - b", "a + b")

Deed = Callable[[Path], object]
"""What a call does to the copy, once it is allowed."""


def writes(path: str, text: str) -> tuple[str, Mapping[str, Any], Deed]:
    """Return a call that writes a file."""

    def deed(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")

    return "Write", {"file_path": path, "content": text}, deed


def runs(command: str, deed: Deed = lambda _: None) -> tuple[str, Mapping[str, Any], Deed]:
    """Return a call that runs a command."""
    return "Bash", {"command": command}, deed


@dataclass
class FakeWorker:
    """Implements `Worker`: makes its calls, waits for ``hold``, says its last words, and again for each thing that it hears.

    Its session knows which calls it has made.
    """

    calls: Sequence[tuple[str, Mapping[str, Any], Deed]] = ()
    hold: asyncio.Event | None = None
    failure: Exception | None = None
    jobs: list[Job] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    interrupted: int = 0
    made: int = 0

    async def work(self, job: Job, judge: Judge, heard: Heard) -> AsyncGenerator[WorkEvent, None]:
        """Do the job as it is written down."""
        self.jobs.append(job)
        done = False
        try:
            yield SessionBegan("session-1")
            self.made = 0 if job.session is None else self.made
            while self.made < len(self.calls):
                number, (tool, arguments, deed) = self.made, self.calls[self.made]
                call_id = f"toolu_{len(self.jobs)}_{number}"
                yield TextDelta(f"Call {number}. ")
                yield ToolCallStarted(call_id, tool)
                yield ToolCallArguments(call_id, json.dumps(arguments))
                yield ToolCallEnded(call_id)
                yield MessageEnded()
                if (why_not := await judge(call_id, tool, arguments)) is not None:
                    self.refusals.append(why_not)
                    self.made += 1
                    yield ToolReturned(call_id, why_not, failed=True)
                    continue
                deed(Path(job.folder))
                self.made += 1
                yield ToolReturned(call_id, "done", failed=False)
            if self.hold is not None and job.session is None:
                yield TextDelta("Let me think")
                await self.hold.wait()
            if self.failure is not None:
                raise self.failure
            more: Sequence[str] = ("",)
            while more:
                self.heard += filter(None, more)
                yield TextDelta("The sign was wrong.")
                yield MessageEnded()
                yield TurnEnded(USED)
                more = await heard()
            done = True
        finally:
            self.interrupted += not done


@asynccontextmanager
async def working(
    tmp_path: Path,
    worker: FakeWorker,
    *,
    agent: str = "chat",
    wrap: Callable[[RunStore], RunStore] = lambda store: store,
    model: ScriptedModel | None = None,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """Open a stage on which one of our agents is this one."""
    folder = tmp_path / "project"
    if not folder.exists():
        project(folder)
    options = {"agents": {agent: {"external": True}}, **settings}
    async with staged(tmp_path / "home", folder, TEAM, sandbox=suite(folder), settings=options, wrap=wrap, model=model) as stage:
        stage.model.external = worker
        yield stage
