"""Where a command's words go: JSON for machines, plain lines into a pipe, colours on a terminal.

``runs``, ``undo`` and ``doctor`` write through an `Output`; `output_for` chooses one. Answers of agents go to standard output, everything
else about their work to standard error, so that ``coterie ask … | less`` holds the answer alone. rich is imported for a terminal only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TextIO, TypeAlias

from coterie.base.errors import CoterieError
from coterie.base.legible import inert
from coterie.cli.wording import Line, Style, lines_of
from coterie.domain.events import AgentEvent, MessageDelta, MessageEvent, WarningEvent
from coterie.domain.wire import Json, to_wire

RICH_STYLES: Mapping[Style, str] = {
    "plain": "",
    "dim": "dim",
    "strong": "bold",
    "good": "green",
    "bad": "red",
    "warn": "yellow",
    "added": "green",
    "removed": "red",
}


@dataclass(frozen=True, slots=True)
class Streams:
    """The standard streams of this process, and its environment."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]

    @property
    def attended(self) -> bool:
        """Whether a person is there to be asked."""
        return self.stdin.isatty() and self.stderr.isatty()


class Output(Protocol):
    """What commands write through."""

    def event(self, told: AgentEvent) -> None:
        """Tell an event of a run."""
        ...

    def line(self, line: Line) -> None:
        """Tell something about the work."""
        ...

    def progress(self, value: Json, text: str, share: float | None) -> None:
        """Tell how far something is: ``value`` to machines, ``text`` and the ``share`` (0 to 1; None: nobody knows) to people."""
        ...

    def result(self, value: Json, lines: tuple[Line, ...] = ()) -> None:
        """Give a command's result: ``value`` to machines, ``lines`` to people."""
        ...

    def error(self, error: CoterieError) -> None:
        """Say why the command could not do its work."""
        ...


WriteLine: TypeAlias = Callable[[Line], None]
_OVER = "\r\x1b[K"
"""Back to the line's beginning, and what stands there away."""


def output_for(streams: Streams, *, machine: bool) -> Output:
    """Choose by what standard output is and by ``--json``."""
    for stream in (streams.stdout, streams.stderr):
        # A terminal without UTF-8 gets question marks instead of an end in the middle of a run.
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")
    if machine:
        return JsonOutput(streams.stdout)
    on_terminal = streams.stdout.isatty()
    writer = rich_writer if on_terminal else plain_writer
    over = streams.stderr if streams.stderr.isatty() else None
    return TextOutput(streams.stdout, writer(streams.stdout), writer(streams.stderr), streaming=on_terminal, over=over)


class JsonOutput:
    """One JSON value a line on standard output, events as on the wire."""

    def __init__(self, stdout: TextIO) -> None:
        self._stdout = stdout

    def event(self, told: AgentEvent) -> None:
        """Write the payload of ``agent/event``."""
        self.result(to_wire(told))

    def line(self, line: Line) -> None:
        """Say nothing: words are for people."""

    def progress(self, value: Json, text: str, share: float | None) -> None:  # noqa: ARG002 - the words are for people
        """Write the value."""
        self.result(value)

    def result(self, value: Json, lines: tuple[Line, ...] = ()) -> None:  # noqa: ARG002 - the words are for people
        """Write the value."""
        # In JSON, what is spelled out means the same; a terminal obeys more than what JSON has to escape.
        self._stdout.write(inert(json.dumps(value, ensure_ascii=False)) + "\n")
        self._stdout.flush()

    def error(self, error: CoterieError) -> None:
        """Write the error with its code."""
        self.result({"error": {"code": error.code, "message": error.message}})


class TextOutput:
    """Words, of models and hosts too: what would move a cursor, or wipe a question away, is spelled out.

    With ``streaming`` an answer appears as it comes, without it once it is whole.

    ``over`` is a terminal on which a line can be written over, for progress; None: each is a line of its own.
    """

    def __init__(
        self, stdout: TextIO, write_result: WriteLine, write_line: WriteLine, *, streaming: bool, over: TextIO | None = None
    ) -> None:
        self._stdout = stdout
        self._over = over
        self._progress_is_open = False
        self._last_progress = ""
        self._write_result = write_result
        self._write_line = write_line
        self._streaming = streaming
        self._streamed: set[str] = set()
        self._said_of_prices: set[str] = set()
        self._line_is_open = False

    def event(self, told: AgentEvent) -> None:
        """Write an event's text or its lines."""
        match told.event:
            case MessageDelta() as delta:
                if self._streaming and delta.text:
                    self._streamed.add(delta.message_id)
                    self._text(delta.text)
            case MessageEvent() as message:
                if message.role == "assistant" and message.message_id not in self._streamed:
                    self._text(message.text)
                self._end_line()
            case WarningEvent(code="price_unknown", text=text) if text in self._said_of_prices:
                pass  # every run says it of each of its models, and a chat is many runs
            case event:
                if isinstance(event, WarningEvent) and event.code == "price_unknown":
                    self._said_of_prices.add(event.text)
                for line in lines_of(event):
                    self.line(line)

    def line(self, line: Line) -> None:
        """Write one line, after ending the one that a streamed text left open."""
        self._end_line()
        self._write_line(line)

    def progress(self, value: Json, text: str, share: float | None) -> None:  # noqa: ARG002 - the value is for machines
        """Write each percent over the one before; where that cannot be, every tenth below it."""
        step = 10 if self._over is None else 1
        text = inert(text)
        if share is not None:
            text = f"{text} {int(100 * share) // step * step}%"
        if text == self._last_progress:
            return
        self._last_progress = text
        if self._over is None:
            self.line(Line(text, "dim"))
        else:
            self._over.write(f"{_OVER}{text}")
            self._over.flush()
            self._progress_is_open = True

    def result(self, value: Json, lines: tuple[Line, ...] = ()) -> None:  # noqa: ARG002 - the value is for machines
        """Write the lines."""
        self._end_line()
        for line in lines:
            self._write_result(line)

    def error(self, error: CoterieError) -> None:
        """Write the error's sentence."""
        self.line(Line(f"coterie: {error.message}", "bad"))

    def _text(self, text: str) -> None:
        if text:
            self._stdout.write(inert(text))
            self._stdout.flush()
            self._line_is_open = not text.endswith("\n")

    def _end_line(self) -> None:
        if self._progress_is_open and self._over is not None:
            self._over.write(_OVER)
            self._over.flush()
            self._progress_is_open = False
        if self._line_is_open:
            self._text("\n")


def plain_writer(stream: TextIO) -> WriteLine:
    """Return what writes lines without any style."""

    def write(line: Line) -> None:
        stream.write(inert(line.text) + "\n")
        stream.flush()

    return write


def rich_writer(stream: TextIO) -> WriteLine:
    """Return what writes lines in colour, where the terminal has it and ``NO_COLOR`` is not set."""
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for rich
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=stream, highlight=False)

    def write(line: Line) -> None:
        console.print(Text(inert(line.text), style=RICH_STYLES[line.style]), soft_wrap=True)

    return write
