"""Which providers have a key in the vault: the names alone, out of the file that ``storage.vault`` keeps beside the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from coterie.config.layers import Layer, Values
from coterie.config.paths import VAULT_NAMES
from coterie.domain.secrets import API_KEY, REFERENCE


def read_vault_names(data: Path) -> Mapping[str, str]:
    """Return the names of the vault's secrets with their times. A file that cannot be read is one that names nothing."""
    try:
        said = json.loads((data / VAULT_NAMES).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(at) for name, at in said.items()} if isinstance(said, dict) else {}


def keys_in_vault(providers: Mapping[str, Any], names: Mapping[str, str]) -> Layer:
    """Return the layer that gives the providers without a key the ones that the vault holds for them."""
    found: Values = {
        host: {"api_key": SecretStr(f"{REFERENCE}{host}/{API_KEY}")}
        for host, values in providers.items()
        if "api_key" not in values and f"{host}/{API_KEY}" in names
    }
    return Layer("vault", "vault", {"providers": found} if found else {})
