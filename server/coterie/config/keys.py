"""Keys of model hosts: how the settings refer to them, and what a reference means in an environment.

A key is read where a provider is configured and nowhere else; settings hold it as a `SecretStr`, which never prints itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import SecretStr

_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_VAULT = "vault://"

KeyKind = Literal["variable", "vault", "literal", "broken"]


def kind_of(key: SecretStr) -> KeyKind:
    """Say what the settings hold: ``env:NAME``, a reference to the vault, the key itself, or an ``env:`` without a name."""
    text = key.get_secret_value()
    if text.startswith(_VAULT):
        return "vault"
    if text.startswith("env:"):
        return "variable" if _VARIABLE.fullmatch(text) else "broken"
    return "literal" if text.strip() else "broken"


def variable_of(key: SecretStr) -> str | None:
    """Return the name of the environment variable that the key is in, or None when it stands in the settings itself."""
    match = _VARIABLE.fullmatch(key.get_secret_value())
    return match[1] if match else None


def value_of(key: SecretStr, environ: Mapping[str, str]) -> str | None:
    """Return the key itself, or None when its variable is not set."""
    variable = variable_of(key)
    if variable is None:
        return key.get_secret_value()
    return environ.get(variable) or None
