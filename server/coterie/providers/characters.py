"""Join characters that a host cut in two.

Hosts written in JavaScript cut their text at UTF-16 units, so that an emoji can come as two pieces, each an escaped half of a surrogate
pair and no character by itself. `decoding` lets every answer through here; what is told to clients is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from coterie.domain.messages import (
    Finished,
    Produced,
    Reused,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UsageReported,
    Waiting,
)

Piece: TypeAlias = TextDelta | ThoughtDelta | ToolCallArguments


@dataclass(slots=True)
class WholeCharacters:
    """Holds the first half of a character back until the second one comes, in each text of one answer."""

    _halves: dict[str, Piece] = field(default_factory=dict)

    def feed(self, event: StreamEvent) -> Iterator[StreamEvent]:
        """Return an event with whole characters; none while all that it has is half of one."""
        match event:
            case TextDelta():
                yield from self._piece("text", event)
            case ThoughtDelta():
                yield from self._piece("thought", event)
            case ToolCallArguments(call_id):
                yield from self._piece(f"call {call_id}", event)
            case ToolCallEnded(call_id):
                yield from self._rest(f"call {call_id}")
                yield event
            case Finished():
                for key in tuple(self._halves):
                    yield from self._rest(key)
                yield event
            case ToolCallStarted() | UsageReported() | Waiting() | Reused() | Produced():
                yield event
            case _:
                assert_never(event)

    def _piece(self, key: str, piece: Piece) -> Iterator[StreamEvent]:
        if not piece.text or (key not in self._halves and piece.text.isascii()):
            yield piece
            return
        before = self._halves.pop(key, None)
        text = _joined((before.text if before else "") + piece.text)
        if "\ud800" <= text[-1:] <= "\udbff":
            self._halves[key] = replace(piece, text=text[-1])
            text = text[:-1]
        if text:
            yield replace(piece, text=text)

    def _rest(self, key: str) -> Iterator[StreamEvent]:
        """Return a half whose other half never came; nobody but the caller knows what to make of it."""
        if (half := self._halves.pop(key, None)) is not None:
            yield half


def _joined(text: str) -> str:
    """Return a text in which two halves that stand side by side are one character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
