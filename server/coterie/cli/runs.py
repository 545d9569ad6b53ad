"""``coterie ask`` and ``coterie run``: a run from a terminal, with the same agents, store and journal as every editor.

Streams what happens, puts questions to the person when one is there, cancels cleanly on the first Ctrl-C and dies on the second. Without
a person the declared policy decides and the run stands still at what it does not allow: exit status 3, and words on how to go on.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from coterie.base.errors import InvalidParamsError, RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.audience import QueueAudience
from coterie.cli.opening import opened
from coterie.cli.questions import ReadLine, choose, line_reader
from coterie.cli.terminal import Output, Streams
from coterie.cli.wiring import Invocation, Wiring
from coterie.cli.wording import Line, proposal_lines, usage_text
from coterie.domain.events import ENDED, AgentEvent, ApprovalEvent, ChangeEvent, RunEvent
from coterie.domain.runs import Attachment, RunRequest, RunView
from coterie.domain.wire import Json, to_wire
from coterie.features.application import Application


async def conduct(arguments: Arguments, wiring: Wiring, output: Output, streams: Streams) -> int:
    """Start (or resume) the run, follow it to its end, and return the exit status."""
    attended = streams.attended and not arguments.json
    audience = QueueAudience(can_answer=attended)
    core = await opened(wiring, Invocation(folder=arguments.folder.absolute(), settings=settings_of(arguments), audience=audience), output)
    try:
        run_id = await _begin(core.application, arguments, streams)
        output.line(Line(f"run {run_id}", "dim"))
        following = Following(run_id, core.application, output, line_reader(streams.stdin) if attended else None)
        end = await following.to_the_end(audience)
        view = await core.application.runs.get(run_id)
    finally:
        await core.application.aclose()
    for line in _closing_words(view, end):
        output.line(line)
    output.result({"run": to_wire(view)})
    return exits.of_run(end)


def settings_of(arguments: Arguments) -> Mapping[str, Json]:
    """Return the settings layer that the command line stands for."""
    settings: dict[str, Json] = {}
    if arguments.model is not None:
        settings["model"] = arguments.model
    if arguments.yes_to:
        settings["permissions"] = {"allow": list(arguments.yes_to)}
    return settings


async def _begin(application: Application, arguments: Arguments, streams: Streams) -> str:
    if arguments.resume is not None:
        return (await application.runs.resume(arguments.resume)).run_id
    prompt = streams.stdin.read() if arguments.prompt == "-" else arguments.prompt
    if not (prompt or "").strip():
        raise InvalidParamsError("There is nothing to do: give a prompt, '-' to read it from standard input, or --resume RUN.")
    attachments = tuple(Attachment(uri=_existing(path).as_uri()) for path in arguments.attach)
    request = RunRequest(prompt=prompt or "", workflow=arguments.workflow, agent=arguments.agent, attachments=attachments)
    return (await application.runs.start(request)).run_id


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InvalidParamsError(f"--attach: there is no file {path}.")
    return path.absolute()


class Following:
    """Shows one run and carries answers to it. ``chat`` follows its runs with it, too."""

    def __init__(self, run_id: str, application: Application, output: Output, read_line: ReadLine | None) -> None:
        self._run_id = run_id
        self._application = application
        self._output = output
        self._read_line = read_line
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._shown: set[str] = set()  # the changes whose differences stand on the screen
        # One question at a time: two prompts would share one line of input.
        self._prompt = asyncio.Lock()
        self._tasks = TaskSupervisor("command line")

    async def to_the_end(self, audience: QueueAudience) -> RunEvent:
        """Write every event until the run has ended, and return how it did."""
        try:
            with _first_interrupt() as interrupted:
                self._tasks.spawn(self._cancel_when(interrupted), name="cancel on Ctrl-C")
                while True:
                    told = await audience.next()
                    if told.run_id == self._run_id and (end := self._take(told)) is not None:
                        return end
        finally:
            await self._tasks.aclose()

    def _take(self, told: AgentEvent) -> RunEvent | None:
        self._output.event(told)
        match told.event:
            case RunEvent() as event if event.state in ENDED:
                return event
            case ChangeEvent() as event:
                self._shown.add(event.change_id)
            case ApprovalEvent() as event if event.state == "pending" and self._read_line is not None:
                work = self._answer(event, self._read_line)
                self._asking[event.approval_id] = self._tasks.spawn(work, name=f"question {event.approval_id}")
            case ApprovalEvent() as event if (asking := self._asking.pop(event.approval_id, None)) is not None:
                asking.cancel()
            case _:
                pass
        return None

    async def _answer(self, question: ApprovalEvent, read_line: ReadLine) -> None:
        async with self._prompt:
            await self._show_changes(question)
            chosen = await choose(question.options, lambda text: self._output.line(Line(text, "strong")), read_line)
        try:
            if chosen is None:
                await self._application.runs.interrupt(self._run_id)
            else:
                await self._application.approvals.answer(question.approval_id, chosen)
        except RequestError as refused:
            # The run has ended meanwhile and took its question back.
            self._output.line(Line(refused.message, "dim"))

    async def _show_changes(self, question: ApprovalEvent) -> None:
        """Show the edits that a question is about where they were told before this command was there: of a run that is resumed."""
        missing = set(question.change_ids) - self._shown
        if missing:
            changes = (await self._application.runs.get(self._run_id)).changes
            for line in (line for change in changes if change.change_id in missing for line in proposal_lines(change)):
                self._output.line(line)
            self._shown |= missing

    async def _cancel_when(self, interrupted: asyncio.Event) -> None:
        await interrupted.wait()
        self._output.line(Line("cancelling… (Ctrl-C again ends at once)", "warn"))
        await self._application.runs.cancel(self._run_id)


@contextmanager
def _first_interrupt() -> Iterator[asyncio.Event]:
    """Give an event that the first Ctrl-C sets; from then on the signal has its default effect, which is the end of the process."""
    loop = asyncio.get_running_loop()
    interrupted = asyncio.Event()
    before = signal.getsignal(signal.SIGINT)

    def first() -> None:
        interrupted.set()
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    loop.add_signal_handler(signal.SIGINT, first)
    try:
        yield interrupted
    finally:
        if not interrupted.is_set():
            loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, before)


def _closing_words(view: RunView, end: RunEvent) -> Iterator[Line]:
    applied = {change.path for change in view.changes if change.state == "applied"}
    if applied:
        yield Line(f"changed: {', '.join(sorted(applied))} (take it back: coterie undo {view.run_id})", "strong")
    yield Line(usage_text(view.usage), "dim")
    if end.state in {"interrupted", "failed"}:
        yes_to = " --yes-to RULE" if end.reason == "approval_required" else ""
        yield Line(f"go on with: coterie run --resume {view.run_id}{yes_to}", "warn")
