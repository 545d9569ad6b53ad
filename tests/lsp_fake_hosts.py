"""The hosts, keys and accounts of `lsp_fake_core`: fixed values behind the methods about providers, models, keys and usage."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from decimal import Decimal

from coterie.base.errors import RequestError
from coterie.domain.secrets import SecretName, secret_name
from coterie.domain.status import Capabilities, InstallProgress, ModelPage, ModelView, Price, ProviderCheck, ProviderView
from coterie.domain.usage import Usage, UsageRow

AT = "2026-01-31T10:00:00.000Z"
USAGE = Usage(input=1200, cache_read=None, cache_write=0, output=34, usd=Decimal("0.00125"))
PROVIDER = ProviderView(id="work", type="anthropic", state="ready", capabilities=Capabilities(prompt_cache=True))
MODEL = ModelView(
    id="work/m",
    provider="work",
    context_tokens=200_000,
    capabilities=Capabilities(max_input_tokens=200_000),
    price=Price(input=Decimal(3), output=Decimal("15.0")),
)


class FakeCatalogue:
    """``agent/provider/*`` and ``agent/model/*``."""

    async def providers(self) -> tuple[ProviderView, ...]:
        """Return one provider."""
        return (PROVIDER,)

    async def models(self, provider: str | None = None) -> tuple[ModelView, ...]:
        """Return one model."""
        return (replace(MODEL, provider=provider or "work"),)

    async def connect(self, provider: str) -> ProviderView:
        """Return it as it is now."""
        return replace(PROVIDER, id=provider)

    async def disconnect(self, provider: str) -> ProviderView:
        """Return it as it is now."""
        return replace(PROVIDER, id=provider, state="disconnected")

    async def default_model(self) -> str | None:
        """Return nothing: no front door asks."""
        return None

    async def discover(self) -> tuple[ProviderView, ...]:
        """Find nothing new."""
        return await self.providers()

    async def check(self, provider: str | None = None) -> ProviderCheck:
        """Need a login."""
        return ProviderCheck(
            provider=provider or "",
            state="auth_required",
            text="Nobody is logged in.",
            action="coterie.checkClaudeCode",
            latency_ms=12,
            models=3,
        )

    async def search(self, query: str, *, provider: str | None = None, page: str | None = None) -> ModelPage:
        """Find one model, and know of more."""
        return ModelPage(models=(replace(MODEL, installed=False),), next=f"{query} {provider} {page}")

    async def install(self, model_id: str) -> AsyncGenerator[InstallProgress, None]:
        """Do a part of it, and the rest unless the model is one that takes for ever."""
        yield InstallProgress(text="looking")
        yield InstallProgress(text="pulling", completed=30_000_000, total=60_000_000)
        yield InstallProgress(text="pulling more", completed=30_000_000, total=90_000_000)
        try:
            if model_id == "work/endless":
                await asyncio.Event().wait()
            if model_id == "work/gone":
                raise RequestError("There is no such model.", code="unknown_model")
        finally:
            sys.stderr.write(f"installation of {model_id} over\n")
        yield InstallProgress(text="success", completed=90_000_000, total=90_000_000)

    async def model(self, model_id: str) -> ModelView:
        """Return it."""
        return replace(MODEL, id=model_id)

    async def unload(self, model_id: str) -> ModelView:
        """Return it."""
        return replace(MODEL, id=model_id, state="available")

    async def favourite(self, model_id: str, *, favourite: bool = True) -> ModelView:
        """Return it with its mark."""
        return replace(MODEL, id=model_id, favourite=favourite)


class FakeAccounts:
    """``agent/usage``."""

    async def usage(self, *, by: str = "run", since: str | None = None) -> tuple[tuple[UsageRow, ...], Usage]:
        """Return one row."""
        row = UsageRow(key=f"{by} since {since}", input=1, cache_read=0, cache_write=None, output=2, usd=Decimal("1E-7"))
        return (row,), USAGE


class FakeSecrets:
    """``agent/key/*``."""

    async def list(self) -> tuple[SecretName, ...]:
        """Return one name."""
        return (SecretName(name="team/api_key", provider="team", reference="vault://team/api_key", updated_at=AT),)

    async def set(self, name: str, value: str) -> str:
        """Keep nothing, and say how it is referred to."""
        assert value == "a key"
        return f"vault://{secret_name(name)}"

    async def delete(self, name: str) -> str:
        """Say what is gone."""
        return secret_name(name)

    async def rotate(self) -> int:
        """Have nothing to do."""
        return 0
