"""Join what a host cut in two: characters, and the key of the call, which no answer may hold.

Hosts written in JavaScript cut their text at UTF-16 units, so that an emoji can come as two pieces, each an escaped half of a surrogate
pair and no character by itself. A host that says back which key it was sent (one that lies, or is being debugged) would have it journalled,
shown, and sent on to other hosts. `decoding` and `botserver` let every answer through here; what is told to clients is whole, and without
the key.
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
from coterie.domain.wire import Json

Piece: TypeAlias = TextDelta | ThoughtDelta | ToolCallArguments

_SHORTEST_KEY = 16


@dataclass(slots=True)
class WholeCharacters:
    """Holds the first half of a character back until the second one comes, in each text of one answer; likewise of a ``key``.

    What is called a key for hosts that want none (``ollama``, ``not-needed``) is a word, and may be said.
    """

    key: str | None = field(default=None, repr=False)
    _halves: dict[str, Piece] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Forget a key that is none."""
        if self.key is not None and (len(self.key) < _SHORTEST_KEY or not any(map(str.isdigit, self.key))):
            self.key = None

    def feed(self, event: StreamEvent) -> Iterator[StreamEvent]:
        """Return an event with whole characters; none while all that it has is half of one."""
        match event:
            case TextDelta():
                yield from self._piece("text", event)
            case ThoughtDelta(signature=signature):
                # The proof of a thought may hold its words again.
                sealed = event if signature is None else replace(event, signature=self._without_key(signature))
                yield from self._piece("thought", sealed)
            case ToolCallArguments(call_id):
                yield from self._piece(f"call {call_id}", event)
            case ToolCallEnded(call_id):
                yield from self._rest(f"call {call_id}")
                yield event
            case Finished():
                for key in tuple(self._halves):
                    yield from self._rest(key)
                yield event
            case ToolCallStarted(tool=tool):
                yield replace(event, tool=self._without_key(tool))
            case Produced(value=value):
                yield replace(event, value={name: self._cleared(each) for name, each in value.items()})
            case UsageReported() | Waiting() | Reused():
                yield event
            case _:
                assert_never(event)

    def _piece(self, key: str, piece: Piece) -> Iterator[StreamEvent]:
        if not piece.text or (key not in self._halves and piece.text.isascii() and not self._touches_key(piece.text)):
            yield piece
            return
        before = self._halves.pop(key, None)
        text = _joined((before.text if before else "") + piece.text)
        text = self._without_key(text)
        if half := self._half(text):
            self._halves[key] = replace(piece, text=text[-half:])
            text = text[:-half]
        if text:
            yield replace(piece, text=text)

    def _without_key(self, text: str) -> str:
        return text if self.key is None else text.replace(self.key, "…")

    def _cleared(self, value: Json) -> Json:
        match value:
            case str():
                return self._without_key(value)
            case list():
                return [self._cleared(each) for each in value]
            case dict():
                return {name: self._cleared(each) for name, each in value.items()}
            case _:
                return value

    def _touches_key(self, text: str) -> bool:
        return self.key is not None and (self.key in text or _beginning(self.key, text) > 0)

    def _half(self, text: str) -> int:
        """Return how many characters at the end of a text may be the first half of something."""
        if "\ud800" <= text[-1:] <= "\udbff":
            return 1
        return 0 if self.key is None else _beginning(self.key, text)

    def _rest(self, key: str) -> Iterator[StreamEvent]:
        """Return a half whose other half never came; nobody but the caller knows what to make of it."""
        if (half := self._halves.pop(key, None)) is not None:
            yield half


def _beginning(key: str, text: str) -> int:
    """Return how many characters at the end of a text are those that a key begins with."""
    at = text.find(key[0], max(0, len(text) - len(key) + 1))
    while at >= 0 and not key.startswith(text[at:]):
        at = text.find(key[0], at + 1)
    return len(text) - at if at >= 0 else 0


def _joined(text: str) -> str:
    """Return a text in which two halves that stand side by side are one character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
