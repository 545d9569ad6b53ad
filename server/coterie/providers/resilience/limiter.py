"""How fast a model may be called: so many requests and tokens a minute, by the settings and by what its host says.

A `Limiter` is arithmetic over a clock; `Limited` stands around a provider, waits, says so in the stream, and hands on. Calls of one
model pass in the order in which they came. `guard` keeps one limiter for each model and lets it hear the headers of every answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import AssistantMessage, ModelRequest, StreamEvent, ToolMessage, UsageReported, UserMessage, Waiting
from coterie.domain.model_ports import Provider
from coterie.domain.suggestions import FillRequest
from coterie.domain.usage import Usage
from coterie.providers.contract import ProviderAround
from coterie.providers.resilience.headers import Headroom, Said

WINDOW_S = 60.0
LONGEST_S = 60.0
"""No word of a host closes a model for longer than this: it may be wrong, and asking again shows it."""
_BYTES_PER_TOKEN = 4


@dataclass(slots=True)
class Taken:
    """What a call took of the minute's tokens; corrected when its usage is known."""

    at: float
    tokens: int


class Window:
    """What was taken in the last minute, against a limit; None: no limit."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._taken: deque[Taken] = deque()

    def wait(self, cost: int, now: float) -> float:
        """Return the seconds until ``cost`` fits. What is larger than the whole limit fits into an empty minute."""
        if self._limit is None:
            return 0.0
        while self._taken and self._taken[0].at + WINDOW_S <= now:
            self._taken.popleft()
        excess = sum(taken.tokens for taken in self._taken) + min(cost, self._limit) - self._limit
        for taken in self._taken:
            if excess <= 0:
                break
            excess -= taken.tokens
            until = taken.at + WINDOW_S
            if excess <= 0:
                return until - now
        return 0.0

    def take(self, cost: int, now: float) -> Taken:
        """Count a call."""
        taken = Taken(now, cost)
        if self._limit is not None:
            self._taken.append(taken)
        return taken


class Reserve:
    """What a host said to be left, and what was taken of it since; it grows back steadily until the reset, where the limit is known."""

    def __init__(self) -> None:
        self._room: Headroom | None = None
        self._at = 0.0
        self._taken = 0

    def heard(self, room: Headroom, now: float) -> None:
        """Believe the latest word."""
        self._room, self._at, self._taken = room, now, 0

    def wait(self, cost: int, now: float) -> float:
        """Return the seconds until ``cost`` is there again, at most those to the reset."""
        if self._room is None:
            return 0.0
        room, reset_s = self._room, min(self._room.reset_s, LONGEST_S)
        to_reset = self._at + reset_s - now
        missing = min(cost, room.limit or cost) - (room.remaining - self._taken)
        if to_reset <= 0 or missing <= 0:
            return 0.0
        if room.limit is None:
            return to_reset
        grows = (room.limit - room.remaining) / reset_s
        return min(max(0.0, self._at + missing / grows - now), to_reset)

    def take(self, cost: int) -> None:
        """Count a call."""
        self._taken += cost


class Limiter:
    """The limits of one model. ``clock`` gives seconds that only grow."""

    def __init__(self, *, rpm: int | None = None, tpm: int | None = None, clock: Callable[[], float] = monotonic) -> None:
        self.order = asyncio.Lock()
        self._clock = clock
        self._requests, self._tokens = Window(rpm), Window(tpm)
        self._said_requests, self._said_tokens = Reserve(), Reserve()
        self._closed_until = 0.0

    def wait(self, tokens: int) -> float:
        """Return the seconds until a call of about so many tokens may be made."""
        now = self._clock()
        return max(
            self.closed_s,
            self._requests.wait(1, now),
            self._tokens.wait(tokens, now),
            self._said_requests.wait(1, now),
            self._said_tokens.wait(tokens, now),
        )

    def take(self, tokens: int) -> Taken:
        """Count a call that is made now."""
        now = self._clock()
        self._requests.take(1, now)
        self._said_requests.take(1)
        self._said_tokens.take(tokens)
        return self._tokens.take(tokens, now)

    def settle(self, taken: Taken, usage: Usage | None) -> None:
        """Replace an estimate by what was used. What came from a cache counts for no host's limit."""
        if usage is not None and usage.tokens:
            taken.tokens = usage.tokens - (usage.cache_read or 0)

    def heard(self, said: Said) -> None:
        """Learn from the headers of an answer."""
        now = self._clock()
        if said.requests is not None:
            self._said_requests.heard(said.requests, now)
        if said.tokens is not None:
            self._said_tokens.heard(said.tokens, now)

    def close(self, seconds: float) -> None:
        """Make no call for so long: the host asked for it."""
        self._closed_until = max(self._closed_until, self._clock() + min(seconds, LONGEST_S))

    @property
    def closed_s(self) -> float:
        """Seconds for which the host has asked for no call."""
        return max(0.0, self._closed_until - self._clock())


class Limited(ProviderAround):
    """Implements `coterie.domain.model_ports.Provider` around another, whose calls it holds to each model's `Limiter`."""

    def __init__(self, provider: Provider, limiter_of: Callable[[str], Limiter]) -> None:
        super().__init__(provider)
        self._limiter_of = limiter_of

    @override
    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Pass the stream on, when there is room for the call."""
        return self._held(request.model, lambda: size_of(request), lambda: self._provider.stream(request))

    @override
    def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Pass the stream on, when there is room for the call."""
        size = request.size // _BYTES_PER_TOKEN
        return self._held(request.model, lambda: size, lambda: self._provider.fill(request))

    async def _held(
        self, model: str, size: Callable[[], int], make: Callable[[], AsyncIterator[StreamEvent]]
    ) -> AsyncGenerator[StreamEvent, None]:
        limiter, tokens = self._limiter_of(model), size()
        wait = limiter.wait(tokens)
        if wait > 0 or limiter.order.locked():
            yield Waiting("rate_limited", _words(f"{self.name}/{model}", wait))
        async with limiter.order:
            while (wait := limiter.wait(tokens)) > 0:  # noqa: ASYNC110 - time is waited for, and a host may lengthen it meanwhile
                await asyncio.sleep(wait)
            taken = limiter.take(tokens)
        usage: Usage | None = None
        try:
            async with aclosing(make()) as events:  # type: ignore[type-var]
                async for event in events:
                    if isinstance(event, UsageReported):
                        usage = event.usage
                    yield event
        except ProviderError as failure:
            if failure.kind == "rate_limited" and failure.retry_after is not None:
                limiter.close(failure.retry_after)
            raise
        finally:
            limiter.settle(taken, usage)


def size_of(request: ModelRequest) -> int:
    """Return about how many tokens a request has: enough to keep to a limit, before the host counts them."""
    size = len(request.system) + sum(len(tool.description) + len(str(tool.schema)) for tool in request.tools)
    for message in request.messages:
        match message:
            case UserMessage():
                size += len(message.text)
            case AssistantMessage():
                size += len(message.text) + sum(len(call.raw) for call in message.tool_calls)
            case ToolMessage():
                size += sum(len(result.output) for result in message.results)
    return size // _BYTES_PER_TOKEN


def _words(model_id: str, wait: float) -> str:
    return (
        f"`{model_id}` takes no more calls for {wait:.1f} s; this one waits."
        if wait
        else f"This call waits for earlier ones of `{model_id}`."
    )
