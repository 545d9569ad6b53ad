"""A real llama.cpp as a host on one's own machine, with a model of random weights: it streams, it is stopped, it is too small.

`make test-llama` builds it and runs these; they are no part of `make test`, because the build takes minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, StreamEvent, TextDelta, UserMessage
from coterie.domain.model_ports import Provider
from coterie.domain.status import ProviderType
from provider_calls import REQUEST, gather, host, provider_of, words

pytestmark = pytest.mark.llama

WINDOW = 512
KINDS = pytest.mark.parametrize("kind", ["openai_compatible", "llama_cpp"])
SHORT = replace(REQUEST, model="tiny", tools=(), max_output_tokens=16)


@asynccontextmanager
async def llama(folder: Path) -> AsyncIterator[str]:
    """Serve the tiny model until the block ends, and give the server's origin."""
    python, model = os.environ["COTERIE_LLAMA_PYTHON"], folder / "tiny.gguf"
    made = await asyncio.create_subprocess_exec(python, Path(__file__).with_name("tiny_model.py"), model)
    assert await made.wait() == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    arguments = ["--model", str(model), "--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(WINDOW)]
    server = await asyncio.create_subprocess_exec(
        python, "-m", "llama_cpp.server", *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(60):
            while not await _answers(client, url):
                assert server.returncode is None
        yield url
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/v1/models")).is_success
    except httpx.TransportError:
        await asyncio.sleep(0.1)  # there is nothing else to wait for: it says nowhere when it listens
        return False


@KINDS
async def test_it_streams(tmp_path: Path, kind: ProviderType) -> None:
    async with llama(tmp_path) as url, provider_of(host(kind, url)) as provider:
        events = await gather(provider, SHORT)
        assert len([event for event in events if isinstance(event, TextDelta)]) > 1
        assert events[-1] == Finished("length")
        [model] = await provider.installed_models()
        assert model.id.startswith("work/")


@KINDS
async def test_who_gives_up_stops_it(tmp_path: Path, kind: ProviderType) -> None:
    async with llama(tmp_path) as url, provider_of(host(kind, url)) as provider:
        async with aclosing(provider.stream(replace(SHORT, max_output_tokens=WINDOW))) as events:  # type: ignore[type-var]
            async for _ in events:
                break
        # It serves one call at a time: this one is answered only because the other is over.
        assert words(await gather(provider, SHORT))


@KINDS
async def test_what_is_too_long_is_an_error_and_it_goes_on(tmp_path: Path, kind: ProviderType) -> None:
    async with llama(tmp_path) as url, provider_of(host(kind, url)) as provider:
        with pytest.raises(ProviderError):
            await gather(provider, replace(SHORT, messages=(UserMessage(text="word " * WINDOW),)))
        assert words(await _patiently(provider))


async def _patiently(provider: Provider) -> list[StreamEvent]:
    """Ask as runs do: this server drops a connection after it refused a call, which is a passing failure."""
    for _ in range(3):
        with contextlib.suppress(ProviderError):
            return await gather(provider, SHORT)
    return await gather(provider, SHORT)
