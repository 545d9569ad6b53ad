"""Builds the registry's providers on their first use, with what they share: one HTTP transport, the model host, prices, keys.

`registry` has one and closes it last. Which module serves which type of host is in `kinds`; a guard, and where a session is recorded a
recorder, stand around each provider that is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coterie.domain.model_ports import Provider
from coterie.domain.status import Price
from coterie.domain.workers import Worker
from coterie.providers.config import ProviderConfig
from coterie.providers.cost_map import CostMap, Facts
from coterie.providers.entry import Entry
from coterie.providers.keys import Keys
from coterie.providers.kinds import Means, build, hire
from coterie.providers.model_host import ModelHost
from coterie.providers.resilience.guard import Guard
from coterie.providers.transport import Transport
from coterie.providers.vendors import sold_as

if TYPE_CHECKING:
    from coterie.providers.recorder import Recording


class ProviderBuilder:
    """Owns the connections of its providers. ``model_host`` is one that others use too; without it a first use starts its own."""

    def __init__(
        self,
        guard: Guard,
        cost_map: CostMap,
        *,
        keys: Keys | None = None,
        environ: Mapping[str, str] | None = None,
        model_host: ModelHost | None = None,
        recording: Recording | None = None,
    ) -> None:
        self._guard = guard
        self._cost_map = cost_map
        self._model_host = model_host
        self._own_model_host: ModelHost | None = None
        self._recording = recording
        self._transport: Transport | None = None
        self._means = Means(self.transport, self.model_host, cost_map, keys or Keys(), environ or {})

    def provider_of(self, entry: Entry) -> Provider:
        """Return an entry's provider, built by now. Opens nothing."""
        if entry.provider is None:
            provider = self._guard.around(build(entry.config, self._means), entry.config)
            entry.provider = provider if self._recording is None else self._recorded(provider, entry.config, self._recording)
        return entry.provider

    def worker(self, config: ProviderConfig, model: str) -> Worker:
        """Return the whole agent of a host. Starts nothing. Raises `RequestError` ``no_worker``."""
        return hire(config, model, self._means)

    def facts(self, config: ProviderConfig, model: str) -> Facts:
        """Return what the cost map knows of a host's model; nothing before it is loaded."""
        return self._cost_map.of(*sold_as(config, model))

    def price_of(self, config: ProviderConfig, model: str) -> Price | None:
        """Return what a model costs: by the settings, else by the cost map."""
        return config.price_of(model) or self.facts(config, model).price

    def transport(self) -> Transport:
        """Return the HTTP transport, made by its first use."""
        if self._transport is None:
            self._transport = Transport(self._guard.answered)
        return self._transport

    def model_host(self) -> ModelHost:
        """Return the process for LiteLLM; whoever calls it starts it."""
        if self._model_host is None:
            self._model_host = self._own_model_host = ModelHost(self._means.environ or None)
        return self._model_host

    async def aclose(self) -> None:
        """Close what is not shared with others."""
        if self._transport is not None:
            await self._transport.aclose()
        if self._own_model_host is not None:
            await self._own_model_host.aclose()

    def _recorded(self, provider: Provider, config: ProviderConfig, recording: Recording) -> Provider:
        from coterie.providers.recorder import Recorder  # noqa: PLC0415 - few sessions are recorded

        return Recorder(provider, recording, lambda model: self.price_of(config, model))
