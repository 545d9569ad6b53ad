"""Puts the parts of this package around each provider, and keeps what they know of each model. The registry has one `Guard`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic

from coterie.base.errors import ProviderError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.model_ports import Provider, Unavailable
from coterie.providers.config import ProviderConfig
from coterie.providers.failures import Host
from coterie.providers.lanes import Laned, Lanes
from coterie.providers.resilience import headers
from coterie.providers.resilience.breaker import Breakers
from coterie.providers.resilience.cache import Cached, ResponseCache
from coterie.providers.resilience.limiter import Limited, Limiter
from coterie.providers.resilience.sharing import Shared

LONG_WAIT_S = 10.0
"""A model that its host has closed for longer than this is passed over where there is another."""


class Guard:
    """Guards the calls of one registry's providers. ``lanes`` are those of the process; ``clock`` gives seconds that only grow."""

    def __init__(self, *, cache: ResponseCache | None = None, lanes: Lanes | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._cache = cache
        self._lanes = lanes or Lanes()
        self._clock = clock
        self._breakers = Breakers(clock=clock)
        self._limiters: dict[str, Limiter] = {}
        self._tasks = TaskSupervisor("shared calls")

    def around(self, provider: Provider, config: ProviderConfig) -> Provider:
        """Return a provider as it is called: looked up, shared, in turn, held to its limits, in this order.

        What a call does at its host is done for that call alone: no other one shares or reuses its answer.
        """

        def limiter_of(model: str) -> Limiter:
            model_id = f"{config.id}/{model}"
            if model_id not in self._limiters:
                self._limiters[model_id] = Limiter(rpm=config.rpm, tpm=config.tpm, clock=self._clock)
            return self._limiters[model_id]

        limited: Provider = Limited(provider, limiter_of)
        if config.acts:
            return limited
        shared = Shared(Laned(limited, self._lanes.of(config)) if config.has_lane else limited, self._tasks)
        return shared if self._cache is None else Cached(shared, self._cache, config)

    def answered(self, host: Host, said: Mapping[str, str]) -> None:
        """Learn from the headers of an answer."""
        if (limiter := self._limiters.get(f"{host.provider}/{host.model}")) is not None:
            limiter.heard(headers.read(said, datetime.now(UTC)))

    def settled(self, model_id: str, failure: ProviderError | None) -> None:
        """Hear how a call ended."""
        self._breakers.settled(model_id, failure)

    def unavailable(self, model_id: str) -> Unavailable | None:
        """Say why another model had better be called now, if there is one."""
        limiter = self._limiters.get(model_id)
        if limiter is not None and limiter.closed_s > LONG_WAIT_S:
            return "rate_limited"
        return None if self._breakers.admits(model_id) else "breaker_open"

    def forget(self, provider: str) -> None:
        """Begin anew with a provider whose settings have changed."""
        self._breakers.forget(provider)
        self._limiters = {model_id: one for model_id, one in self._limiters.items() if model_id.partition("/")[0] != provider}

    async def aclose(self) -> None:
        """End the calls that are shared."""
        await self._tasks.aclose()
