"""Lanes: a machine of one's own works with one model at a time.

Two models that take turns on one machine push each other out of its memory, and each call then begins by loading. So calls of one model go
side by side, as the host's server sees fit, and those of another one wait until they have ended: in the order in which they came, so that
nobody waits for ever. Ghost text gives way to all others. It begins only while nobody else is there, and is broken off as soon as somebody
comes: also by the same model, whose server would forget the conversation over it.

A `Lane` knows who is on it and who waits. `resilience.guard` puts a `Laned` around each provider that has one. All registries of the
process share the `Lanes`: a machine has one, however many editors and entries of the settings lead to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Final

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, ModelRequest, StreamEvent, Waiting
from coterie.domain.model_ports import Provider
from coterie.domain.suggestions import FillRequest
from coterie.providers.config import ProviderConfig
from coterie.providers.contract import ProviderAround

LANE: Final = "lane"
"""The code under which waiting for a lane is told."""
_REST_S = 0.5
"""For so long ghost text that was broken off need not be asked for again."""


class Turn:
    """One call on a lane, or waiting for it. ``gives_way`` to calls that do not."""

    def __init__(self, model: str, *, gives_way: bool) -> None:
        self.model = model
        self.gives_way = gives_way
        self.is_over = False
        self._begun = asyncio.Event()
        self._reading: asyncio.Timeout | None = None  # while the next event is waited for

    @property
    def has_begun(self) -> bool:
        """Whether the call may be made."""
        return self._begun.is_set()

    def begin(self) -> None:
        """Let the call be made."""
        self._begun.set()

    async def begun(self) -> None:
        """Wait until the call may be made."""
        await self._begun.wait()

    def end(self) -> None:
        """Have the call broken off."""
        self.is_over = True
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())

    async def next_of(self, events: AsyncIterator[StreamEvent]) -> StreamEvent | None:
        """Return the next event; None at the end, and when the turn is over."""
        if self.is_over:
            return None
        try:
            async with asyncio.timeout(None) as reading:
                self._reading = reading
                return await anext(events, None)
        except TimeoutError:
            if not reading.expired():
                raise
            return None
        finally:
            self._reading = None


class Lane:
    """Who has a machine, and who waits for it."""

    def __init__(self) -> None:
        self._on: list[Turn] = []
        self._waiting: list[Turn] = []

    def enter(self, model: str, *, gives_way: bool = False) -> Turn:
        """Take a place; the turn has begun already where nobody is in the way. Whoever enters leaves."""
        turn = Turn(model, gives_way=gives_way)
        self._waiting.append(turn)
        self._advance()
        return turn

    def leave(self, turn: Turn) -> None:
        """Give a place up, whether the turn had begun or not."""
        (self._on if turn in self._on else self._waiting).remove(turn)
        self._advance()

    def before(self, turn: Turn) -> tuple[str, int]:
        """Return the model that is worked with, and how many wait before this turn."""
        ahead = [other for other in self._order() if other is not turn]
        return (self._on[0].model if self._on else turn.model), len(ahead[: self._order().index(turn)])

    def _order(self) -> list[Turn]:
        return sorted(self._waiting, key=lambda turn: turn.gives_way)

    def _advance(self) -> None:
        for turn in self._order():
            if not all((other.model, other.gives_way) == (turn.model, turn.gives_way) for other in self._on):
                if not turn.gives_way:
                    for other in self._on:
                        if other.gives_way:
                            other.end()
                break
            self._waiting.remove(turn)
            self._on.append(turn)
            turn.begin()


class Lanes:
    """The lanes of all machines, by address."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    def of(self, config: ProviderConfig) -> Lane:
        """Return the lane of a provider's machine."""
        return self._lanes.setdefault(config.machine, Lane())


class Laned(ProviderAround):
    """Implements `coterie.domain.model_ports.Provider` around another, whose calls it makes in turn."""

    def __init__(self, provider: Provider, lane: Lane) -> None:
        super().__init__(provider)
        self._lane = lane

    @override
    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Pass the stream on, when it is the call's turn."""
        return self._in_turn(request.model, lambda: self._provider.stream(request), gives_way=request.gives_way)

    @override
    def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Pass the stream on, when nobody else needs the machine. Raises `ProviderError` ``lane_taken`` when it was broken off."""
        return self._in_turn(request.model, lambda: self._provider.fill(request), gives_way=True)

    async def _in_turn(
        self, model: str, make: Callable[[], AsyncIterator[StreamEvent]], *, gives_way: bool
    ) -> AsyncGenerator[StreamEvent, None]:
        is_whole = has_told = False
        while not is_whole:
            turn = self._lane.enter(model, gives_way=gives_way)
            try:
                if not turn.has_begun:
                    yield Waiting(LANE, self._words(model, turn))
                    await turn.begun()
                async with aclosing(make()) as events:  # type: ignore[type-var]
                    while (event := await turn.next_of(events)) is not None:
                        has_told = has_told or not isinstance(event, Waiting)
                        is_whole = isinstance(event, Finished)
                        yield event
                is_whole = is_whole or not turn.is_over
            finally:
                self._lane.leave(turn)
            if has_told and not is_whole:
                # What was told cannot be taken back, so it cannot begin anew.
                raise ProviderError(
                    f"Ghost text of `{self.name}/{model}` made way for another call.",
                    kind="bad_request",
                    code="lane_taken",
                    retry_after=_REST_S,
                )

    def _words(self, model: str, turn: Turn) -> str:
        busy_with, ahead = self._lane.before(turn)
        queue = f", behind {ahead} other{'s' if ahead > 1 else ''}" if ahead else ""
        return f"`{self.name}` works with `{busy_with}`; this call of `{model}` waits{queue}."
