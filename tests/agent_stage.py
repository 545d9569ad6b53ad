"""A stage for the team: the real store, workspace, tools and agents; a scripted model, sandbox and audience.

The scripted model answers by agent and call number, as a recording does, so that a run that is resumed in another process finds the same
answers. `Stage.played` starts a fresh server on the same home, as after a crash.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coterie.agents.assembly import Assembly
from coterie.agents.coordinator import Coordinator
from coterie.agents.inspection import Inspection
from coterie.agents.lessons import KeptLessons
from coterie.agents.pending import Approvals
from coterie.agents.run_ports import Base
from coterie.agents.surroundings import Surroundings
from coterie.base.tasks import TaskSupervisor
from coterie.config.load import load
from coterie.domain.channels import ChannelChanged
from coterie.domain.code_ports import Index
from coterie.domain.events import ENDED, AgentEvent, ApprovalEvent, Event, RunEvent
from coterie.domain.messages import (
    Finished,
    ModelRequest,
    StreamEvent,
    TextDelta,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UsageReported,
)
from coterie.domain.model_ports import ModelChoice
from coterie.domain.preferences import SettingsChanged
from coterie.domain.runs import RunRequest
from coterie.domain.status import Capabilities, ProviderView, SandboxView, Status
from coterie.domain.store_ports import RunStore
from coterie.domain.suggestions import FillRequest
from coterie.domain.usage import Usage
from coterie.domain.workers import Worker
from coterie.domain.workspace_ports import Command, CommandResult, Folder
from coterie.features.channel_news import ChannelNews
from coterie.features.channel_watch import ChannelWatch
from coterie.features.channels import ChannelService
from coterie.features.inspector import Inspector
from coterie.features.runs import RunService
from coterie.storage.store import Store
from coterie.workspace.snapshots import Snapshots
from coterie.workspace.trash import Trash
from coterie.workspace.workspace import LiveWorkspace
from one_model import OneModel

WITHIN_S = 60.0
ANSWER_USAGE = Usage(input=100, cache_read=0, cache_write=0, output=10)

Turn = Sequence["StreamEvent | asyncio.Event | Fails"]
"""What one call of a model does: events in order, waits for an event, or a failure."""


@dataclass
class Fails:
    """A failure in a turn; it comes ``times`` times, then the attempt goes on with what follows."""

    error: Exception
    times: int


def says(text: str) -> Turn:
    """Return a turn that ends with words."""
    return (TextDelta(text), UsageReported(ANSWER_USAGE), Finished("stop"))


def calls(*wanted: tuple[str, Mapping[str, Any]], text: str = "") -> Turn:
    """Return a turn that calls tools. Ids repeat from turn to turn, as those of some hosts do."""
    events: list[StreamEvent] = [TextDelta(text)] if text else []
    for number, (tool, arguments) in enumerate(wanted):
        call_id = f"call_{number}"
        events += [ToolCallStarted(call_id, tool), ToolCallArguments(call_id, json.dumps(arguments)), ToolCallEnded(call_id)]
    return (*events, UsageReported(ANSWER_USAGE), Finished("tool_calls"))


class ScriptedModel(OneModel):
    """Implements `Provider` and `Providers`: plays a script by agent and call number, and keeps what it was asked."""

    name = "scripted"
    version = "1"
    capabilities = Capabilities(local=True)

    def __init__(self, script: Mapping[str, Sequence[Turn]]) -> None:
        self.script = script
        self.requests: list[ModelRequest] = []
        self.external: Worker | None = None
        self.closed = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Play the turn of this call."""
        self.requests.append(request)
        turns = self.script[request.agent]
        assert request.call < len(turns), f"the script of {request.agent} has no call {request.call}"
        try:
            for step in turns[request.call]:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Fails):
                    if step.times > 0:
                        step.times -= 1
                        raise step.error
                else:
                    yield step
        finally:
            self.closed += 1

    def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Refuse: agents fill no gaps."""
        raise AssertionError(request)

    def choose(self, model_id: str) -> ModelChoice:
        """Every id is this model."""
        return ModelChoice(id=model_id, model=model_id.partition("/")[2], label=model_id, provider=self)

    def worker(self, model_id: str) -> Worker:
        """Return the external agent of the test."""
        assert self.external is not None, model_id
        return self.external

    def default_model(self) -> str:
        """Return its id."""
        return "scripted/model"

    def settled(self, model_id: str, failure: Exception | None) -> None:
        """Forget it."""

    def heard(self, agent: str) -> Sequence[ModelRequest]:
        """Return what an agent's model was asked."""
        return [request for request in self.requests if request.agent == agent]


