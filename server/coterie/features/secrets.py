"""Keys of model hosts, as front doors keep and forget them. Only names come back out; `coterie.providers.keys` alone reveals a value."""

from __future__ import annotations

from collections.abc import Callable

from coterie.base.errors import InvalidParamsError
from coterie.domain.secrets import REFERENCE, SecretName, secret_name
from coterie.domain.store_ports import SecretStore


class SecretService:
    """Implements `coterie.features.protocol_faces.Secrets`. ``changed`` makes the settings see what is there now."""

    def __init__(self, vault: SecretStore, changed: Callable[[], None]) -> None:
        self._vault = vault
        self._changed = changed

    async def list(self) -> tuple[SecretName, ...]:
        """Return the names of what the vault holds."""
        return await self._vault.names()

    async def set(self, name: str, value: str) -> str:
        """Keep a key and return its reference. Raises `InvalidParamsError`, `StorageError`."""
        whole = secret_name(name)
        key = value.strip()  # a pasted key brings its line's end along
        if not key or not key.isascii() or not key.isprintable():
            raise InvalidParamsError("A key is one line of printable ASCII characters.")
        await self._vault.keep(whole, key)
        self._changed()
        return f"{REFERENCE}{whole}"

    async def delete(self, name: str) -> str:
        """Forget a key and return its whole name. Raises `InvalidParamsError`, `RequestError` ``unknown_key``, `StorageError`."""
        whole = secret_name(name)
        await self._vault.forget(whole)
        self._changed()
        return whole

    async def rotate(self) -> int:
        """Seal every key under a new data key; return how many. Raises `StorageError`."""
        return await self._vault.rotate()
