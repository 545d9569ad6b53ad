"""The registry of providers: which there are, which one a model id means, and how the latest use of each went.

``app`` builds one from the settings and calls `configure` when they change; ``agents`` know it by `coterie.domain.model_ports.Providers`,
``features`` by `coterie.domain.model_ports.Registry` too. It keeps an `entry` for each provider; `builder` builds it on first use and owns
the connections, `choice` says what a model's name comes to, and what is asked of hosts about their models goes through its `catalogue`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from coterie.base.errors import ProviderError, RequestError
from coterie.domain.model_ports import DiscoveryReason, ModelChoice, Provider, Unavailable
from coterie.domain.status import InstallProgress, ModelPage, ModelView, ProviderCheck, ProviderView
from coterie.domain.workers import Worker
from coterie.providers import catalogue, failures
from coterie.providers.builder import ProviderBuilder
from coterie.providers.catalogue import Catalogue
from coterie.providers.choice import choice_of, first_model, no_provider
from coterie.providers.config import ProviderConfig
from coterie.providers.cost_map import CostMap
from coterie.providers.discovery import Discovery
from coterie.providers.entry import Entry
from coterie.providers.failures import Host
from coterie.providers.health import HealthWatch
from coterie.providers.keys import Keys
from coterie.providers.model_host import ModelHost
from coterie.providers.resilience.guard import Guard
from coterie.providers.vendors import vendor_of

if TYPE_CHECKING:
    from coterie.providers.recorder import Recording

log = logging.getLogger(__name__)

_CHECK_S = 30.0
"""A host is looked at while a person waits; some have to start a program for it."""


class ProviderRegistry:
    """Implements `coterie.domain.model_ports.Registry`.

    ``recording`` is what every answer is recorded into (see `coterie.providers.recorder`); ``guard`` stands around every provider.
    ``model_host`` and ``cost_map`` are those that all registries of the process share, else it has its own; ``implied`` gives a host that
    no entry names but that is known by its name (a vendor of LiteLLM's), None for any other name. ``discovery`` finds those that nobody
    named; they come after all others.
    """

    def __init__(
        self,
        configs: Sequence[ProviderConfig] = (),
        *,
        default_model: str | None = None,
        recording: Recording | None = None,
        keys: Keys | None = None,
        environ: Mapping[str, str] | None = None,
        guard: Guard | None = None,
        model_host: ModelHost | None = None,
        cost_map: CostMap | None = None,
        implied: Callable[[str], ProviderConfig | None] = lambda _name: None,
        discovery: Discovery | None = None,
    ) -> None:
        self._guard = guard or Guard()
        self._discovery = discovery
        self._discovering = asyncio.Lock()
        self._configured = tuple(configs)
        self._entries = {config.id: Entry(config) for config in configs}
        self._default_model = default_model
        self._health = HealthWatch(self._look_again)
        self._listeners: list[Callable[[], None]] = []
        self._cost_map = cost_map or CostMap()
        self._implied = implied
        self._builder = ProviderBuilder(self._guard, self._cost_map, keys=keys, environ=environ, model_host=model_host, recording=recording)
        self._catalogue = Catalogue(
            catalogue.Means(provider_of=self._builder.provider_of, note=self._note, priced=self.ready, cost_map=self._cost_map)
        )

    def configure(self, configs: Sequence[ProviderConfig], *, default_model: str | None = None) -> None:
        """Take over changed settings; providers whose entry is the same keep their state. Calls in flight go on."""
        before = [entry.config for entry in self._entries.values()]
        self._default_model, self._configured = default_model, tuple(configs)
        configs = (*configs, *self._found())
        if before == list(configs):
            return
        kept = {entry.config.id: entry for entry in self._entries.values() if entry.config in configs}
        for changed in self._entries.keys() - kept.keys():
            self._guard.forget(changed)
        self._entries = {config.id: kept.get(config.id) or self._anew(config) for config in configs}
        self._changed()

    async def discover(self, reason: DiscoveryReason) -> None:
        """Look for hosts that nobody named; see `coterie.domain.model_ports.Providers.discover`."""
        if self._discovery is None:
            return
        async with self._discovering:  # who comes amid it finds all of it done
            if not await self._discovery.look(reason, self._configured, self._builder.transport):
                return
            come = {config.id: Entry(config) for config in self._found() if config.id not in self._entries}
            if come:
                self._entries |= come
                self._changed()
            if not self._default_model:
                # The first of their models serves who names none.
                await self._catalogue.models(tuple(come.values()))

    def _found(self) -> tuple[ProviderConfig, ...]:
        return () if self._discovery is None else self._discovery.found_beside(self._configured)

    def register(self, config: ProviderConfig) -> None:
        """Add a provider, or replace the one of its id."""
        self._guard.forget(config.id)
        self._entries[config.id] = self._anew(config)
        self._changed()

    def unregister(self, provider_id: str) -> None:
        """Take a provider away. Raises `RequestError` ``unknown_provider``."""
        self._entry(provider_id)
        del self._entries[provider_id]
        self._changed()

    def get(self, provider_id: str) -> Provider:
        """Return a provider, built by now. Raises `RequestError` ``unknown_provider``."""
        return self._builder.provider_of(self._entry(provider_id))

    def choose(self, model_id: str) -> ModelChoice:
        """Find ``host/model``; see `coterie.domain.model_ports.Providers.choose`."""
        provider_id, _, model = model_id.partition("/")
        if not self._entries and self._implied(provider_id) is None:
            raise no_provider()
        if not model:
            raise RequestError(
                f"`{model_id}` names no model: write host/model, for example `{next(iter(self._entries), provider_id)}/…`.",
                code="unknown_model",
            )
        entry = self._entry(provider_id)
        choice = choice_of(entry, model, self._builder)
        if entry.config.health_check_s is not None:
            self._health.used(provider_id, entry.config.health_check_s)
        return choice

    def worker(self, model_id: str) -> Worker:
        """Find the whole agent behind a model's name; see `coterie.domain.model_ports.Providers.worker`."""
        provider_id, _, model = model_id.partition("/")
        return self._builder.worker(self._entry(provider_id).config, model)

    def default_model(self) -> str:
        """Return the configured model, or else the first one known; see `coterie.domain.model_ports.Providers.default_model`."""
        return self._default_model or first_model(self._entries)

    def list(self) -> tuple[ProviderView, ...]:
        """Return every provider with the state that its latest use showed."""
        return tuple(entry.view for entry in self._entries.values())

    async def ready(self) -> None:
        """Learn prices and limits; see `coterie.domain.model_ports.Providers.ready`. Not for hosts of which none are known."""
        if any(entry.config.type == "litellm" or vendor_of(entry.config) for entry in self._entries.values()):
            await self._cost_map.load()

    def warm(self, model_ids: Iterable[str]) -> None:
        """Prepare in the background for calls of these models: start the process that some of them need."""
        for model_id in model_ids:
            name = model_id.partition("/")[0]
            entry = self._entries.get(name)
            config = entry.config if entry is not None else self._implied(name)
            if config is not None and config.type == "litellm":
                self._builder.model_host().warm()

    async def models(self, provider: str | None = None) -> tuple[ModelView, ...]:
        """Return models; a host that does not answer keeps those that are known of it, as ``down``."""
        return await self._catalogue.models(self._asked(provider))

    async def search(self, query: str, provider: str | None = None, page: str | None = None) -> ModelPage:
        """Return a page of models; see `coterie.domain.model_ports.Registry.search`."""
        return await self._catalogue.search(self._asked(provider), query, page)

    async def find(self, model_id: str) -> ModelView:
        """Return a model as its host lists it; see `coterie.domain.model_ports.Registry.find`."""
        entry, model = self._named(model_id)
        if (found := await self._catalogue.find(entry, model_id)) is not None:
            return found
        config = entry.config
        if entry.state == "ready" or config.models:
            raise RequestError(f"`{config.id}` has no model `{model}`.", code="unknown_model")
        # Nobody can say now: the host does not answer, and never did.
        return ModelView(id=model_id, provider=config.id, capabilities=config.capabilities, state="down")

    async def install(self, model_id: str) -> AsyncGenerator[InstallProgress, None]:
        """Install a model; see `coterie.domain.model_ports.Registry.install`."""
        entry, model = self._named(model_id)
        async with aclosing(self._catalogue.install(entry, model)) as installation:
            async for progress in installation:
                yield progress

    async def unload(self, model_id: str) -> None:
        """Free the memory that a model takes; see `coterie.domain.model_ports.Registry.unload`."""
        entry, model = self._named(model_id)
        if not entry.is_asked:
            raise entry.disconnected()
        await self._builder.provider_of(entry).unload_model(model)

    async def connect(self, provider: str) -> ProviderView:
        """Use a provider again, and see whether it is there; see `coterie.domain.model_ports.Registry.connect`."""
        entry = self._entry(provider)
        if not entry.is_asked:
            entry.state = "unknown"
        self._guard.forget(provider)
        await self._look_at(entry)
        return entry.view

    async def disconnect(self, provider: str) -> ProviderView:
        """Let go of a provider and use it no more; see `coterie.domain.model_ports.Registry.disconnect`."""
        entry = self._entry(provider)
        if entry.is_asked:
            entry.state, entry.error = "disconnected", None
            self._changed()
        if entry.provider is not None:
            await entry.provider.disconnect()
        return entry.view

    async def check(self, provider: str) -> ProviderCheck:
        """Look at a provider's host; see `coterie.domain.model_ports.Registry.check`."""
        entry = self._entry(provider)
        if not entry.is_asked:
            return ProviderCheck(provider=provider, state="disconnected", text=entry.disconnected().message)
        return await self._look_at(entry)

    def settled(self, model_id: str, failure: Exception | None) -> None:
        """Note how a call ended. What says nothing about the host (a cancellation, a request of the wrong form) makes it no worse."""
        entry = self._entries.get(model_id.partition("/")[0])
        if entry is None or not (failure is None or isinstance(failure, ProviderError)):
            return
        self._guard.settled(model_id, failure)
        self._note(entry, failure)

    def unavailable(self, model_id: str) -> Unavailable | None:
        """Say why another model had better be called now; see `coterie.domain.model_ports.Providers.unavailable`."""
        return self._guard.unavailable(model_id)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change of the registry or of a state."""
        self._listeners.append(listener)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._health.aclose()
        await self._catalogue.aclose()
        await self._guard.aclose()
        for entry in self._entries.values():
            if entry.provider is not None:
                await entry.provider.disconnect()
        await self._builder.aclose()

    async def _look_again(self, provider_id: str) -> bool:
        """Look at a host that is in use; one that is back is called again at once. Returns whether to go on looking."""
        entry = self._entries.get(provider_id)
        if entry is None or entry.config.health_check_s is None or not entry.is_asked:
            return False
        before = entry.state
        await self._look_at(entry)
        if entry.state == "ready" != before:
            self._guard.forget(provider_id)
        return True

    def _entry(self, provider_id: str) -> Entry:
        if provider_id not in self._entries and (config := self._implied(provider_id)) is not None:
            self._entries[provider_id] = Entry(config)
        if (entry := self._entries.get(provider_id)) is None:
            there = ", ".join(f"`{known}`" for known in self._entries) or "none"
            raise RequestError(f"There is no provider `{provider_id}`. Configured: {there}.", code="unknown_provider")
        return entry

    def _anew(self, config: ProviderConfig) -> Entry:
        """Return an entry that knows nothing but what a person has said of its provider."""
        before = self._entries.get(config.id)
        return Entry(config) if before is None or before.is_asked else Entry(config, state="disconnected")

    def _asked(self, provider: str | None) -> tuple[Entry, ...]:
        return tuple(self._entries.values()) if provider is None else (self._entry(provider),)

    def _named(self, model_id: str) -> tuple[Entry, str]:
        provider_id, _, model = model_id.partition("/")
        entry = self._entry(provider_id)
        if not model:
            raise RequestError(f"`{model_id}` names no model: write host/model, for example `{provider_id}/…`.", code="unknown_model")
        return entry, model

    async def _look_at(self, entry: Entry) -> ProviderCheck:
        config, began = entry.config, monotonic()
        try:
            async with asyncio.timeout(_CHECK_S):
                seen = await self._builder.provider_of(entry).check()
        except TimeoutError:
            failure = failures.no_answer_within(Host(provider=config.id, model="", address=config.base_url), _CHECK_S)
            seen = ProviderCheck(provider=config.id, state="down", text=failure.message)
        if entry.saw(seen):
            self._changed()
        return replace(seen, latency_ms=round(1000 * (monotonic() - began)), models=len(config.models or entry.listed) or None)

    def _note(self, entry: Entry, failure: ProviderError | None) -> None:
        if entry.note(failure):
            self._changed()

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            try:
                listener()
            except Exception:
                log.exception("a listener of the provider registry failed")
