"""``coterie chat``: a channel in the terminal. What is typed is said to the agents; what begins with a slash is said to the chat itself.

Each message is a run like any other: streamed, with its questions put to the person, cancelled by Ctrl-C, undone by ``/undo``. The channel
is the same that editors show, so a chat can be gone on with there, and the other way round with ``--channel``.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext

from coterie.base.errors import CoterieError
from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.audience import QueueAudience
from coterie.cli.opening import opened
from coterie.cli.prompting import piped, prompted
from coterie.cli.questions import ReadLine, line_reader
from coterie.cli.runs import Following, settings_of
from coterie.cli.terminal import Output, Streams
from coterie.cli.undo import undo_lines
from coterie.cli.wiring import Invocation, Wiring
from coterie.cli.wording import Line, usage_text
from coterie.domain.chat_commands import COMMANDS, command_in
from coterie.domain.events import RunEvent
from coterie.domain.runs import RunRequest
from coterie.domain.wire import to_wire
from coterie.features.application import Application

HELP: Mapping[str, str] = {
    "/help": "this list",
    "/model HOST/MODEL": "let another model answer from now on; alone: which one does",
    "/new": "begin another chat",
    "/history": "what was said in this one",
    "/title WORDS": "name this chat",
    "/undo": "take back what the latest answer changed; again: the one before",
    **{command: text for command, text in COMMANDS.items() if command != "/help"},
    "/quit": "leave, as Ctrl-D does",
}


async def chat(arguments: Arguments, wiring: Wiring, output: Output, streams: Streams) -> int:
    """Talk until the person leaves."""
    attended = streams.attended and not arguments.json
    audience = QueueAudience(can_answer=attended)
    folder = arguments.folder.absolute()
    core = await opened(wiring, Invocation(folder=folder, settings=settings_of(arguments), audience=audience), output)
    history = wiring.surroundings(folder).places["state"] / "chat_history" if attended else None
    try:
        if arguments.channel is not None:
            await core.application.channels.history(arguments.channel, limit=1)  # which says so when there is no such channel
        talk = _Talk(core.application, audience, output, arguments, line_reader(streams.stdin) if attended else None)
        if attended:
            output.line(Line("Ask, or say what is to be done. /help lists what else can be typed.", "dim"))
        with prompted(history) if history is not None else nullcontext(piped(streams.stdin)) as read_line:
            while (typed := await read_line()) is not None and await talk.take(typed.strip()):
                pass
    finally:
        await core.application.aclose()
    return exits.OK if attended else talk.status


class _Talk:
    """One person's chat: the channel that they are in, and the runs that it had. ``status`` is how the latest thing ended, for scripts."""

    def __init__(
        self, application: Application, audience: QueueAudience, output: Output, arguments: Arguments, read_answer: ReadLine | None
    ) -> None:
        self._application = application
        self._audience = audience
        self._output = output
        self._read_answer = read_answer
        self._agent = arguments.agent
        self._model = arguments.model
        self._channel_id = arguments.channel
        self.status = exits.OK
        self._runs: list[str] = []
        self._commands: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "/help": self._help,
            "/model": self._choose_model,
            "/new": self._new,
            "/history": self._history,
            "/title": self._title,
            "/undo": self._undo,
        }

    async def take(self, typed: str) -> bool:
        """Do what a line says; False when the person leaves. What cannot be done is told, and the chat goes on."""
        word, _, rest = typed.partition(" ")
        if word in {"/quit", "/exit"}:
            return False
        try:
            if word in self._commands:
                await self._commands[word](rest.strip())
                self.status = exits.OK
            elif command_in(typed) is not None and self._channel_id is None:
                self._output.line(Line("nothing was said yet", "dim"))
            elif command_in(typed) is not None:
                self.status = exits.of_run(await self._say(typed))
            elif word.startswith("/") and "/" not in word[1:]:
                self._output.line(Line(f"There is no {word}; /help lists what there is.", "warn"))
            elif typed:
                self.status = exits.of_run(await self._say(typed))
        except CoterieError as error:
            self._output.error(error)
            self.status = exits.of_error(error)
        return True

    async def _say(self, prompt: str) -> RunEvent:
        if self._channel_id is None:
            self._channel_id = (await self._application.channels.open(agent=self._agent)).channel_id
        request = RunRequest(prompt=prompt, channel_id=self._channel_id, agent=self._agent, model=self._model)
        run_id = (await self._application.runs.start(request)).run_id
        self._runs.append(run_id)
        before = signal.getsignal(signal.SIGINT)
        try:
            end = await Following(run_id, self._application, self._output, self._read_answer).to_the_end(self._audience)
        finally:
            signal.signal(signal.SIGINT, before)  # a Ctrl-C that cancelled one run says nothing of the next
        view = await self._application.runs.get(run_id)
        if changed := sorted({change.path for change in view.changes if change.state == "applied"}):
            self._output.line(Line(f"changed: {', '.join(changed)} (/undo takes it back)", "strong"))
        self._output.line(Line(usage_text(view.usage), "dim"))
        self._output.result({"run": to_wire(view)})
        return end

    async def _help(self, _: str) -> None:
        for command, text in HELP.items():
            self._output.line(Line(f"{command:<18} {text}"))

    async def _choose_model(self, name: str) -> None:
        if name:
            await self._application.runs.check_model(name)
            self._model = name
        self._output.line(Line(f"model: {self._model or 'as configured'}", "dim"))

    async def _new(self, _: str) -> None:
        self._channel_id = None
        self._runs.clear()
        self._output.line(Line("a new chat", "dim"))

    async def _history(self, _: str) -> None:
        if self._channel_id is None:
            self._output.line(Line("nothing was said yet", "dim"))
            return
        for message in (await self._application.channels.history(self._channel_id)).messages:
            if message.text:
                who = "you" if message.role == "user" else message.agent or "agent"
                self._output.line(Line(f"{who}: {message.text}", "strong" if message.role == "user" else "plain"))

    async def _title(self, words: str) -> None:
        if self._channel_id is None:
            self._output.line(Line("nothing was said yet, so there is nothing to name", "warn"))
            return
        channel = await self._application.channels.rename(self._channel_id, words)
        self._output.line(Line(f"this chat is called {channel.title}", "dim"))

    async def _undo(self, _: str) -> None:
        while self._runs:
            result = await self._application.runs.undo(self._runs.pop())
            if result.restored or result.conflicts or result.not_undoable:
                self._output.result(to_wire(result), tuple(undo_lines(result)))
                return
        self._output.line(Line("nothing to take back", "dim"))
