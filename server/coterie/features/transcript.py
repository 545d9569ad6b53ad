"""A chat as it goes on: who said what, and what was done meanwhile, as text that only ever grows. Pure.

``following`` feeds a `Transcript` with a channel's history and then with its events, in any overlap: everything has an id, and what is
there already is not added again. A turn is one message of the person with all that Coterie answers to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from coterie.base.legible import first_line
from coterie.domain.channels import ChannelMessage
from coterie.domain.events import (
    ENDED,
    Attached,
    CompactionEvent,
    Event,
    MessageDelta,
    MessageDiscarded,
    MessageEvent,
    RunEvent,
    StepEvent,
    ToolCallEvent,
)
from coterie.features.chat_text import without_headings

FINISHED = frozenset({"succeeded", "failed", "denied"})
BROKEN_OFF = "*Broken off; it begins anew.*"
SHOWN_ARGUMENTS = ("path", "command", "query", "pattern", "question")
"""What is shown of a tool call beside its name: the first of these arguments that it has."""


@dataclass(slots=True)
class Piece:
    """A paragraph of an answer. Until it is ``complete`` more of it may come."""

    text: str
    complete: bool = True


@dataclass(slots=True)
class Turn:
    """What the person said (empty for a run that went on by itself), and the pieces of the answer by id, in their order."""

    message_id: str
    said: str
    pieces: dict[str, Piece] = field(default_factory=dict)

    @property
    def answer(self) -> str:
        """The answer so far. A later one begins with an earlier one: nothing shows behind a piece that still grows."""
        shown: list[str] = []
        for piece in self.pieces.values():
            if text := (_safe(piece.text.strip()) if piece.complete else _settled(piece.text)):
                shown.append(text)
            if not piece.complete:
                break
        return "\n\n".join(shown)


class Transcript:
    """The turns of one channel. ``run_id`` is the run that goes on in it."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.run_id: str | None = None
        self._said: set[str] = set()
        self._steps: set[str] = set()
        self._notes: dict[str, str] = {}  # what is said at the run's end: history does not have it, and what it has must stand together

    def recall(self, message: ChannelMessage) -> None:
        """Add a message of the channel's history."""
        if message.role == "user":
            self._say(message.message_id, message.text, message.attachments)
            return
        self._put(message.message_id, message.text)
        for call in message.tool_calls or ():
            self._call(call)

    def add(self, run_id: str, event: Event) -> None:
        """Take an event of the channel's run into account."""
        match event:
            case RunEvent(state=state):
                self._run(run_id, event, ended=state in ENDED)
            case StepEvent(state="running", step_id=step_id, agent=agent, attempt=attempt) if step_id != agent:
                self._put(f"{run_id}:{step_id}:{attempt}", f"**{step_id}** ({agent})")
            case MessageEvent(role="user"):
                self._say(event.message_id, event.text, event.attachments)
            case MessageEvent(partial=None | False):
                self._put(event.message_id, event.text)
            case MessageDelta():
                self._grow(event)
            case MessageDiscarded():
                if (piece := self._find(event.message_id)) is not None:
                    piece.text, piece.complete = f"{piece.text.rstrip()}\n\n{BROKEN_OFF}".lstrip(), True
            case ToolCallEvent():
                self._call(event)
            case CompactionEvent():
                self._notes[event.compaction_id] = f"> {event.text}"
            case _:
                pass  # a chat view of its own has room for it

    def _run(self, run_id: str, event: RunEvent, *, ended: bool) -> None:
        if not ended:
            self.run_id = run_id
            return
        self.run_id = None
        for turn in self.turns:
            for piece in turn.pieces.values():
                piece.complete = True
        for note_id, note in self._notes.items():
            self._put(note_id, note)
        self._notes.clear()
        if event.state != "succeeded":
            self._put(f"{run_id}:{event.state}", f"> The run is {event.state}. {event.text or ''}".rstrip())

    def _say(self, message_id: str, text: str, attachments: Sequence[Attached]) -> None:
        if message_id not in self._said:
            self._said.add(message_id)
            along = ", ".join(filter(None, map(_attached, attachments)))
            parts = [text.strip(), f"> Attached: {along}" if along else ""]
            self.turns.append(Turn(message_id, _safe("\n\n".join(parts).rstrip())))

    def _call(self, call: ToolCallEvent) -> None:
        if call.state in FINISHED:
            self._put(call.call_id, f"> {wording(call)}: {call.state}")

    def _grow(self, delta: MessageDelta) -> None:
        piece = self._find(delta.message_id)
        if piece is None and delta.offset == 0:
            self._last().pieces[delta.message_id] = Piece(delta.text, complete=False)
        elif piece is not None and not piece.complete:
            piece.text += delta.text

    def _put(self, piece_id: str, text: str) -> None:
        piece = self._find(piece_id)
        if piece is None:
            self._last().pieces[piece_id] = Piece(text)
        elif not piece.complete:
            piece.text, piece.complete = text, True

    def _find(self, piece_id: str) -> Piece | None:
        return next((turn.pieces[piece_id] for turn in reversed(self.turns) if piece_id in turn.pieces), None)

    def _last(self) -> Turn:
        if not self.turns:
            self.turns.append(Turn("", ""))
        return self.turns[-1]


def wording(call: ToolCallEvent) -> str:
    """Return a tool call as a person reads it: ``edit_file calc.py``."""
    shown = next((str(call.arguments[name]) for name in SHOWN_ARGUMENTS if call.arguments.get(name)), "")
    return f"{call.tool} {first_line(shown)}".rstrip()


def _attached(each: Attached) -> str:
    """Return what went along as Markdown shows it; nothing where there is nothing to show."""
    name, excerpt = _code(each.label), _code((each.excerpt or "").rstrip(":"))
    return f"{name} ({excerpt})" if name and excerpt else name or excerpt


def _code(text: str) -> str:
    """Return the first line of a text, which may hold anything, as code."""
    line = first_line(text.replace("`", ""))
    return f"`{line}`" if line else ""


def _safe(text: str) -> str:
    """Return a text with line feeds only, in which no line looks like one of a chat document's own headings."""
    return without_headings(_with_line_feeds(text))


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _settled(text: str) -> str:
    """Return what can be shown of a text that still grows: no white space that may vanish, no line that may become a heading."""
    text = _with_line_feeds(text)
    shown, _, last = text.rpartition("\n")
    return _safe((shown if last.startswith("#") else text).rstrip())
