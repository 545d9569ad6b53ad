"""Providers, models and what they cost, as front doors ask for them."""

from __future__ import annotations

from datetime import datetime

from coterie.base.errors import InvalidParamsError
from coterie.domain.ports import Providers, UsageStore
from coterie.domain.status import ModelView, ProviderView
from coterie.domain.usage import Usage, UsageKey, UsageRow


class CatalogueService:
    """Implements `coterie.features.application.Catalogue`."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    async def providers(self) -> tuple[ProviderView, ...]:
        """Return the registered providers."""
        return self._providers.list()

    async def models(self, provider: str | None = None) -> tuple[ModelView, ...]:
        """Return the models of one provider or of all."""
        return await self._providers.models(provider)


class AccountService:
    """Implements `coterie.features.application.Accounts`."""

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
