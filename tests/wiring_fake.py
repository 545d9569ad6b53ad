"""What ``app`` gives the command line, played from a script: each run tells the events it was given and keeps what it was asked.

Used by ``tests/cli``. Only what the commands call is there; anything else is an `AttributeError` that fails the test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from coterie.base.errors import RequestError
from coterie.cli.wiring import Core, Invocation, Surroundings
from coterie.domain.client_ports import Audience
from coterie.domain.edits import FileChange, UndoResult
from coterie.domain.events import ENDED, AgentEvent, ApprovalEvent, Event, RunEvent
from coterie.domain.permissions import Decision
from coterie.domain.runs import RunRequest, RunStarted, RunStateView, RunView
from coterie.domain.status import DatabaseView, SandboxView
from coterie.domain.usage import NO_USAGE

RUN = "run_1"
AT = "2026-01-31T10:00:00.000Z"


@dataclass
class ScriptedWiring:
    """Implements `coterie.cli.wiring.Wiring`.

    A run tells ``script`` at once; after a pending approval in it the rest waits for the answer, and at its end for a cancel if nothing
    in it ended the run. ``asked`` keeps every call by name.
    """

    script: Sequence[Event] = ()
    changes: tuple[FileChange, ...] = ()
    undone: UndoResult = field(default_factory=lambda: UndoResult(restored=(), conflicts=()))
    around: Surroundings = field(default_factory=lambda: Surroundings(places={}, problems=(), model="work/m1"))
    found: DatabaseView = field(default_factory=lambda: DatabaseView(path=Path("coterie.db")))
    sandbox: SandboxView = field(default_factory=lambda: SandboxView(level="bubblewrap"))
    invocation: Invocation | None = None
    asked: list[tuple[str, Any]] = field(default_factory=list)
    closed: bool = False
    _rest: list[Event] = field(default_factory=list)
    _seq: int = 0

    async def open(self, invocation: Invocation) -> Core:
        self.invocation = invocation
        runs = SimpleNamespace(
            start=self._start, get=self._get, cancel=self._cancel, interrupt=self._interrupt, resume=self._resume, undo=self._undo
        )
        catalogue = SimpleNamespace(discover=self._none, models=self._none, default_model=self._no_model)
        application: Any = SimpleNamespace(
            runs=runs, approvals=SimpleNamespace(answer=self._answer), catalogue=catalogue, aclose=self._aclose
        )
        sandbox: Any = SimpleNamespace(status=self._status)
        workspace: Any = None
        return Core(application=application, workspace=workspace, sandbox=sandbox)

    def recording(self, file: Path) -> ScriptedWiring:
        """Note the file."""
        self.asked.append(("recording", file))
        return self

    def surroundings(self, folder: Path) -> Surroundings:
        self.asked.append(("surroundings", folder))
        return self.around

    def database(self, data: Path) -> DatabaseView:
        self.asked.append(("database", data))
        return self.found

    def serve_stdio(self) -> int:
        self.asked.append(("serve", None))
        return 0

    async def _start(self, request: RunRequest) -> RunStarted:
        self.asked.append(("start", request))
        if request.workflow not in {None, "team"}:
            raise RequestError(f"There is no workflow '{request.workflow}'.", code="unknown_workflow")
        self._play(self.script)
        return RunStarted(run_id=RUN, channel_id="channel_1")

    async def _resume(self, run_id: str) -> RunStateView:
        self.asked.append(("resume", run_id))
        self._play(self.script)
        return RunStateView(run_id=RUN, state="running")

    async def _get(self, run_id: str) -> RunView:
        return RunView(
            run_id=run_id,
            channel_id="channel_1",
            prompt="do it",
            state="succeeded",
            workflow=None,
            agent=None,
            steps=(),
            changes=self.changes,
            usage=NO_USAGE,
        )

    async def _cancel(self, run_id: str) -> RunStateView:
        self.asked.append(("cancel", run_id))
        self._play([RunEvent(state="cancelled", reason="cancelled")])
        return RunStateView(run_id=run_id, state="cancelled")

    async def _interrupt(self, run_id: str) -> RunStateView:
        self.asked.append(("interrupt", run_id))
        self._play([RunEvent(state="interrupted", reason="interrupted")])
        return RunStateView(run_id=run_id, state="interrupted")

    async def _answer(self, approval_id: str, option_id: str, *, plan: Mapping[str, Any] | None = None) -> Decision:
        self.asked.append(("answer", (approval_id, option_id, plan)))
        self._play(self._rest)
        return Decision(option_id=option_id, kind=None)

    async def _undo(self, run_id: str) -> UndoResult:
        self.asked.append(("undo", run_id))
        return self.undone

    async def _none(self, *_: str) -> tuple[()]:
        return ()

    async def _no_model(self) -> None:
        return None

    async def _status(self) -> SandboxView:
        return self.sandbox

    async def _aclose(self) -> None:
        self.closed = True

    def _play(self, events: Sequence[Event]) -> None:
        audience = self._audience
        for number, event in enumerate(events, start=1):
            self._seq += 1
            audience.tell(AgentEvent(seq=self._seq, at=AT, run_id=RUN, channel_id="channel_1", event=event))
            if isinstance(event, ApprovalEvent) and event.state == "pending" and audience.can_answer:
                self._rest = list(events[number:])
                return
            if isinstance(event, RunEvent) and event.state in ENDED:
                return

    @property
    def _audience(self) -> Audience:
        assert self.invocation is not None
        return self.invocation.audience
