"""More than a thousand calls of hosts in chaos: each ends in an answer or a failure of a kind, none hangs, none is answered twice.

The providers are bare here: what stands around them would keep to the limits that the chaos announces, and wait.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from aimock_server import StartAimock
from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, UserMessage
from coterie.domain.status import ProviderType
from coterie.providers.config import Timeouts
from coterie.providers.cost_map import CostMap
from coterie.providers.kinds import Means, build
from coterie.providers.model_host import ModelHost
from coterie.providers.transport import Transport
from provider_calls import REQUEST, gather, host, words

CALLS = 260
AT_ONCE = 16
WITHIN_S = 60.0
ANSWER = "Here I am, with quite a number of words."
FIXTURES: list[Mapping[str, Any]] = [{"match": {}, "response": {"content": ANSWER}}]
CHAOS = {"dropRate": 0.1, "malformedRate": 0.1, "disconnectRate": 0.1, "rateLimitRate": 0.1, "latencyMs": 2}
PATHS: Mapping[ProviderType, str] = {
    "openai_compatible": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "ollama": "/api/chat",
    "llama_cpp": "/v1/chat/completions",
    "litellm": "/chat/completions",
}

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]  # the import of LiteLLM is a part of it


@pytest.mark.parametrize("kind", PATHS)
async def test_every_call_ends_once(start_aimock: StartAimock, kind: ProviderType, model_host: ModelHost) -> None:
    patient = Timeouts(connect_s=WITHIN_S, first_token_s=WITHIN_S, idle_s=WITHIN_S)
    outcomes: Counter[str] = Counter()
    turns = asyncio.Semaphore(AT_ONCE)
    transport = Transport()
    if kind == "litellm":
        assert await model_host.start() is None, "no call waits for the import"
    async with start_aimock(FIXTURES, chunk_size=5) as server, aclosing(transport):
        provider = build(host(kind, server.url, timeouts=patient), Means(lambda: transport, lambda: model_host, CostMap()))
        await server.set_chaos(**CHAOS)

        async def call(number: int) -> None:
            async with turns:
                try:
                    events = await asyncio.wait_for(
                        gather(provider, replace(REQUEST, messages=(UserMessage(text=f"call number {number}."),))), WITHIN_S
                    )
                except ProviderError as failure:
                    outcomes[failure.kind] += 1
                else:
                    assert (words(events), [event for event in events if isinstance(event, Finished)]) == (ANSWER, [events[-1]])
                    outcomes["answered"] += 1

        async with asyncio.TaskGroup() as group:
            for number in range(CALLS):
                group.create_task(call(number))
        asked = Counter(entry.messages[-1]["content"] for entry in await server.journal() if entry.path == PATHS[kind])
    assert outcomes.total() == CALLS
    assert outcomes.keys() == {"answered", "transient", "rate_limited"}, "each of them was among it"
    assert set(asked.values()) == {1}, "no call was made twice"
    assert len(asked) >= outcomes["answered"]
