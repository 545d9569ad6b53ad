"""Identical deterministic requests that are under way at the same time share one call.

Who comes second is told the answer so far and then follows it. The call belongs to all of them: it is closed when the last one leaves.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from typing_extensions import override

from coterie.base.tasks import TaskSupervisor
from coterie.domain.messages import ModelRequest, Reused, StreamEvent, UsageReported
from coterie.domain.model_ports import Provider
from coterie.domain.usage import NO_USAGE
from coterie.providers.broadcast import Broadcasts
from coterie.providers.contract import ProviderAround
from coterie.providers.resilience.identity import identity, is_deterministic


class Shared(ProviderAround):
    """Implements `coterie.domain.model_ports.Provider` around another."""

    def __init__(self, provider: Provider, tasks: TaskSupervisor) -> None:
        super().__init__(provider)
        self._calls: Broadcasts[StreamEvent] = Broadcasts(tasks)

    @override
    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Pass the stream on, or join one that is under way."""
        return self._joined(request) if is_deterministic(request) else self._provider.stream(request)

    async def _joined(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        name = f"a call of {self.name}/{request.model}"
        async with self._calls.joined(identity(request), lambda: self._provider.stream(request), name=name) as call:
            if not call.is_first:
                yield Reused("shared")
            async for event in call.events:
                yield event if call.is_first or not isinstance(event, UsageReported) else UsageReported(NO_USAGE)
