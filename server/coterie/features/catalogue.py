"""Providers, models and what they cost, as front doors ask for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from coterie.agents.choosing import discovering
from coterie.base.errors import InvalidParamsError, RequestError, StorageError
from coterie.base.tasks import side_by_side
from coterie.domain.model_ports import Registry
from coterie.domain.status import InstallProgress, ModelPage, ModelView, ProviderCheck, ProviderView
from coterie.domain.store_ports import Favourites, UsageStore
from coterie.domain.usage import Usage, UsageKey, UsageRow


class CatalogueService:
    """Implements `coterie.features.protocol_faces.Catalogue`: what the hosts say, with the person's marks laid over it."""

    def __init__(self, providers: Registry, favourites: Favourites) -> None:
        self._providers = providers
        self._favourites = favourites

    async def providers(self) -> tuple[ProviderView, ...]:
        """Return the registered providers."""
        await self._providers.discover("listing")
        return self._providers.list()

    async def default_model(self) -> str | None:
        """Return the model that serves who names none; None where there is none."""
        try:
            return await discovering(self._providers, self._providers.default_model)
        except RequestError:
            return None

    async def discover(self) -> tuple[ProviderView, ...]:
        """Look around for hosts that nobody named, and return all there are."""
        await self._providers.discover("asked")
        return self._providers.list()

    async def models(self, provider: str | None = None) -> tuple[ModelView, ...]:
        """Return the models of one provider or of all."""
        await self._providers.discover("listing")
        return await self._marked(await self._providers.models(provider))

    async def connect(self, provider: str) -> ProviderView:
        """Use a provider again, and see whether it is there."""
        return await self._providers.connect(provider)

    async def disconnect(self, provider: str) -> ProviderView:
        """Use a provider no more."""
        return await self._providers.disconnect(provider)

    async def check(self, provider: str | None = None) -> ProviderCheck:
        """Look at a provider's host, or at all of them and around."""
        if provider is not None:
            return await self._providers.check(provider)
        rows = await self.discover()
        checks = await side_by_side(*(self._providers.check(row.id) for row in rows))
        is_any_ready = any(check.state == "ready" for check in checks)
        words = "\n".join(f"{check.provider}: {check.text}" for check in checks) or "No provider is configured, and none was found here."
        return ProviderCheck(provider="", state="ready" if is_any_ready else "down", text=words)

    async def search(self, query: str, *, provider: str | None = None, page: str | None = None) -> ModelPage:
        """Return a page of what the hosts have or could install."""
        await self._providers.discover("listing")
        found = await self._providers.search(query, provider, page)
        return replace(found, models=await self._marked(found.models))

    async def install(self, model_id: str) -> AsyncGenerator[InstallProgress, None]:
        """Have a host install a model; closing cancels."""
        async with aclosing(self._providers.install(model_id)) as progress:  # type: ignore[type-var]
            async for each in progress:
                yield each

    async def model(self, model_id: str) -> ModelView:
        """Return one model. Raises `RequestError` ``unknown_model``."""
        (view,) = await self._marked((await self._providers.find(model_id),))
        return view

    async def unload(self, model_id: str) -> ModelView:
        """Free the memory that a model takes at its host."""
        await self._providers.unload(model_id)
        return await self.model(model_id)

    async def favourite(self, model_id: str, *, favourite: bool = True) -> ModelView:
        """Mark a model, or take its mark away."""
        view = await self._providers.find(model_id)
        await self._favourites.mark(view.id, favourite=favourite)
        return replace(view, favourite=favourite)

    async def _marked(self, views: Iterable[ModelView]) -> tuple[ModelView, ...]:
        try:
            marked = await self._favourites.all()
        except StorageError:  # told in the status; the models are there all the same
            marked = frozenset()
        return tuple(replace(view, favourite=view.id in marked) for view in views)


class AccountService:
    """Implements `coterie.features.protocol_faces.Accounts`."""

    def __init__(self, usage: UsageStore) -> None:
        self._usage = usage

    async def usage(self, *, by: UsageKey = "run", since: str | None = None) -> tuple[tuple[UsageRow, ...], Usage]:
        """Return rows by key and their total. Raises `InvalidParamsError` for a ``since`` that is no time."""
        if since is not None:
            try:
                datetime.fromisoformat(since)
            except ValueError as wrong:
                raise InvalidParamsError(f"since: '{since}' is not an ISO 8601 time.") from wrong
        return await self._usage.rows(by=by, since=since), await self._usage.total(since=since)
