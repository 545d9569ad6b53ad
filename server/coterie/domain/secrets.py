"""Secrets that the person gave to Coterie, by name. Values never become part of a domain value: only names travel."""

from __future__ import annotations

import re

from coterie.base.errors import InvalidParamsError
from coterie.domain.wire import wire

REFERENCE = "vault://"
"""How settings refer to a secret: ``vault://team/api_key``."""
API_KEY = "api_key"
"""The secret that is meant where only a provider is named."""

_NAME = re.compile(r"(?P<provider>[^/\s\x00-\x1f\x7f]{1,100})(?:/(?P<key>[A-Za-z0-9_.-]{1,100}))?")


@wire
class SecretName:
    """A secret's name, ``provider/key``, the reference by which settings use it, and since when it is what it is (ISO 8601)."""

    name: str
    provider: str
    reference: str
    updated_at: str


def is_secret_name(text: str) -> bool:
    """Say whether `secret_name` understands a text."""
    return _NAME.fullmatch(text.strip().removeprefix(REFERENCE)) is not None


def secret_name(text: str) -> str:
    """Return ``provider/key`` for what a person wrote: that, a whole reference, or only the provider. Raises `InvalidParamsError`."""
    match = _NAME.fullmatch(text.strip().removeprefix(REFERENCE))
    if match is None:
        raise InvalidParamsError("A key is named `provider/key`, for example `work/api_key`, or by its provider alone.")
    return f"{match['provider']}/{match['key'] or API_KEY}"


def provider_of(name: str) -> str:
    """Return the provider in a secret's name."""
    return name.partition("/")[0]
