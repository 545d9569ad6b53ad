"""What a model's name comes to at its host, and which model serves who names none. `registry` asks, with the entries that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coterie.base.errors import RequestError
from coterie.domain.model_ports import ModelChoice
from coterie.domain.status import ModelView
from coterie.providers import failures
from coterie.providers.builder import ProviderBuilder
from coterie.providers.entry import Entry
from coterie.providers.failures import Host
from coterie.providers.fim import fills

_REPLAY_LABEL = "replay (recorded)"
"""Stands wherever a model's name is shown, so that a recording never passes for a model."""


def choice_of(entry: Entry, model: str, builder: ProviderBuilder) -> ModelChoice:
    """Return a host's model, ready to be called. Raises `ProviderError` where the host is disconnected, or its key is missing."""
    config = entry.config
    if not entry.is_asked:
        raise entry.disconnected()
    host = Host(provider=config.id, model=model, address=config.base_url, api_key=config.api_key)
    in_vault = config.api_key is not None and config.api_key.secret is not None
    if not in_vault and (missing := failures.key_failure(host, wanted=config.wants_key)) is not None:
        raise missing
    model_id = f"{config.id}/{model}"
    known = next((view for view in entry.listed if view.id == model_id), None)
    return ModelChoice(
        id=model_id,
        model=model,
        label=_REPLAY_LABEL if config.type == "replay" else model_id,
        provider=builder.provider_of(entry),
        context_tokens=(known.context_tokens if known else None) or config.context_tokens or builder.facts(config, model).context_tokens,
        price=builder.price_of(config, model),
        bills=config.type == "claude_code",
        temperature=config.temperature,
        max_output_tokens=config.max_tokens,
        top_p=config.top_p,
        extra=config.extra or None,
        fim=fills(config, model),
        settings=entry.settings,
    )


def first_model(entries: Mapping[str, Entry]) -> str:
    """Return the first model that is known of the hosts, by the settings or by themselves. Raises `RequestError` ``no_provider``."""
    for provider_id, entry in entries.items():
        if not entry.is_asked:
            continue
        if entry.config.models:
            return f"{provider_id}/{entry.config.models[0]}"
        # The first one of a map may be the dearest.
        if entry.listed and entry.config.lists_models:
            return _serving(entry.listed).id
    if not entries:
        raise no_provider()
    hosts = ", ".join(f"`{provider_id}`" for provider_id in entries)
    raise RequestError(
        f"No model is chosen. Set `model` in the settings to host/model, or `models` of a provider. There are: {hosts}.",
        code="no_provider",
    )


def no_provider() -> RequestError:
    """Say what to do where there is no host at all."""
    return RequestError(
        "No model is configured. Enter a key (`coterie keys set anthropic`), set ANTHROPIC_API_KEY or OPENAI_API_KEY, start Ollama or "
        "llama-swap on this machine, or add a [providers.NAME] entry with `type` and `base_url` to config.toml, and set `model` to "
        "NAME/model.",
        code="no_provider",
    )


def _serving(views: Sequence[ModelView]) -> ModelView:
    """Return the model that serves who names none: one that converses, and need not be loaded first."""
    conversing = [view for view in views if "embed" not in view.id.lower()] or views
    return next((view for view in conversing if view.state == "loaded"), conversing[0])
