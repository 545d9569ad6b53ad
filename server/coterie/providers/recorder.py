"""Record what models answer into a cassette, for `replay`: switched on by ``coterie record`` or the environment.

A `Recorder` stands around a provider and passes everything on. Calls that fail or are cancelled leave no trace; a call that is made anew
replaces the one before. Secrets that the process has met are cut out of what is written.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from time import monotonic

from typing_extensions import override

from coterie.base.redaction import Redaction
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
from coterie.domain.model_ports import Provider
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
    digest_of,
    write_cassette,
)
from coterie.providers.contract import ProviderAround
from coterie.providers.fields import parse_object
from coterie.providers.prices import cost


class Recording:
    """The cassette that is being made; all providers of a process record into one. Written anew after each call."""

    def __init__(self, path: Path, redaction: Redaction | None = None) -> None:
        self._path = path
        self._redaction = redaction or Redaction()
        self._runs: dict[str, int] = {}
        self._count = 0
        self._calls: dict[tuple[int, str, int], RecordedCall] = {}
        self._models: dict[str, str] = {}
        self._writing = asyncio.Lock()

    def run_of(self, request: ModelRequest) -> int:
        """Return the number of a request's run, in the order in which runs make their first calls; without a run it is its own."""
        if not request.run or request.run not in self._runs:
            self._runs[request.run] = self._count
            self._count += 1
        return self._runs[request.run]

    async def keep(self, call: RecordedCall, model: str) -> None:
        """Add a call and write the file."""
        self._calls[call.run, call.agent, call.call] = call
        self._models[call.agent] = model
        async with self._writing:
            # All of it anew: a secret may have been met after it was said.
            calls = tuple(call.model_copy(update={"events": tuple(self._clean(call.events))}) for call in self._calls.values())
            await asyncio.to_thread(write_cassette, self._path, Cassette(models=self._models, calls=calls))

    def _clean(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Hide secrets, those too that came in pieces."""
        for kind, group in groupby(pieces, key=type):
            alike = tuple(group)
            if kind is TextPiece or kind is ThoughtPiece:
                yield from self._clean_text(alike)
            else:
                yield from (self._clean_tool(piece) if isinstance(piece, ToolPiece) else piece for piece in alike)

    def _clean_text(self, pieces: tuple[Piece, ...]) -> Iterator[Piece]:
        said = "".join(piece.text if isinstance(piece, TextPiece) else getattr(piece, "thought", "") for piece in pieces)
        clean = self._redaction.hide(said)
        if clean == said:
            yield from pieces
        elif isinstance(pieces[0], TextPiece):
            yield TextPiece(after_ms=pieces[0].after_ms, text=clean)
        else:
            # The host's proof is of the words as they were.
            yield ThoughtPiece(after_ms=pieces[0].after_ms, thought=clean)

    def _clean_tool(self, piece: ToolPiece) -> ToolPiece:
        if isinstance(piece.arguments, str):
            return piece.model_copy(update={"arguments": self._redaction.hide(piece.arguments)})
        return piece.model_copy(update={"arguments": json.loads(self._redaction.hide(json.dumps(piece.arguments, ensure_ascii=False)))})


class Recorder(ProviderAround):
    """Implements `coterie.domain.model_ports.Provider` around another. ``price_of`` knows what its models cost, ``clock`` gives seconds."""

    def __init__(
        self,
        provider: Provider,
        recording: Recording,
        price_of: Callable[[str], Price | None],
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(provider)
        self._recording = recording
        self._price_of = price_of
        self._clock = clock

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Pass the stream on, and keep it once it has finished."""
        taken = Take(self._price_of(request.model), self._clock)
        run = self._recording.run_of(request)
        async with aclosing(self._provider.stream(request)) as events:  # type: ignore[type-var]
            async for event in events:
                taken.add(event)
                if isinstance(event, Finished):
                    call = RecordedCall(
                        run=run, agent=request.agent, call=request.call, asked=digest_of(request), events=tuple(taken.pieces)
                    )
                    await self._recording.keep(call, f"{self.name}/{request.model}")
                yield event


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
