"""A provider over HTTP: one attempt of one call, in the vocabulary of ``domain.messages``.

The registry makes one for each configured host, with the wire that the host speaks. A `Wire` is pure: it writes a request's body and reads
an answer's events; this module joins it to `transport`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from http import HTTPStatus
from typing import Protocol

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import ModelRequest, StreamEvent
from coterie.domain.status import ModelView
from coterie.domain.suggestions import FillRequest
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.config import ProviderConfig
from coterie.providers.decoding import Decoder, decoded
from coterie.providers.failures import Host
from coterie.providers.filling import FillingProvider, FillWire, Way, ways_of
from coterie.providers.keys import Keys
from coterie.providers.transport import HttpCall, Transport

_NO_LIST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


class Wire(Protocol):
    """How a kind of host is spoken to. Pure."""

    version: str

    def headers(self, config: ProviderConfig) -> Mapping[str, str]:
        """Return the headers of every request, the key among them."""
        ...

    def call_url(self, config: ProviderConfig) -> str:
        """Return the address of calls."""
        ...

    def models_url(self, config: ProviderConfig) -> str:
        """Return the address of the list of models."""
        ...

    def encode(self, request: ModelRequest, config: ProviderConfig) -> dict[str, Json]:
        """Return the body of a call, what stays the same in a conversation first."""
        ...

    def decoder(self, host: Host) -> Decoder:
        """Return a decoder for one answer."""
        ...

    def model_view(self, entry: Mapping[str, Json], config: ProviderConfig) -> ModelView:
        """Read an entry of the list of models."""
        ...


class HttpProvider(FillingProvider):
    """Implements `coterie.domain.model_ports.Provider` for every host that is spoken to over HTTP."""

    def __init__(self, config: ProviderConfig, wire: Wire, transport: Transport, *, keys: Keys | None = None) -> None:
        super().__init__(config)
        self.version = wire.version
        self._keys = keys or Keys()
        self._wire = wire
        self._transport = transport

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Make one attempt of one call; see `coterie.domain.model_ports.Provider.stream`."""
        call = await self._call(request.model, self._wire.call_url(self._config), self._wire.encode(request, self._config))
        async with aclosing(decoded(self._transport.events(call), self._wire.decoder(call.host), call.host)) as answer:
            async for piece in answer:
                yield piece

    @override
    def _ways(self, model: str) -> Sequence[Way]:
        return [Way(wire.name, partial(self._fill_by, wire)) for wire in ways_of(self._config, model)]

    @override
    async def connect(self) -> None:
        """Ask the host for its list of models, also where the settings name them; one that has no list is there nonetheless."""
        try:
            await self._transport.document(await self._call("", self._wire.models_url(self._config), None))
        except ProviderError as failure:
            if failure.status not in _NO_LIST:
                raise
        self._is_connected = True

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the configured models, or else those that the host lists."""
        config = self._config
        if config.models:
            return tuple(self._wire.model_view({"id": model}, config) for model in config.models)
        listed = await self._transport.document(await self._call("", self._wire.models_url(config), None))
        entries = listed.get("data")
        if not isinstance(entries, list):
            raise failures.malformed(self._host(""), json.dumps(listed))
        named = (entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str))
        return tuple(self._wire.model_view(entry, config) for entry in named)

    async def _fill_by(self, wire: FillWire, request: FillRequest) -> AsyncGenerator[StreamEvent, None]:
        call = await self._call(request.model, wire.url(self._config), wire.encode(request))
        async with aclosing(decoded(self._transport.events(call), wire.decoder(call.host), call.host)) as answer:
            async for piece in answer:
                yield piece

    def _host(self, model: str) -> Host:
        config = self._config
        return Host(provider=config.id, model=model, address=config.base_url, api_key=config.api_key)

    async def _call(self, model: str, url: str, body: Mapping[str, Json] | None) -> HttpCall:
        config = await self._keys.revealed(self._config)
        host = Host(provider=config.id, model=model, address=config.base_url, api_key=config.api_key)
        if (missing := failures.key_failure(host, wanted=config.wants_key)) is not None:
            raise missing
        headers = {"content-type": "application/json", **self._wire.headers(config)}
        # Half a surrogate pair, which an editor may hold, has no UTF-8.
        sent = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        return HttpCall(host=host, url=url, headers=headers, body=sent, timeouts=config.timeouts)
