"""Builds the provider of each kind of host. Each is imported on its first use: a server that is asked nothing loads none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from coterie.base.errors import RequestError
from coterie.domain.model_ports import Provider
from coterie.domain.workers import Worker
from coterie.providers.config import ProviderConfig
from coterie.providers.cost_map import CostMap
from coterie.providers.keys import Keys
from coterie.providers.model_host import ModelHost
from coterie.providers.transport import Transport


@dataclass(frozen=True, slots=True)
class Means:
    """What providers are built with and share. ``transport`` and ``model_host`` are made by their first use."""

    transport: Callable[[], Transport]
    model_host: Callable[[], ModelHost]
    cost_map: CostMap
    keys: Keys = field(default_factory=Keys)
    environ: Mapping[str, str] = field(default_factory=dict)


def build(config: ProviderConfig, means: Means) -> Provider:
    """Build a provider. Opens nothing."""
    provider: Provider
    match config.type:
        case "openai_compatible":
            from coterie.providers.http_provider import HttpProvider  # noqa: PLC0415
            from coterie.providers.openai_compatible import OpenAICompatibleWire  # noqa: PLC0415

            provider = HttpProvider(config, OpenAICompatibleWire(), means.transport(), keys=means.keys)
        case "anthropic":
            from coterie.providers.anthropic import AnthropicWire  # noqa: PLC0415
            from coterie.providers.http_provider import HttpProvider  # noqa: PLC0415

            provider = HttpProvider(config, AnthropicWire(), means.transport(), keys=means.keys)
        case "litellm":
            from coterie.providers.litellm import LiteLLM  # noqa: PLC0415

            provider = LiteLLM(config, means.model_host(), means.cost_map, keys=means.keys, environ=means.environ)
        case "claude_code":
            from coterie.providers.claude_code.provider import ClaudeCode  # noqa: PLC0415

            provider = ClaudeCode(config, keys=means.keys, environ=means.environ)
        case "ollama":
            from coterie.providers.ollama import Ollama  # noqa: PLC0415

            provider = Ollama(config, means.transport(), keys=means.keys)
        case "llama_cpp":
            from coterie.providers.llama_cpp import LlamaCpp  # noqa: PLC0415

            provider = LlamaCpp(config, means.transport(), keys=means.keys)
        case "llama_swap":
            from coterie.providers.llama_swap import LlamaSwap  # noqa: PLC0415

            provider = LlamaSwap(config, means.transport(), keys=means.keys)
        case "botserver":
            from coterie.providers.botserver.provider import BotServer  # noqa: PLC0415

            provider = BotServer(config, means.transport(), keys=means.keys)
        case "replay":
            from coterie.providers.replay import Replay  # noqa: PLC0415

            provider = Replay(config)
        case _:
            assert_never(config.type)
    return provider


def hire(config: ProviderConfig, model: str, means: Means) -> Worker:
    """Build the whole agent of a host. Starts nothing. Raises `RequestError` ``no_worker``."""
    if config.type != "claude_code":
        raise RequestError(
            f"`{config.id}/{model}` is a model and no agent of its own: `external` agents need a host of the type `claude_code`.",
            code="no_worker",
        )
    from coterie.providers.claude_code.worker import ClaudeWorker  # noqa: PLC0415

    return ClaudeWorker(config, model, keys=means.keys, environ=means.environ)
