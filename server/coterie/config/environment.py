"""What environment variables say: settings under ``COTERIE_…``, and hosts whose keys people already have."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from coterie.config.layers import Layer, Values, read_object
from coterie.config.problems import Problem
from coterie.domain.secrets import API_KEY
from coterie.domain.status import ProviderType

_PREFIX = "COTERIE_"
_NOT_SETTINGS = frozenset({"COTERIE_HOME", "COTERIE_RECORD", "COTERIE_DAEMON_IDLE_S", "COTERIE_DAEMON_RETURN_S", "COTERIE_TOKEN"})
"""Variables that others read: ``paths``, the development-only recorder, the shared daemon, the listener."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHost:
    """A host that is there as soon as what it needs is in the environment.

    ``keys`` are the variables that may hold its key, the usual one first; ``or_any`` are others that let in as well. ``addresses`` are
    those that may hold its address, ``base_url`` is its usual one (None: what speaks to it knows), ``needs_address`` says that it has none.
    ``model`` serves who has chosen none, and ``small_model`` what need not be clever; both are the newest of a family of middling price.
    A host without them has no models of its own, or they are called differently for each person.
    """

    name: str
    type: ProviderType
    keys: tuple[str, ...]
    addresses: tuple[str, ...]
    base_url: str | None = None
    needs_address: bool = False
    or_any: tuple[str, ...] = ()
    model: str | None = None
    small_model: str | None = None


KNOWN_HOSTS = (
    KnownHost(
        name="anthropic",
        type="anthropic",
        keys=("ANTHROPIC_API_KEY",),
        addresses=("ANTHROPIC_BASE_URL",),
        base_url="https://api.anthropic.com",
        model="claude-sonnet-5-5",
        small_model="claude-haiku-5-5",
    ),
    KnownHost(
        name="openai",
        type="openai_compatible",
        keys=("OPENAI_API_KEY",),
        addresses=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        base_url="https://api.openai.com/v1",
        model="gpt-6.1-sol",
        small_model="gpt-6-luna",
    ),
    KnownHost(
        name="gemini",
        type="litellm",
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        addresses=("GEMINI_API_BASE",),
        model="gemini-pro-latest",
        small_model="gemini-flash-lite-latest",
    ),
    KnownHost(
        name="mistral",
        type="litellm",
        keys=("MISTRAL_API_KEY",),
        addresses=("MISTRAL_API_BASE",),
        model="mistral-large-4",
        small_model="mistral-small-latest",
    ),
    KnownHost(name="xai", type="litellm", keys=("XAI_API_KEY",), addresses=("XAI_API_BASE",), model="grok-4.7", small_model="grok-4.3"),
    KnownHost(
        name="cohere",
        type="litellm",
        keys=("COHERE_API_KEY", "CO_API_KEY"),
        addresses=("COHERE_API_BASE",),
        model="command-a-03-2025",
        small_model="command-r7b-12-2024",
    ),
    KnownHost(name="openrouter", type="litellm", keys=("OPENROUTER_API_KEY",), addresses=("OPENROUTER_API_BASE",)),
    KnownHost(
        name="azure",
        type="litellm",
        keys=("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"),
        addresses=("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"),
        needs_address=True,
    ),
    KnownHost(
        name="bedrock",
        type="litellm",
        keys=("AWS_BEARER_TOKEN_BEDROCK",),
        addresses=("AWS_BEDROCK_RUNTIME_ENDPOINT",),
        or_any=("AWS_ACCESS_KEY_ID", "AWS_PROFILE"),
    ),
)
"""The first one that is there gives the default model."""


def read_environment(environ: Mapping[str, str], problems: list[Problem]) -> Layer:
    """Read the layer of the environment: ``COTERIE_MODEL`` is ``model``, ``COTERIE_BUDGET__USD`` is ``budget.usd``.

    A value that begins like JSON is read as JSON; all else is text, which becomes a number or a truth value where one is wanted.
    """
    values: Values = {}
    for variable, text in sorted(environ.items()):
        if variable.startswith(_PREFIX) and variable not in _NOT_SETTINGS and text:
            *tables, key = variable.removeprefix(_PREFIX).lower().split("__")
            table = values
            for name in tables:
                table = table.setdefault(name, {})
                if not isinstance(table, dict):
                    break
            else:
                table[key] = _value(text)
    return read_object("environment", "environment", values, problems)


def _value(text: str) -> Any:
    if text[0] in '[{"':
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def hosts_with_keys(
    environ: Mapping[str, str], own: Mapping[str, Any], secrets: Container[str] = (), *, wanted: str | None = None
) -> Values:
    """Return what goes below every other layer: the known hosts whose keys are in the environment, or by ``secrets`` in the vault.

    ``own`` is what the layers above say. A host of theirs that has a known one's name and speaks another wire is somebody else, and gets
    no key. Only where they name no host are models chosen for the person: a key that happens to be there must not draw work away from the
    hosts that they set up. ``wanted`` is the only host that may give them, and then it does so whatever else is set up.
    """
    configured: Mapping[str, Any] = own.get("providers", {})
    hosts: Values = {}
    chosen: Values = {}
    for host in KNOWN_HOSTS:
        entry = configured.get(host.name)
        if entry is not None and _is_another(host, entry):
            continue
        found = known_host(host, environ)
        is_there = _is_there(host, environ) or f"{host.name}/{API_KEY}" in secrets
        if is_there or entry is not None:
            hosts[host.name] = found
        if is_there and not chosen and wanted in {None, host.name}:
            chosen = _models(host)
    if not hosts:
        return {}
    return {"providers": hosts} if (configured and wanted is None) or "model" in own else {"providers": hosts, **chosen}


def known_host(host: KnownHost, environ: Mapping[str, str]) -> Values:
    """Return the settings of a known host, with the key's variable where one is set."""
    found: Values = {"type": host.type}
    if address := _first(host.addresses, environ) or host.base_url:
        found["base_url"] = address.rstrip("/")
    if (variable := next((name for name in host.keys if environ.get(name)), None)) is not None:
        found["api_key"] = f"env:{variable}"
    return found


def _is_another(host: KnownHost, entry: Mapping[str, Any]) -> bool:
    """Say whether an entry with a known host's name means another one: it says so, or has an address and what no type means."""
    if "type" in entry:
        return bool(entry["type"] != host.type)
    return host.type == "litellm" and "base_url" in entry


def _is_there(host: KnownHost, environ: Mapping[str, str]) -> bool:
    let_in = _first(host.keys + host.or_any, environ) is not None
    return let_in and (not host.needs_address or _first(host.addresses, environ) is not None)


def _first(variables: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    return next((environ[name] for name in variables if environ.get(name)), None)


def _models(host: KnownHost) -> Values:
    """Return the models for who has chosen none."""
    chosen = {"model": host.model, "small_model": host.small_model}
    return {key: f"{host.name}/{model}" for key, model in chosen.items() if model is not None}
