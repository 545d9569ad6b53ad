"""Zero-plugin mode: what a client gets that knows nothing of ``agent/*``, in the words that every LSP client knows.

``session`` makes a `BareAudience` for each client that did not announce ``capabilities.experimental.coterie``. Questions become prompts
(``questions``), runs become cancellable progress (``progress``), trouble is shown once, answers are logged; chat documents, lenses and
diagnostics have handlers of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from coterie.base.errors import CoterieError
from coterie.base.legible import first_line
from coterie.base.tasks import TaskSupervisor
from coterie.domain.channels import ChannelChanged
from coterie.domain.events import (
    ENDED,
    AgentEvent,
    ApprovalEvent,
    ChangeEvent,
    CompactionEvent,
    MessageEvent,
    RunEvent,
    StepEvent,
    ToolCallEvent,
    WarningEvent,
)
from coterie.domain.permissions import Effect
from coterie.domain.preferences import SettingsChanged
from coterie.domain.status import ProviderView, Status
from coterie.features.application import Application
from coterie.features.attachment import Window
from coterie.features.transcript import wording
from coterie.lsp.convert import Client
from coterie.lsp.progress import Bars
from coterie.lsp.questions import Question, Questions
from coterie.lsp.views import Views
from coterie.lsp.wire import Wire

TITLE_LENGTH = 60
RESUME = "Resume"
BASELINE = "tests before the first change"
_LOGGED = frozenset({"price_unknown", "transient", "breaker_open", "not_undoable"})
"""Warnings that nobody can do anything about at once: a price that most hosts lack, attempts that are followed by others, files that
an undo would leave as they are."""


class BareAudience:
    """Implements `coterie.domain.client_ports.Audience` for one client. ``core`` gives the core, which is built later than this."""

    def __init__(
        self, wire: Wire, window: Window, client: Client, tasks: TaskSupervisor, *, views: Views, core: Callable[[], Application]
    ) -> None:
        self.bars = Bars(wire, tasks)
        self._wire = wire
        self._window = window
        self._client = client
        self._core = core
        self.views = views
        self._questions = Questions(wire, client, tasks, self.views, core)
        self._prompts: dict[str, str] = {}  # by run, while it goes on: what the person asked
        self._steps: dict[str, str] = {}  # by run: its current step
        self._away: set[str] = set()  # the channels that were archived or deleted while this client was here

    @property
    def can_answer(self) -> bool:
        """Whether the client reads, and has not said that it shows no prompts."""
        return self._questions.possible and not self._wire.detached

    def tell(self, event: AgentEvent) -> None:
        """Show what a person must know, ask what only they can say."""
        run_id = event.run_id or ""
        match event.event:
            case RunEvent() as run:
                self._run(run_id, run)
            case MessageEvent(role="user", text=text):
                self._prompts.setdefault(run_id, text)
            case MessageEvent(role="assistant", partial=None | False, text=text) if text:
                self._window.log("info", text)
            case StepEvent(state="running") as step:
                self._steps[run_id] = step.step_id if step.agent == step.step_id else f"{step.step_id} ({step.agent})"
                self._report(run_id, self._steps[run_id])
            case ToolCallEvent(state="running") as call:
                self._report(run_id, f"{self._steps.get(run_id, call.step_id or BASELINE)}: {wording(call)}")
            case ChangeEvent():
                self.views.refresh_lenses()
            case ApprovalEvent() as question:
                self._question(run_id, question, event.folder)
            case WarningEvent() as warning:
                self._warn(warning)
            case CompactionEvent(text=text):
                self._window.log("info", text)
            case _:
                pass  # its details belong to a chat view

    def _run(self, run_id: str, run: RunEvent) -> None:
        if run.state == "running":
            self._show_progress(run_id)
        elif run.state == "waiting":
            self._report(run_id, "waits for your answer")
        if run.state in ENDED or run.state == "queued":
            self.views.refresh_lenses()
        if run.state not in ENDED:
            return
        self.bars.end(run_id, run.state)
        for known in (self._prompts, self._steps):
            known.pop(run_id, None)
        match run.state:
            case "failed":
                self._window.show("error", run.text or f"The run failed: {run.reason}.")
            case "interrupted":
                self._window.show("warning", run.text or f"The run was interrupted: {run.reason}.")
            case _:
                self._window.log("info", f"Run {run_id} {run.state}.")

    def _warn(self, warning: WarningEvent) -> None:
        tell = self._window.log if warning.code in _LOGGED else self._window.show
        tell("warning", warning.text)

    def _show_progress(self, run_id: str) -> None:
        """Begin the run's progress unless it is there: the run may have begun before this client came."""
        if self._client.shows_progress:
            self.bars.begin(run_id, partial(self._title, run_id))

    def _report(self, run_id: str, message: str) -> None:
        self._show_progress(run_id)
        self.bars.report(run_id, message)

    async def _title(self, run_id: str) -> str:
        """Return what the person asked; of a run that is resumed or was begun elsewhere, it was not told here."""
        prompt = self._prompts.get(run_id)
        if prompt is None:
            try:
                prompt = (await self._core().runs.get(run_id)).prompt
            except CoterieError:
                prompt = run_id
        return f"Coterie: {first_line(prompt, TITLE_LENGTH)}"

    def _question(self, run_id: str, question: ApprovalEvent, folder: str | None) -> None:
        if question.state == "resolved":
            self._questions.withdraw(question.approval_id)
            return
        self._questions.ask(
            Question(
                question.approval_id,
                run_id,
                question.title,
                question.options,
                folder,
                about_plan=is_gate(question.effects),
                change_ids=question.change_ids,
            )
        )

    async def offer_to_resume(self) -> None:
        """Say that the workspace's latest run waits for somebody to approve what it needs, if it does, and resume it if they want."""
        try:
            run = await self._core().runs.unapproved()
            if run is None:
                return
            why = "stopped, because nobody was there to approve what it needs"
            told = f"Coterie: “{first_line(run.prompt, TITLE_LENGTH)}” {why}. Resume it to be asked again."
            if await self._questions.choose(told, [RESUME], "warning") == RESUME:
                await self._core().runs.resume(run.run_id)
            elif not self._questions.possible:
                self._window.show("warning", f"{told} `coterie.resume` does that.")
        except CoterieError as failure:
            self._window.show("warning", failure.message)

    def channel_changed(self, change: ChannelChanged) -> None:
        """Have lenses drawn anew when a channel is put away or taken back: its document may be open. There is no view of channels."""
        is_away = change.channel is None or change.channel.state == "archived"
        if is_away != (change.channel_id in self._away):
            self._away ^= {change.channel_id}
            self.views.refresh_lenses()

    def status_changed(self, status: Status) -> None:
        """Show what does not work as it should, each thing once."""
        for trouble in status.degraded:
            self._window.show("warning", trouble.text)

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Say nothing: what does not work is told with the status."""

    def settings_changed(self, change: SettingsChanged) -> None:
        """Say nothing: what is wrong in them is told with the status."""

    async def ready(self) -> None:
        """Wait while the client cannot keep up."""
        await self._wire.ready()

    def back(self) -> None:
        """Say nothing: a log that is not read misses nothing."""


def is_gate(effects: Sequence[Effect]) -> bool:
    """Say whether a question is about a plan and not about a call."""
    return any(effect.kind == "gate" for effect in effects)
