"""What the scripted models of the stages have in common: each is a provider, and a registry in which there is nothing else."""

from __future__ import annotations

from collections.abc import Callable

from coterie.domain.model_ports import DiscoveryReason, Unavailable
from coterie.domain.status import ModelView, ProviderView


class OneModel:
    """The part of `Provider` and `Providers` that a test asks nothing of: nothing is listed, found, passed over or changed."""

    async def models(self, provider: str | None = None) -> tuple[ModelView, ...]:
        """Return nothing: no test asks."""
        del provider
        return ()

    async def aclose(self) -> None:
        """Nothing is open."""

    async def discover(self, reason: DiscoveryReason) -> None:
        """Nothing else is there."""

    async def ready(self) -> None:
        """Know at once what there is to know."""

    def list(self) -> tuple[ProviderView, ...]:
        """Return nothing: no test asks."""
        return ()

    def unavailable(self, model_id: str) -> Unavailable | None:
        """Nothing is passed over."""
        del model_id
        return None

    def on_change(self, listener: Callable[[], None]) -> None:
        """Nothing changes."""
