"""Record what models answer into a cassette, for `replay`. A tool of development, switched on where the registry is built.

A `Recorder` stands around a provider and passes everything on. Calls that fail or are cancelled leave no trace; a call that is made anew
replaces the one before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic

from typing_extensions import override

from coterie.domain.messages import (
    Finished,
    ModelRequest,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UsageReported,
)
from coterie.domain.ports import Provider
from coterie.domain.status import Price
from coterie.providers.cassette import (
    Cassette,
    FinishPiece,
    Piece,
    RecordedCall,
    TextPiece,
    ThoughtPiece,
    ToolPiece,
    UsagePiece,
    write_cassette,
)
from coterie.providers.contract import ProviderAround
from coterie.providers.fields import parse_object
from coterie.providers.prices import cost


class Recording:
    """The cassette that is being made; all providers of a process record into one. Written anew after each call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._calls: dict[tuple[str, int], RecordedCall] = {}
        self._models: dict[str, str] = {}
        self._writing = asyncio.Lock()

    async def keep(self, call: RecordedCall, model: str) -> None:
        """Add a call and write the file."""
        self._calls[call.agent, call.call] = call
        self._models[call.agent] = model
        async with self._writing:
            cassette = Cassette(models=self._models, calls=tuple(self._calls.values()))
            await asyncio.to_thread(write_cassette, self._path, cassette)


class Recorder(ProviderAround):
    """Implements `coterie.domain.ports.Provider` around another. ``clock`` gives seconds."""

    def __init__(
        self, provider: Provider, recording: Recording, prices: Mapping[str, Price], *, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(provider)
        self._recording = recording
        self._prices = prices
        self._clock = clock

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Pass the stream on, and keep it once it has finished."""
        taken = Take(self._prices.get(request.model), self._clock)
        events = self._provider.stream(request)
        try:
            async for event in events:
                taken.add(event)
                if isinstance(event, Finished):
                    call = RecordedCall(agent=request.agent, call=request.call, events=tuple(taken.pieces))
                    await self._recording.keep(call, f"{self.name}/{request.model}")
                yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()


class Take:
    """The pieces of one call, as far as it has come. ``price`` is what its tokens cost, where the host does not say its bill."""

    def __init__(self, price: Price | None, clock: Callable[[], float]) -> None:
        self.pieces: list[Piece] = []
        self._price = price
        self._clock = clock
        self._last = clock()
        self._tools: dict[str, str] = {}
        self._arguments: dict[str, str] = {}

    def add(self, event: StreamEvent) -> None:
        """Add an event. A tool call becomes a piece when it is whole."""
        match event:
            case TextDelta():
                self.pieces.append(TextPiece(after_ms=self._pause(), text=event.text))
            case ThoughtDelta():
                self.pieces.append(ThoughtPiece(after_ms=self._pause(), thought=event.text, signature=event.signature))
            case ToolCallStarted():
                self._tools[event.call_id], self._arguments[event.call_id] = event.tool, ""
            case ToolCallArguments():
                self._arguments[event.call_id] += event.text
            case ToolCallEnded():
                raw = self._arguments.pop(event.call_id)
                whole = parse_object(raw)
                tool = self._tools.pop(event.call_id)
                arguments = raw if whole is None else whole
                self.pieces.append(ToolPiece(after_ms=self._pause(), tool=tool, arguments=arguments, call_id=event.call_id))
            case UsageReported():
                # Money as it was: whoever plays the recording has no price for it.
                usage = replace(event.usage, usd=cost(event.usage, self._price))
                self.pieces.append(UsagePiece(after_ms=self._pause(), usage=usage))
            case Finished():
                self.pieces.append(FinishPiece(after_ms=self._pause(), finish=event.reason))

    def _pause(self) -> int:
        now, last = self._clock(), self._last
        self._last = now
        return round((now - last) * 1000)
