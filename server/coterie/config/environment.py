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
_NOT_SETTINGS = frozenset({"COTERIE_HOME", "COTERIE_RECORD", "COTERIE_DAEMON_IDLE_S", "COTERIE_TOKEN"})
"""Variables that others read: ``paths``, the development-only recorder, the shared daemon, the listener."""


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host that is there as soon as its key is; ``model`` is the one that serves who has chosen none."""

    name: str
    type: ProviderType
    base_url: str
    key_variable: str
    address_variable: str
    model: str


KNOWN_HOSTS = (
    KnownHost("anthropic", "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "claude-sonnet-4-5"),
    KnownHost("openai", "openai_compatible", "https://api.openai.com/v1", "OPENAI_API_KEY", "OPENAI_BASE_URL", "gpt-5"),
)


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


def hosts_with_keys(environ: Mapping[str, str], configured: Mapping[str, Any], secrets: Container[str] = ()) -> Values:
    """Return what goes below every other layer: the known hosts whose keys are in the environment, or by ``secrets`` in the vault.

    ``configured`` are the ``providers`` of the layers above. A host of theirs that has a known one's name and speaks another wire is
    somebody else, and gets no key. Only where they name no host is a model chosen for the person: a key that happens to be there must
    not draw work away from the hosts that they set up.
    """
    hosts: Values = {}
    model: str | None = None
    for host in KNOWN_HOSTS:
        if configured.get(host.name, {}).get("type", host.type) != host.type:
            continue
        in_vault = f"{host.name}/{API_KEY}" in secrets
        if environ.get(host.key_variable) or in_vault or host.name in configured:
            hosts[host.name] = {"type": host.type, "base_url": (environ.get(host.address_variable) or host.base_url).rstrip("/")}
        if environ.get(host.key_variable):
            hosts[host.name]["api_key"] = f"env:{host.key_variable}"
        if environ.get(host.key_variable) or in_vault:
            model = model or f"{host.name}/{host.model}"
    if not hosts:
        return {}
    return {"providers": hosts} if configured or model is None else {"providers": hosts, "model": model}
