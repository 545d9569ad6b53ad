"""How the settings refer to the keys of model hosts.

A key is looked up where ``app`` configures its provider and nowhere else; settings hold the reference as a `SecretStr`, which never prints
itself, because it may be the key.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import SecretStr

from coterie.domain.secrets import REFERENCE, is_secret_name

_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")

KeyKind = Literal["variable", "vault", "literal", "broken"]


def kind_of(key: SecretStr) -> KeyKind:
    """Say what the settings hold: ``env:NAME``, a reference to the vault, the key itself, or an ``env:`` without a name."""
    text = key.get_secret_value()
    if text.startswith(REFERENCE):
        return "vault" if is_secret_name(text) else "broken"
    if text.startswith("env:"):
        return "variable" if _VARIABLE.fullmatch(text) else "broken"
    return "literal" if text.strip() else "broken"
