"""Many deltas become one notification per frame.

A model streams faster than any editor paints. `Frames` stands between the core and the outgoing queue: the first delta goes out at
once, those that follow within 16 ms leave together, and everything else leaves at once behind what came before it, so that the order
and the rising ``seq`` of a run are kept. Used by ``outbound``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from coterie.domain.events import AgentEvent, MessageDelta, ThoughtDelta

FRAME_S = 0.016


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
    """Coalesces deltas. ``later`` calls back after so many seconds, as `asyncio.AbstractEventLoop.call_later` does."""

    def __init__(self, send: Callable[[AgentEvent], None], later: Callable[[float, Callable[[], None]], object]) -> None:
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
