"""The provider that plays a recorded session, with its timing.

The demo uses it on a machine without a model. It never passes for one: whatever model is asked for, `registry` labels it as a recording.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import assert_never

from typing_extensions import override

from coterie.base.errors import ProviderError
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
from coterie.domain.status import ModelView
from coterie.domain.suggestions import FillRequest
from coterie.providers.cassette import (
    Cassette,
    FinishPiece,
    Piece,
    Playback,
    RecordedCall,
    TextPiece,
    ThoughtPiece,
    ToolPiece,
    UsagePiece,
    read_cassette,
)
from coterie.providers.config import ProviderConfig
from coterie.providers.contract import BaseProvider

LONGEST_PAUSE_S = 3.0
_DEFAULT_MODELS = ("recorded",)


class Replay(BaseProvider):
    """Implements `coterie.domain.model_ports.Provider`.

    ``extra.speed`` of its settings divides the pauses (0: none); each is bounded. ``sleep`` is what waits.
    """

    version = "cassette 1"

    def __init__(self, config: ProviderConfig, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        super().__init__(config)
        self._sleep = sleep
        self._loaded: tuple[Cassette, Playback] | None = None
        self._loading = asyncio.Lock()

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Play the recorded call of the request's agent and number. Raises `ProviderError` when there is none."""
        speed = self._speed()
        cassette, playback = await self._load()
        recorded = _checked(playback.find(request), request, cassette, self._config.cassette or "")
        numbers = count()
        for piece in recorded.events:
            if speed and piece.after_ms:
                await self._sleep(min(piece.after_ms / 1000 / speed, LONGEST_PAUSE_S))
            for event in events_of(piece, f"call_{request.agent}_{request.call}_{next(numbers)}"):
                yield event

    @override
    async def connect(self) -> None:
        """Read the recording, which shows whether it can be played. Raises `ProviderError`."""
        await self._load()
        self._is_connected = True

    @override
    def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Refuse: a recording holds answers to conversations. Raises `ProviderError`."""
        raise ProviderError(f"The recording of `{self.name}` fills no gap for {request.model}.", kind="bad_request", code="no_fim")

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the names under which the recording is offered; what they are called decides nothing."""
        return tuple(
            ModelView(id=f"{self.name}/{model}", provider=self.name, capabilities=self.capabilities)
            for model in self._config.models or _DEFAULT_MODELS
        )

    def _speed(self) -> float:
        speed = self._config.extra.get("speed", 1)
        if isinstance(speed, int | float) and speed >= 0:
            return float(speed)
        raise ProviderError(f"`speed` of [providers.{self.name}] is {speed!r}; it must be a number from 0.", kind="bad_request")

    async def _load(self) -> tuple[Cassette, Playback]:
        async with self._loading:
            if self._loaded is None:
                cassette = await self._read()
                self._loaded = (cassette, Playback(cassette))
            return self._loaded

    async def _read(self) -> Cassette:
        if not self._config.cassette:
            raise ProviderError(f"[providers.{self.name}] names no recording: set `cassette` to its file.", kind="bad_request")
        try:
            return await asyncio.to_thread(read_cassette, Path(self._config.cassette))
        except (OSError, ValueError) as failure:
            raise ProviderError(f"The recording {self._config.cassette} cannot be played: {failure}", kind="bad_request") from failure


def _checked(found: RecordedCall | None, request: ModelRequest, cassette: Cassette, path: str) -> RecordedCall:
    if found is None:
        there = ", ".join(f"{call.agent} {call.call}" for call in cassette.calls) or "none"
        raise ProviderError(
            f"The recording {path} lacks call {request.call} of the agent `{request.agent}`. It has: {there}.", kind="bad_request"
        )
    if not found.events or not isinstance(found.events[-1], FinishPiece):
        raise ProviderError(
            f"Call {request.call} of the agent `{request.agent}` in the recording {path} has no `finish` at its end.", kind="bad_request"
        )
    return found


def events_of(piece: Piece, call_id: str) -> Iterator[StreamEvent]:
    """Return what a recorded piece streams; ``call_id`` is for a tool call that was recorded without its own."""
    match piece:
        case TextPiece():
            yield TextDelta(piece.text)
        case ThoughtPiece():
            yield ThoughtDelta(piece.thought, piece.signature)
        case ToolPiece():
            call_id = piece.call_id or call_id
            arguments = piece.arguments if isinstance(piece.arguments, str) else json.dumps(piece.arguments, ensure_ascii=False)
            yield ToolCallStarted(call_id, piece.tool)
            yield ToolCallArguments(call_id, arguments)
            yield ToolCallEnded(call_id)
        case UsagePiece():
            yield UsageReported(piece.usage)
        case FinishPiece():
            yield Finished(piece.finish)
        case _:
            assert_never(piece)