@dataclass
class FakeSandbox:
    """Implements `Sandbox`: ``answer`` plays the command. ``level`` may be ``none``."""

    answer: Callable[[Command], CommandResult] = lambda _: CommandResult(exit_code=0, output="", full_output="")
    level: Any = "bubblewrap"
    ran: list[Command] = field(default_factory=list)
    hold: asyncio.Event | None = None
    killed: int = 0

    async def status(self) -> SandboxView:
        """Say the level."""
        return SandboxView(level=self.level)

    def seen(self) -> SandboxView:
        """Say the level."""
        return SandboxView(level=self.level)

    async def run(self, command: Command) -> CommandResult:
        """Play a command, after ``hold``."""
        self.ran.append(command)
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.killed += 1
                raise
        return self.answer(command)


class Listener:
    """Implements `Audience`: keeps what it is told; ``answers`` picks an option's kind for each question."""

    def __init__(self, *, can_answer: bool = True) -> None:
        self.can_answer = can_answer
        self.events: list[AgentEvent] = []
        self.channels: list[ChannelChanged] = []
        self._told = asyncio.Condition()
        self.on_event: Callable[[AgentEvent], None] = lambda _: None
        self._tasks = TaskSupervisor("listener")

    def tell(self, event: AgentEvent) -> None:
        """Keep an event."""
        self.events.append(event)
        self.on_event(event)
        self._tasks.spawn(self._wake(), name="wake")

    async def _wake(self) -> None:
        async with self._told:
            self._told.notify_all()

    def channel_changed(self, change: ChannelChanged) -> None:
        """Keep a change."""
        self.channels.append(change)

    def status_changed(self, status: Status) -> None:
        """Forget it."""

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Forget it."""

    def settings_changed(self, change: SettingsChanged) -> None:
        """Forget it."""

    async def ready(self) -> None:
        """Keep up always."""

    async def until(self, found: Callable[[Event], bool]) -> AgentEvent:
        """Wait for an event."""

        def there() -> AgentEvent | None:
            return next((event for event in self.events if found(event.event)), None)

        async with asyncio.timeout(WITHIN_S), self._told:
            await self._told.wait_for(lambda: there() is not None)
        event = there()
        assert event is not None
        return event

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the events of a kind."""
        return [event.event for event in self.events if isinstance(event.event, kind)]


@dataclass
class Stage:
    """One server's worth of agents on a home and a project folder."""

    store: Store
    model: ScriptedModel
    sandbox: FakeSandbox
    listener: Listener
    workspace: LiveWorkspace
    approvals: Approvals
    coordinator: Coordinator
    base: Base
    runs: RunService
    channels: ChannelService
    joined: Callable[[], RunService]
    """Returns the runs as another client of the same server asks for them."""
    project: Path
    inspector: Inspector

    async def play(self, prompt: str = "Fix add", **request: Any) -> RunEvent:
        """Start a run and wait for its end."""
        await self.begin(prompt, **request)
        return await self.ended()

    async def begin(self, prompt: str = "Fix add", **request: Any) -> str:
        """Start a run."""
        return (await self.runs.start(RunRequest(prompt=prompt, **request))).run_id

    async def ended(self) -> RunEvent:
        """Wait for the end of the run."""
        event = (await self.listener.until(lambda event: isinstance(event, RunEvent) and event.state in ENDED)).event
        assert isinstance(event, RunEvent)
        return event

    async def asked(self) -> ApprovalEvent:
        """Wait for a question."""
        event = (await self.listener.until(lambda event: isinstance(event, ApprovalEvent) and event.state == "pending")).event
        assert isinstance(event, ApprovalEvent)
        return event

    def text(self, path: str) -> str | None:
        """Return a project file's text."""
        file = self.project / path
        return file.read_text(encoding="utf-8") if file.exists() else None


