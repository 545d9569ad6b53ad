"""The ports to models: who can be asked, and the registry that finds them by name. ``providers`` implements them.

Values that cross are frozen; every method may be cancelled at its await points unless it says otherwise. What crosses `Speaker` stands in
``messages``, what a person sees of hosts and models in ``status``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:  # annotations are all that need them, and a start that loads none of them is a tenth shorter
    from coterie.domain.messages import ModelRequest, StreamEvent
    from coterie.domain.status import Capabilities, InstallProgress, ModelPage, ModelView, Price, ProviderCheck, ProviderView
    from coterie.domain.suggestions import FillRequest
    from coterie.domain.workers import Worker


class Speaker(Protocol):
    """Who can be asked: the part of a `Provider` that calls of models need."""

    name: str
    version: str
    capabilities: Capabilities

    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Make one attempt of one call. Closing the iterator closes the connection. Raises `ProviderError`; ends with `Finished`."""
        ...

    def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Fill a gap. As `stream`; nothing but text, usage and the end comes. Raises `ProviderError` ``no_fim`` where it cannot be done."""
        ...


class Provider(Speaker, Protocol):
    """A host of models (implemented by ``providers``). Constructed on first use; opens nothing before its first call."""

    @property
    def is_connected(self) -> bool:
        """Whether the host answered since the last `disconnect`."""
        ...

    async def connect(self) -> None:
        """See whether the host is there and lets us in. Raises `ProviderError`."""
        ...

    async def disconnect(self) -> None:
        """Let go of the host: connections, processes. The next call connects again."""
        ...

    async def check(self) -> ProviderCheck:
        """Look at the host, for a person who wants to know; never raises `ProviderError`."""
        ...

    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the models that are there. Raises `ProviderError`."""
        ...

    async def available_models(self, page: str | None = None) -> ModelPage:
        """Return the models that are there or could be installed, from ``page`` on. Raises `ProviderError`."""
        ...

    async def search_models(self, query: str, page: str | None = None) -> ModelPage:
        """Return those of `available_models` that match, best first. Raises `ProviderError`."""
        ...

    def install_model(self, model: str) -> AsyncIterator[InstallProgress]:
        """Install a model, where ``capabilities.install`` says that this can be done. Closing cancels. Raises `ProviderError`."""
        ...

    async def unload_model(self, model: str) -> None:
        """Free the memory that a model takes at the host, where it can be told to. Raises `ProviderError`."""
        ...

    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Return the tokens of a request as the host counts them, None where it does not. Raises `ProviderError`."""
        ...


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that was found: ``id`` is ``host/model``, ``model`` the host's own name of it, ``label`` how it is shown to people.

    ``bills`` says that its host tells what each call has cost, ``fim`` that it may fill gaps (`Speaker.fill`). ``settings`` is the same as
    long as the settings of its host are, and tells nothing of them.
    """

    id: str
    model: str
    label: str
    provider: Speaker
    context_tokens: int | None = None
    price: Price | None = None
    bills: bool = False
    temperature: float | None = None
    max_output_tokens: int | None = None
    top_p: float | None = None
    extra: Mapping[str, object] | None = None
    fim: bool = False
    settings: str = ""


DiscoveryReason: TypeAlias = Literal["listing", "missing", "asked"]
"""Why to look for hosts that nobody named: what there is, is shown; something else was named; a person wants to know."""

Unavailable: TypeAlias = Literal["breaker_open", "rate_limited"]
"""Why a model had better not be called now: it failed again and again, or its host asked for no calls for a while."""


class Providers(Protocol):
    """The registry (implemented by ``providers.registry``)."""

    def choose(self, model_id: str) -> ModelChoice:
        """Find ``host/model``. Raises `ProviderError` (``auth_required``) or `RequestError` (``unknown_provider``, ``no_provider``)."""
        ...

    async def ready(self) -> None:
        """Wait until prices and limits of models are known as far as they can be; `choose` tells them from then on. Never fails."""
        ...

    async def discover(self, reason: DiscoveryReason) -> None:
        """Look for hosts that nobody named, within a second, and register what is there. Never fails.

        Looks once, unless it is ``asked`` to; for a ``listing`` only where the settings name no host.
        """
        ...

    def worker(self, model_id: str) -> Worker:
        """Find the whole agent that a host has under ``host/model``. Raises `RequestError` ``no_worker`` where it has none."""
        ...

    def default_model(self) -> str:
        """Return the id that serves who names none. Raises `RequestError` ``no_provider`` with what to do."""
        ...

    def list(self) -> tuple[ProviderView, ...]:
        """Return every registered provider with the state that its latest use showed."""
        ...

    async def models(self, provider: str | None = None) -> tuple[ModelView, ...]:
        """Return the models of one or of all providers; one that is down adds its configured models as ``down``."""
        ...

    def settled(self, model_id: str, failure: Exception | None) -> None:
        """Note how a call ended, for the state that `list` tells."""
        ...

    def unavailable(self, model_id: str) -> Unavailable | None:
        """Say why another model had better be called now. Only who has another one asks: it may be the one call that is let through."""
        ...

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change of the registry or of a state."""
        ...


class Registry(Providers, Protocol):
    """The registry as a person works with it. Whatever names a provider raises `RequestError` ``unknown_provider``.

    A disconnected provider is asked nothing: a call of it raises `ProviderError` ``provider_disconnected``.
    """

    async def connect(self, provider: str) -> ProviderView:
        """Use a provider again, and see whether it is there: the row's state tells."""
        ...

    async def disconnect(self, provider: str) -> ProviderView:
        """Let go of a provider, and use it no more until it is connected again."""
        ...

    async def check(self, provider: str) -> ProviderCheck:
        """Look at a provider's host, for a person who wants to know."""
        ...

    async def find(self, model_id: str) -> ModelView:
        """Return a model as its host lists it. Raises `RequestError` ``unknown_model``; a host that is down cannot say."""
        ...

    async def search(self, query: str, provider: str | None = None, page: str | None = None) -> ModelPage:
        """Return a page of what one host or all have or could install; an empty query matches all. Raises `InvalidParamsError`."""
        ...

    def install(self, model_id: str) -> AsyncIterator[InstallProgress]:
        """Have a host install a model. Closing cancels, unless somebody else waits for it too. Raises `ProviderError`, `RequestError`."""
        ...

    async def unload(self, model_id: str) -> None:
        """Free the memory that a model takes at its host. Raises `ProviderError`."""
        ...
