"""One way of reading streams from a model, in a process of its own: prints what reading them took as one line of JSON.

`python -m benchmarks.relay_client WAY URL MODEL STREAMS CHUNKS`, where WAY is one of `WAYS` and CHUNKS is how many of each stream are read.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

Read = Callable[[str], AsyncIterator[str]]
"""Streams the words of a model."""


@asynccontextmanager
async def by_httpx(url: str) -> AsyncIterator[Read]:
    """Read as the shortest program with httpx does: lines, JSON, the one field."""
    import httpx  # noqa: PLC0415 - each way loads its own

    async with httpx.AsyncClient(trust_env=False, timeout=None, limits=httpx.Limits(max_connections=None)) as client:  # noqa: S113 - it is local

        async def read(model: str) -> AsyncIterator[str]:
            async with client.stream("POST", f"{url}/chat/completions", json={"model": model, "stream": True}) as answer:
                async for line in answer.aiter_lines():
                    if line.startswith("data: ") and line != "data: [DONE]":
                        yield json.loads(line[6:])["choices"][0]["delta"]["content"]

        yield read


@asynccontextmanager
async def by_provider(url: str) -> AsyncIterator[Read]:
    """Read as agents do: through the registry, with everything that stands around a provider."""
    from coterie.domain.messages import ModelRequest, TextDelta, UserMessage  # noqa: PLC0415 - each way loads its own
    from coterie.providers.config import ProviderConfig  # noqa: PLC0415
    from coterie.providers.registry import ProviderRegistry  # noqa: PLC0415

    registry = ProviderRegistry([ProviderConfig(id="bench", type="openai_compatible", base_url=url)])
    provider = registry.get("bench")

    async def read(model: str) -> AsyncIterator[str]:
        request = ModelRequest(model=model, system="", messages=(UserMessage(text="Talk."),))
        async with aclosing(provider.stream(request)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, TextDelta):
                    yield event.text

    try:
        yield read
    finally:
        await registry.aclose()


@asynccontextmanager
async def by_litellm(url: str) -> AsyncIterator[Read]:
    """Read through LiteLLM, in this process."""
    import litellm  # noqa: PLC0415 - takes seconds

    async def read(model: str) -> AsyncIterator[str]:
        messages = [{"role": "user", "content": "Talk."}]
        answer: Any = await litellm.acompletion(model=f"openai/{model}", api_base=url, api_key="none", messages=messages, stream=True)
        async for piece in answer:
            yield piece.choices[0].delta.content or ""

    yield read


WAYS: Final[Mapping[str, Callable[[str], Any]]] = {"httpx": by_httpx, "coterie": by_provider, "litellm": by_litellm}


async def measure(way: str, url: str, model: str, streams: int, chunks: int) -> dict[str, Any]:
    """Read so many streams at once; the first one, which loads things, does not count."""
    async with WAYS[way](url) as read:
        await take(read, "burst-10", 10)
        cpu, wall = time.process_time(), time.perf_counter()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(take(read, model, chunks)) for _ in range(streams)]
        late = [first_ms for task in tasks for first_ms in (task.result(),)]
        return {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall, "first_ms": late}


async def take(read: Read, model: str, chunks: int) -> float | None:
    """Read so many words of one stream; return how many milliseconds late the first one was, if it says when it was sent."""
    late: float | None = None
    count = 0
    async with aclosing(read(model)) as words:  # type: ignore[type-var]
        async for word in words:
            if count == 0 and word.strip().isdecimal():
                late = (time.monotonic_ns() - int(word)) / 1e6
            count += bool(word)
            if count == chunks and model == "stream":
                break
    assert count == chunks, f"{count} words of {chunks}"
    return late


if __name__ == "__main__":
    way, url, model, streams, chunks = sys.argv[1:]
    print(json.dumps(asyncio.run(measure(way, url, model, int(streams), int(chunks)))))
