"""Several scripted hosts with a real breaker for each model: for tests of what happens when one of them fails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing

from typing_extensions import override

from agent_stage import ScriptedModel, Turn
from coterie.base.errors import ProviderError, RequestError
from coterie.domain.messages import ModelRequest, StreamEvent
from coterie.domain.model_ports import ModelChoice, Unavailable
from coterie.domain.status import Capabilities, Price
from coterie.providers.resilience.breaker import Breakers

Plays = Mapping[str, Sequence[StreamEvent | ProviderError]]
"""What each host does at each of its calls; one that is not named plays the script."""


class Hosts(ScriptedModel):
    """Several hosts, with a real breaker for each model. ``asked`` are the hosts in the order of the calls.

    ``farms`` are those that do whole tasks.
    """

    def __init__(
        self,
        *turns: Turn,
        plays: Plays | None = None,
        windows: Mapping[str, int] | None = None,
        price: Price | None = None,
        missing: ProviderError | None = None,
        farms: Collection[str] = (),
    ) -> None:
        super().__init__({"chat": turns})
        self.asked: list[str] = []
        self.heard_by: dict[str, list[ModelRequest]] = defaultdict(list)
        self.plays = plays or {}
        self.breakers = Breakers(clock=lambda: 0.0)  # who fails is left alone for the rest of the test
        self._windows = windows or {}
        self._price = price
        self._missing = missing
        self.farms = farms

    @override
    def choose(self, model_id: str) -> ModelChoice:
        host, _, model = model_id.partition("/")
        if host == "nowhere":
            raise RequestError("There is no provider `nowhere`.", code="unknown_provider")
        if host == "first" and self._missing is not None:
            raise self._missing
        speaker = _OneHost(self, host)
        return ModelChoice(
            id=model_id, model=model, label=model_id, provider=speaker, context_tokens=self._windows.get(host), price=self._price
        )

    @override
    def default_model(self) -> str:
        return "first/model"

    @override
    def settled(self, model_id: str, failure: Exception | None) -> None:
        assert failure is None or isinstance(failure, ProviderError)
        self.breakers.settled(model_id, failure)

    @override
    def unavailable(self, model_id: str) -> Unavailable | None:
        return None if self.breakers.admits(model_id) else "breaker_open"


class _OneHost(ScriptedModel):
    def __init__(self, hosts: Hosts, name: str) -> None:
        super().__init__({})
        self.name = name
        self.capabilities = Capabilities(tools=name not in hosts.farms)
        self._hosts = hosts

    @override
    async def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        self._hosts.asked.append(self.name)
        self._hosts.heard_by[self.name].append(request)
        if self.name not in self._hosts.plays:
            async with aclosing(self._hosts.stream(request)) as events:  # type: ignore[type-var]
                async for event in events:
                    yield event
            return
        for each in self._hosts.plays[self.name]:
            if isinstance(each, ProviderError):
                raise each
            yield each
