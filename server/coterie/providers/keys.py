"""Where a provider gets its key from, at the moment of a call and for that call alone.

Keys of the environment are in the settings' `ApiKey` already. One that is in the vault is only named there, and revealed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from coterie.base.errors import ProviderError, StorageError
from coterie.base.redaction import Redaction
from coterie.domain.store_ports import Secrets
from coterie.providers.config import ProviderConfig


@dataclass(frozen=True, slots=True)
class Keys:
    """Reveals keys, and has the log hide them. Without a vault, a key that names one is missing."""

    secrets: Secrets | None = None
    redaction: Redaction = field(default_factory=Redaction)

    async def revealed(self, config: ProviderConfig) -> ProviderConfig:
        """Return the settings of a host with the value of its key in them. Raises `ProviderError` when the vault is locked."""
        key = config.api_key
        if key is not None:
            self.redaction.know(key.value)
        if key is None or key.secret is None or self.secrets is None:
            return config
        try:
            value = await self.secrets.reveal(key.secret)
        except StorageError as locked:
            raise ProviderError(f"The key of `{config.id}` cannot be read: {locked.message}", kind="auth_required") from locked
        self.redaction.know(value)
        return replace(config, api_key=replace(key, value=value))
