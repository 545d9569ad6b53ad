"""What the demo looks like: a transcript that scrolls, and on a terminal one live line below it with the steps, the tokens and the clock.

``story`` writes sections, lines and events. In a pipe there is no live line and no colour; the words are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.markdown import Markdown
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from coterie.base.legible import inert
from coterie.cli.terminal import RICH_STYLES
from coterie.cli.wording import Line, lines_of, usage_text
from coterie.domain.events import AgentEvent, ChangeEvent, Event, MessageDelta, MessageEvent, StepEvent, UsageEvent
from coterie.domain.usage import NO_USAGE, Usage

_STEP_SIGNS: Mapping[str, tuple[str, str]] = {
    "running": ("▸", "bold"),
    "succeeded": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("-", "dim"),
}
STREAMED_LINES = 4
"""How much of an answer in progress the live part shows; the whole of it is written when it has ended."""
DIGITS = 16


class Screen:
    """Writes to ``console``. Use it as a context: the live part is there only inside."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = monotonic()
        self._streaming: dict[str, str] = {}
        self._steps: dict[str, StepEvent] = {}
        self._usage = NO_USAGE
        self._live = Live(console=console, get_renderable=self.live_part, refresh_per_second=12, transient=True)

    def __enter__(self) -> Self:
        # A recording would keep every state of the live part.
        if self._console.is_terminal and not self._console.record:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def section(self, title: str) -> None:
        """Begin a part of the story; the live part begins anew with it."""
        self._steps.clear()
        self._usage = NO_USAGE
        self._console.print()
        self._console.print(Rule(Text(title, style="bold"), align="left", characters="─"))

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines; a long one goes on below its own beginning, an output's is cut."""
        for line in lines:
            said = inert(line.text)
            words = said.lstrip(" ")
            text = Text(words, style=RICH_STYLES[line.style])
            if words.startswith("│"):
                text.no_wrap, text.overflow = True, "ellipsis"
            self._console.print(Padding(text, (0, 0, 0, len(said) - len(words)), expand=False))

    def said(self, who: str, text: str) -> None:
        """Write what the person or an agent said."""
        self._console.print(Text(f"{who}:", style="bold cyan"))
        self._console.print(Padding(Markdown(inert(text)), (0, 0, 0, 2), expand=False))

    def event(self, told: AgentEvent) -> None:
        """Write an event; texts in progress, steps and usage go to the live part."""
        event = told.event
        if isinstance(event, StepEvent) and self._steps.get(event.step_id) == event:
            return
        self._take(event)
        match event:
            case MessageEvent() if event.role == "assistant":
                if event.text:
                    self.said(event.agent or "agent", event.text)
            case ChangeEvent():
                # The whole difference is asked for and shown once, at the end.
                self.lines(lines_of(event)[:1])
            case _:
                self.lines(lines_of(event))

    def diff(self, text: str) -> None:
        """Write a unified diff."""
        for line in inert(text).splitlines():
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
            self._console.print(Padding(Text(line, style=style), (0, 0, 0, 2), expand=False))

    def hashes(self, columns: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        """Write a table of fingerprints; what differs from the first column is marked."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("SHA-256 of", overflow="fold")
        first = columns[0][1]
        for title, _ in columns:
            table.add_column(title, overflow="fold")
        for path in sorted({path for _, prints in columns for path in prints}):
            cells = [prints.get(path, "(no file)")[:DIGITS] for _, prints in columns]
            marks = ["" if prints.get(path) == first.get(path) else "yellow" for _, prints in columns]
            table.add_row(path, *(Text(cell, style=mark or "dim") for cell, mark in zip(cells, marks, strict=True)))
        self._console.print(table)

    def _take(self, event: Event) -> None:
        match event:
            case MessageDelta():
                self._streaming[event.message_id] = self._streaming.get(event.message_id, "") + event.text
            case MessageEvent():
                self._streaming.pop(event.message_id, None)
            case StepEvent():
                self._steps[event.step_id] = event
            case UsageEvent():
                self._usage = Usage(
                    input=event.input, cache_read=event.cache_read, cache_write=event.cache_write, output=event.output, usd=event.usd
                )
            case _:
                pass

    def live_part(self) -> Group:
        """Return what stands below the transcript now: texts in progress, steps, usage, time."""
        steps = Text("  ")
        latest = max((step.attempt for step in self._steps.values()), default=1)
        for step in self._steps.values():
            sign, style = _STEP_SIGNS[step.state]
            again = f" {step.attempt}" if step.attempt > 1 else ""
            # What an earlier attempt made is done again after the step that is under way.
            stale = step.state == "succeeded" and step.attempt < latest
            steps.append(f"{sign} {step.step_id}{again}  ", style="dim" if stale else style)
        steps.append(f"{usage_text(self._usage)}  {monotonic() - self._began:.0f} s", style="dim")
        tails = [Text("\n".join(inert(text).splitlines()[-STREAMED_LINES:]), style="italic") for text in self._streaming.values()]
        return Group(*(Padding(tail, (0, 0, 0, 2)) for tail in tails), steps)