def answering(stage: Stage, *kinds: str) -> None:
    """Answer each question with the first option of one of these kinds."""

    def answer(event: AgentEvent) -> None:
        if isinstance(event.event, ApprovalEvent) and event.event.state == "pending":
            chosen = next(option for option in event.event.options if option.kind in kinds)
            stage.approvals.answer(event.event.approval_id, chosen.option_id)

    stage.listener.on_event = answer


@asynccontextmanager
async def staged(
    home: Path,
    project: Path,
    script: Mapping[str, Sequence[Turn]],
    *,
    sandbox: FakeSandbox | None = None,
    can_answer: bool = True,
    settings: Mapping[str, Any] | None = None,
    command_line: Mapping[str, Any] | None = None,
    wrap: Callable[[RunStore], RunStore] = lambda store: store,
    model: ScriptedModel | None = None,
    index: Index | None = None,
    index_wait_s: float | None = None,
    workspace: LiveWorkspace | None = None,
    beside: Sequence[Path] = (),
) -> AsyncIterator[Stage]:
    """Open a stage and close it in order.

    ``wrap`` may stand between the agents and the journal; ``model`` plays instead of ``script``; ``beside`` are folders beside the project.
    """
    store = Store(home)
    model, listener = model or ScriptedModel(script), Listener(can_answer=can_answer)
    snapshots = Snapshots(home / "snapshots")
    folders = [Folder(uri=each.as_uri(), name=each.name, absolute=str(each)) for each in (project, *beside)]
    workspace = workspace or LiveWorkspace(folders, snapshots=snapshots, trash=Trash(home / "undone"))
    tasks = TaskSupervisor("stage")
    options = {"retry": {"attempts": 4, "base_ms": 1, "max_ms": 1}, **(settings or {})}
    loaded = load({"COTERIE_HOME": str(home)}, folders=[project], editor_options=options, command_line=command_line)
    assert not loaded.problems, loaded.problems
    approvals = Approvals(listener, lambda _: None)
    sandbox = sandbox or FakeSandbox()
    runs = wrap(store.runs)
    around = Surroundings(
        loaded=lambda: loaded,
        runs=runs,
        channels=store.channels,
        usage=store.usage,
        marks=store.marks,
        providers=model,
        workspace=workspace,
        sandbox=sandbox,
        approvals=approvals,
        tasks=tasks,
        own_folders=(home,),
        asides=home / "asides",
        user_rules=home / "rules.md",
        user_memory=home / "memory.md",
        memories=home / "memory",
        index=index,
        index_wait_s=index_wait_s,
        lessons=KeptLessons(home / "state"),
    )
    coordinator = Coordinator(runs, listener, lambda _: None)
    base = Assembly(around)
    news = ChannelNews(store.channels, listener, tasks, pending=approvals.count)

    def joined() -> RunService:
        return RunService(
            coordinator, news, base=base, runs=runs, channels=store.channels, providers=model, settings=lambda: loaded.settings
        )

    service = joined()
    stage = Stage(
        store=store,
        model=model,
        sandbox=sandbox,
        listener=listener,
        workspace=workspace,
        approvals=approvals,
        coordinator=coordinator,
        base=base,
        runs=service,
        channels=ChannelService(store.channels, runs, service, news, ChannelWatch(store.channels, news.list)),
        joined=joined,
        project=project,
        inspector=Inspector(Inspection(base, coordinator), store.marks, workspace, lambda _: None),
    )
    try:
        yield stage
    finally:
        await coordinator.aclose()
        await tasks.aclose()
        await around.lessons.aclose()
        snapshots.close()
        await store.aclose()
