"""Calls of providers as tests make them: a registry with one host, a small request, and the whole answer at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from coterie.domain.messages import ModelRequest, StreamEvent, TextDelta, ToolSpec, UserMessage
from coterie.domain.model_ports import Provider
from coterie.domain.status import ProviderType
from coterie.providers.config import ApiKey, ProviderConfig
from coterie.providers.model_host import ModelHost
from coterie.providers.registry import ProviderRegistry

KEY = ApiKey("canary-key-1234", "environment variable WORK_KEY")
REQUEST = ModelRequest(
    model="one",
    system="Be brief.",
    messages=(UserMessage(text="say hello"),),
    tools=(ToolSpec("edit_file", "Edit a file.", {"type": "object", "properties": {"path": {"type": "string"}}}),),
    agent="chat",
)


def host(kind: ProviderType, url: str, **settings: Any) -> ProviderConfig:
    """Return the settings of a host called ``work`` at the origin ``url``."""
    base = f"{url}/v1" if kind == "openai_compatible" else url
    return replace(ProviderConfig(id="work", type=kind, base_url=base, api_key=KEY), **settings)


@asynccontextmanager
async def provider_of(config: ProviderConfig, model_host: ModelHost | None = None) -> AsyncIterator[Provider]:
    """Give the provider that a registry makes of ``config``, and close it."""
    registry = ProviderRegistry([config], model_host=model_host)
    try:
        yield registry.get(config.id)
    finally:
        await registry.aclose()


async def gather(provider: Provider, request: ModelRequest = REQUEST) -> list[StreamEvent]:
    """Return every event of one attempt."""
    return [event async for event in provider.stream(request)]


def words(events: list[StreamEvent]) -> str:
    """Return the text of an answer."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))
