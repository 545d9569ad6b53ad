"""Identical deterministic requests that are under way at the same time share one call.

Who comes second is told the answer so far and then follows it. The call belongs to all of them: it is closed when the last one leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from typing_extensions import override

from coterie.base.tasks import TaskSupervisor
from coterie.domain.messages import ModelRequest, Reused, StreamEvent, UsageReported
from coterie.domain.ports import Provider
from coterie.domain.usage import NO_USAGE
from coterie.providers.contract import ProviderAround
from coterie.providers.resilience.identity import identity, is_deterministic


class Shared(ProviderAround):
    """Implements `coterie.domain.ports.Provider` around another."""

    def __init__(self, provider: Provider, tasks: TaskSupervisor) -> None:
        super().__init__(provider)
        self._tasks = tasks
        self._calls: dict[str, _Call] = {}

    @override
    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Pass the stream on, or join one that is under way."""
        return self._joined(request) if is_deterministic(request) else self._provider.stream(request)

    async def _joined(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        key = identity(request)
        call = self._calls.get(key)
        is_first = call is None or call.ended
        if call is None or call.ended:
            call = self._calls[key] = _Call()
            call.task = self._tasks.spawn(call.read(self._provider.stream(request)), name=f"a call of {self.name}/{request.model}")
        call.listeners += 1
        try:
            if not is_first:
                yield Reused("shared")
            async for event in call.events():
                yield event if is_first or not isinstance(event, UsageReported) else UsageReported(NO_USAGE)
        finally:
            call.listeners -= 1
            if not call.listeners:
                if self._calls.get(key) is call:
                    del self._calls[key]
                await call.close()


class _Call:
    """A call under way: one task reads it, any number of listeners follow."""

    def __init__(self) -> None:
        self.listeners = 0
        self.task: asyncio.Task[None] | None = None
        self._read: list[StreamEvent] = []
        self._failure: Exception | None = None
        self.ended = False
        self._more = asyncio.Condition()

    async def read(self, stream: AsyncIterator[StreamEvent]) -> None:
        """Read the stream to its end for those who listen."""
        try:
            async with aclosing(stream) as events:  # type: ignore[type-var]
                async for event in events:
                    self._read.append(event)
                    await self._tell()
        except Exception as failure:  # noqa: BLE001 - raised where the answer is waited for
            self._failure = failure
        self.ended = True
        await self._tell()

    async def events(self) -> AsyncGenerator[StreamEvent, None]:
        """Yield the answer from its beginning. Raises what the call raised."""
        told = 0
        while True:
            while told < len(self._read):
                told += 1
                yield self._read[told - 1]
            if self.ended:
                break
            async with self._more:
                while not self._goes_on_behind(told):
                    await self._more.wait()
        if self._failure is not None:
            raise self._failure

    def _goes_on_behind(self, told: int) -> bool:
        return self.ended or told < len(self._read)

    async def close(self) -> None:
        """End the call, and wait until its connection is closed."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()
