"""Many messages become few: deltas of one frame, states that follow each other quickly.

A model streams faster than any editor paints. `Frames` stands between the core and the outgoing queue: the first delta goes out at
once, those that follow within 16 ms leave together, and everything else leaves at once behind what came before it, so that the order
and the rising ``seq`` of a run are kept. `Latest` does the same for states, of which only the last one counts. Used by ``outbound``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from coterie.domain.events import AgentEvent, MessageDelta, ThoughtDelta

FRAME_S = 0.016
PAUSE_S = 0.25
"""What a person looks at need not change more often."""
_State = TypeVar("_State")
Later = Callable[[float, Callable[[], None]], object]
"""Calls back after so many seconds, as `asyncio.AbstractEventLoop.call_later` does."""


@dataclass(slots=True)
class Held:
    """Deltas of one message that leave together: their first one, the latest event's number and time, and all texts."""

    first: MessageDelta | ThoughtDelta
    latest: AgentEvent
    texts: list[str] = field(default_factory=list)

    def merged(self) -> AgentEvent:
        """Return them as one event."""
        return replace(self.latest, event=replace(self.first, text="".join(self.texts)))


class Frames:
    """Coalesces deltas."""

    def __init__(self, send: Callable[[AgentEvent], None], later: Later) -> None:
        self._send = send
        self._later = later
        self._held: dict[tuple[str, str], Held] = {}
        self._open = False  # a frame has begun and its end is scheduled

    def tell(self, event: AgentEvent) -> None:
        """Pass an event on, now or at the end of the frame."""
        delta = event.event
        if not isinstance(delta, MessageDelta | ThoughtDelta):
            self._flush()
            self._send(event)
        elif self._open:
            # A message moves behind the others with each delta: numbers rise only if the latest one is the last.
            held = self._held.pop((delta.kind, delta.message_id), None) or Held(delta, event)
            held.latest = event
            held.texts.append(delta.text)
            self._held[delta.kind, delta.message_id] = held
        else:
            self._send(event)
            self._begin()

    def _begin(self) -> None:
        self._open = True
        self._later(FRAME_S, self._end)

    def _end(self) -> None:
        self._open = False
        if self._held:
            self._flush()
            self._begin()

    def _flush(self) -> None:
        held, self._held = self._held, {}
        for message in held.values():
            self._send(message.merged())


class Latest(Generic[_State]):
    """Sends a state at once, and of those that follow within a pause the last one, at its end."""

    def __init__(self, send: Callable[[_State], None], later: Later) -> None:
        self._send = send
        self._later = later
        self._held: list[_State] = []
        self._paused = False

    def tell(self, state: _State) -> None:
        """Pass a state on, now or at the end of the pause."""
        if self._paused:
            self._held = [state]
        else:
            self._send(state)
            self._paused = True
            self._later(PAUSE_S, self._end)

    def _end(self) -> None:
        self._paused = False
        held, self._held = self._held, []
        for state in held:
            self.tell(state)
