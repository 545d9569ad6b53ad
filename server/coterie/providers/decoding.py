"""From the events of a wire to the one vocabulary: what every streamed answer goes through, whatever brought it here.

`http_provider` and `litellm` give it what their hosts sent, and the decoder of the wire that they speak.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import Protocol

from coterie.base.errors import ProviderError
from coterie.domain.messages import StreamEvent
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.characters import WholeCharacters
from coterie.providers.failures import Host
from coterie.providers.fields import parse_object
from coterie.providers.sse import ServerSentEvent

_TAIL_S = 0.2
_LAST_WORD_S = 5.0
"""Time for the usage behind the model's last word."""


class Decoder(Protocol):
    """Reads one answer. Raises `ProviderError` for what is no answer."""

    @property
    def ended(self) -> bool:
        """Whether the host said that nothing more comes."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the model has finished; what is still to come (usage) may fail to come."""
        ...

    def feed(self, event: ServerSentEvent) -> Iterable[StreamEvent]:
        """Return what the event says."""
        ...

    def finish(self) -> Iterable[StreamEvent]:
        """Return what ends the answer, ``Finished`` last."""
        ...


async def decoded(events: AsyncGenerator[ServerSentEvent, None], decoder: Decoder, host: Host) -> AsyncGenerator[StreamEvent, None]:
    """Yield what an answer says, with whole characters, without the host's key, and ``Finished`` last.

    Closing it closes ``events``. Raises `ProviderError`.
    """
    characters = WholeCharacters(host.api_key.value if host.api_key is not None else None)
    async with aclosing(events):
        try:
            while (event := await _next(events, decoder)) is not None:
                for told in decoder.feed(event):
                    for piece in characters.feed(told):
                        yield piece
                if event.whole and not decoder.complete:
                    raise failures.not_a_stream(host, event.data.encode(errors="replace"))
                if decoder.ended:
                    await _read_tail(events)
                    break
        except ProviderError:
            if not decoder.complete:
                raise
    for told in decoder.finish():
        for piece in characters.feed(told):
            yield piece


def object_of(event: ServerSentEvent, host: Host) -> dict[str, Json]:
    """Return the object that an event of a stream holds. Raises `ProviderError` where it holds none, or tells of a failure."""
    if (told := parse_object(event.data)) is None:
        raise failures.malformed(host, event.data)
    if told.get("error") or event.name == "error" or told.get("object") == "error":
        raise failures.from_error_object(host, told)
    return told


async def _next(events: AsyncIterator[ServerSentEvent], decoder: Decoder) -> ServerSentEvent | None:
    """Return the next event; None at the end, and when a host says nothing more of an answer that is finished, and does not hang up."""
    try:
        async with asyncio.timeout(_LAST_WORD_S if decoder.complete else None):
            async for event in events:
                if event.data and not event.data.isspace():  # some hosts keep a connection alive by what is blank
                    return event
    except TimeoutError:
        pass
    return None


async def _read_tail(events: AsyncIterator[ServerSentEvent]) -> None:
    """Read the few bytes behind the end mark, so that the connection serves the next call too; not at any price."""
    with contextlib.suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(_TAIL_S):
            async for _ in events:
                pass
