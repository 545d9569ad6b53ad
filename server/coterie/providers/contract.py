"""What every provider has in common: who it is, and plain answers to what its host cannot do.

`BaseProvider` is for the kinds of hosts, which override what theirs can; `ProviderAround` is for what stands around a provider and passes
most of it on. Both implement `coterie.domain.model_ports.Provider`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

from coterie.base.errors import InvalidParamsError, ProviderError
from coterie.domain.messages import ModelRequest, StreamEvent
from coterie.domain.model_ports import Provider
from coterie.domain.status import Capabilities, InstallProgress, ModelPage, ModelView, ProviderCheck, ProviderState
from coterie.domain.suggestions import FillRequest
from coterie.providers.config import ProviderConfig

PAGE = 50
"""Models on a page."""
_LONGEST_PAGE = 9
"""No list has a place whose number has more digits."""
_SHOWN = 80
CONFIGURE_KEY = "coterie.configureProviderKey"
"""The command that says how a host gets its key, or takes it in where the editor can hide what is typed."""


class BaseProvider(ABC):
    """A host that streams answers and lists its models."""

    version = ""

    def __init__(self, config: ProviderConfig) -> None:
        self.name = config.id
        self.capabilities: Capabilities = config.capabilities
        self._config = config
        self._is_connected = False

    @abstractmethod
    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Make one attempt of one call; see `coterie.domain.model_ports.Provider.stream`."""

    @abstractmethod
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the models that are there. Raises `ProviderError`."""

    @property
    def is_connected(self) -> bool:
        """Whether the host answered since the last `disconnect`."""
        return self._is_connected

    async def connect(self) -> None:
        """Ask the host for its models, which shows whether it is there. Raises `ProviderError`."""
        await self.installed_models()
        self._is_connected = True

    async def disconnect(self) -> None:
        """Let go of the host."""
        self._is_connected = False

    async def check(self) -> ProviderCheck:
        """Look at the host."""
        try:
            await self.connect()
        except ProviderError as failure:
            state: ProviderState = "auth_required" if failure.kind == "auth_required" else "down"
            action = failure.action or (CONFIGURE_KEY if state == "auth_required" else None)
            return ProviderCheck(provider=self.name, state=state, text=failure.message, action=action)
        return ProviderCheck(provider=self.name, state="ready", text=f"`{self.name}` answers.")

    def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Refuse: this kind of host fills no gaps."""
        raise ProviderError(f"`{self.name}` fills no gaps, as ghost text by {request.model} would.", kind="bad_request", code="no_fim")

    async def available_models(self, page: str | None = None) -> ModelPage:
        """Return the installed models: this kind of host has no others."""
        return _page_of(await self.installed_models(), page)

    async def search_models(self, query: str, page: str | None = None) -> ModelPage:
        """Return the installed models in whose names all words of the query stand."""
        words = query.lower().split()
        return _page_of([view for view in await self.installed_models() if all(word in view.id.lower() for word in words)], page)

    def install_model(self, model: str) -> AsyncIterator[InstallProgress]:
        """Refuse: this kind of host installs nothing."""
        raise ProviderError(f"`{self.name}` cannot install `{model}`: add it at the host itself.", kind="bad_request")

    async def unload_model(self, model: str) -> None:
        """Refuse: this kind of host decides itself what it keeps in memory."""
        raise ProviderError(f"`{self.name}` cannot be told to unload `{model}`.", kind="bad_request")

    async def count_tokens(self, request: ModelRequest) -> int | None:  # noqa: ARG002 - hosts that can override this
        """Return None: this kind of host counts nothing beforehand."""
        return None


class ProviderAround:
    """A provider that passes everything on to another one."""

    def __init__(self, provider: Provider) -> None:
        self.name = provider.name
        self.version = provider.version
        self.capabilities = provider.capabilities
        self._provider = provider

    @property
    def is_connected(self) -> bool:
        """Whether the inner provider is."""
        return self._provider.is_connected

    async def connect(self) -> None:
        """Pass on."""
        await self._provider.connect()

    async def disconnect(self) -> None:
        """Pass on."""
        await self._provider.disconnect()

    async def check(self) -> ProviderCheck:
        """Pass on."""
        return await self._provider.check()

    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Pass on."""
        return self._provider.stream(request)

    def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Pass on."""
        return self._provider.fill(request)

    async def installed_models(self) -> tuple[ModelView, ...]:
        """Pass on."""
        return await self._provider.installed_models()

    async def available_models(self, page: str | None = None) -> ModelPage:
        """Pass on."""
        return await self._provider.available_models(page)

    async def search_models(self, query: str, page: str | None = None) -> ModelPage:
        """Pass on."""
        return await self._provider.search_models(query, page)

    def install_model(self, model: str) -> AsyncIterator[InstallProgress]:
        """Pass on."""
        return self._provider.install_model(model)

    async def unload_model(self, model: str) -> None:
        """Pass on."""
        await self._provider.unload_model(model)

    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Pass on."""
        return await self._provider.count_tokens(request)


def no_such_page(page: str) -> InvalidParamsError:
    """Say that no search gave this ``page``."""
    return InvalidParamsError(f"page: {page[:_SHOWN]!r} is not the `next` of an earlier answer.")


def _page_of(views: tuple[ModelView, ...] | list[ModelView], page: str | None) -> ModelPage:
    """Cut a page out of a list that is known whole; pages are numbers here. Raises `InvalidParamsError` for what is none."""
    if page is not None and not (page.isdecimal() and len(page) <= _LONGEST_PAGE):
        raise no_such_page(page)
    start = int(page or 0)
    following = start + PAGE
    return ModelPage(models=tuple(views[start:following]), next=str(following) if following < len(views) else None)
