"""The ways to have a gap filled, in their order: as the host itself fills gaps, then by the tokens of the model's family.

A provider that fills gaps is a `FillingProvider`, and says which ways there are to it. `ways_of` gives those of an HTTP host (`fim` says
which); the local hosts name their own. When none is left, `ProviderError` ``no_fim`` says so, and ``features.suggestions`` asks in words.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Protocol, TypeAlias

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, StreamEvent, TextDelta
from coterie.domain.suggestions import FillRequest
from coterie.domain.wire import Json
from coterie.providers.completions import CompletionsWire, DeepSeekWire, MistralWire, TokensWire
from coterie.providers.config import ProviderConfig
from coterie.providers.contract import BaseProvider
from coterie.providers.decoding import Decoder
from coterie.providers.failures import Host
from coterie.providers.families import BY_NAME, Answer, Family, guarded
from coterie.providers.fim import family_for, way_names

NO_FIM = "no_fim"
_NOT_THIS_WAY = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNPROCESSABLE_ENTITY})


class FillWire(Protocol):
    """One way in which a host over HTTP is asked to fill a gap. Pure. ``name`` is the way's."""

    name: str

    def url(self, config: ProviderConfig) -> str:
        """Return the address of calls."""
        ...

    def encode(self, request: FillRequest) -> dict[str, Json]:
        """Return the body of a call."""
        ...

    def decoder(self, host: Host) -> Decoder:
        """Return a decoder for one answer."""
        ...


Asked: TypeAlias = Callable[[FillRequest], AsyncIterator[StreamEvent]]


@dataclass(frozen=True, slots=True)
class Way:
    """A way of a host, and the call that goes it."""

    name: str
    ask: Asked


class FillingProvider(BaseProvider):
    """A host that fills gaps. A way that it or a model turns out not to have is passed over from then on."""

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self._refused: set[tuple[str, str]] = set()

    @abstractmethod
    def _ways(self, model: str) -> Sequence[Way]:
        """Return the ways to have gaps filled by a model, the best first."""

    @override
    async def fill(self, request: FillRequest) -> AsyncGenerator[StreamEvent, None]:
        """Fill a gap; see `coterie.domain.model_ports.Provider.fill`. Raises `ProviderError` ``no_fim`` when no way is left."""
        family = family_for(self._config, request.model)
        safe = guarded(request, family)
        for way in self._ways(request.model):
            if (request.model, way.name) in self._refused:
                continue
            try:
                async with aclosing(_until_token(way.ask(safe), family)) as answer:
                    async for piece in answer:
                        yield piece
            except ProviderError as failure:
                if not refuses_way(failure):
                    raise
                self._refused.add((request.model, way.name))
            else:
                return
        raise ProviderError(f"`{request.model}` fills no gaps at its host.", kind="bad_request", code=NO_FIM)


def ways_of(config: ProviderConfig, model: str) -> Iterator[FillWire]:
    """Yield the ways in which a host over HTTP may fill gaps by a model, the best first."""
    family = family_for(config, model)
    for name in way_names(config, model):
        match name:
            case "suffix":
                yield CompletionsWire()
            case "mistral":
                yield MistralWire()
            case "deepseek":
                yield DeepSeekWire()
            case "tokens" if family is not None:
                yield TokensWire(family)


def local_ways(
    config: ProviderConfig, model: str, native: Way, by_tokens: Callable[[Family, FillRequest], AsyncIterator[StreamEvent]]
) -> list[Way]:
    """Return the ways of a host that a person runs: its own, unless the settings name a family, then by tokens."""
    family = family_for(config, model)
    if config.fim is False:
        return []
    tokens = [] if family is None else [Way("tokens", partial(by_tokens, family))]
    return tokens if config.fim in BY_NAME else [native, *tokens]


def refuses_way(failure: ProviderError) -> bool:
    """Say whether a host refused the way, and not this one call."""
    not_there = failure.status == HTTPStatus.NOT_IMPLEMENTED  # which counts as a failure that may pass elsewhere
    return failure.code == NO_FIM or not_there or (failure.kind == "bad_request" and failure.status in _NOT_THIS_WAY)


async def _until_token(events: AsyncIterator[StreamEvent], family: Family | None) -> AsyncGenerator[StreamEvent, None]:
    """Pass an answer on up to the first token of the family in it: a host that does not stop there would go on with another file."""
    answer = Answer(family)
    async with aclosing(events):  # type: ignore[type-var]
        async for event in events:
            if not isinstance(event, TextDelta):
                if rest := answer.rest():
                    yield TextDelta(rest)
                yield event
                continue
            if words := answer.feed(event.text):
                yield TextDelta(words)
            if answer.ended:
                yield Finished("stop")
                return
