"""``agent/key/*``: params, results."""

from __future__ import annotations

from coterie.domain.secrets import SecretName
from coterie.domain.wire import wire


@wire
class KeyListResult:
    """What the vault holds: names, never values."""

    keys: tuple[SecretName, ...]


@wire
class KeyParams:
    """Which key: its ``name`` (``provider/key``, or the provider alone), or ``provider`` and ``key`` apart."""

    name: str | None = None
    provider: str | None = None
    key: str | None = None


@wire
class KeySetParams:
    """Which key, as in `KeyParams`, and what it is."""

    value: str
    name: str | None = None
    provider: str | None = None
    key: str | None = None


@wire
class KeySet:
    """How the settings refer to the key that was kept. A provider without an ``api_key`` uses its own by itself."""

    name: str
    provider: str
    reference: str


@wire
class KeyDeleted:
    """The key that is gone."""

    name: str
