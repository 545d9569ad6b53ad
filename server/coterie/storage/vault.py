"""The vault: secrets, encrypted at rest in the database, each readable only under its own name.

Every secret is sealed with AES-GCM under the active data key (see `data_key`), its name as associated data, so that rows cannot be swapped.
``providers.keys`` reveals a secret for one call; people keep and forget them through ``features.secrets``. The first secret makes the first
data key.

The names alone, each with its time, also stand in a file beside the database (``config.vault_names`` reads it): whoever loads the settings
must know which providers have a key, and must not open a database for it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from coterie.base.errors import RequestError, StorageError
from coterie.base.ids import new_id, now
from coterie.config.paths import VAULT_NAMES
from coterie.domain.secrets import REFERENCE, SecretName, provider_of
from coterie.storage.data_key import DataKeys, Place, system_keyring
from coterie.storage.database import Database

if TYPE_CHECKING:
    import sqlite3

    from coterie.storage.data_key import Keyring

_NONCE = 12

log = logging.getLogger(__name__)


class Vault:
    """The secrets of one home. Implements `coterie.domain.store_ports.Secrets`. Several processes may use one at once."""

    def __init__(self, database: Database, *, keyring: Callable[[], Keyring | None] = system_keyring) -> None:
        self._database = database
        self._folder = database.path.parent
        self._keys = DataKeys(self._folder / "vault.key", keyring=keyring)

    async def reveal(self, name: str) -> str | None:
        """Return a secret; see `coterie.domain.store_ports.Secrets.reveal`."""
        row = await self._database.run(lambda connection: _row(connection, name))
        if row is None:
            return None
        key_id, place, nonce, sealed = row
        key = await self._keys.get(key_id, place)
        return await self._database.run(lambda _: _unseal(key, name, nonce, sealed))

    async def keep(self, name: str, value: str) -> None:
        """Keep a secret under a name, in place of the one that was there. Raises `StorageError`."""
        while True:
            key_id, key = await self._active()

            def insert(connection: sqlite3.Connection, key_id: str = key_id, key: bytes = key) -> bool:
                # Another process may have changed the data key meanwhile: what is sealed under the old one would be lost.
                if _active_row(connection) != key_id:
                    return False
                connection.execute(
                    "INSERT OR REPLACE INTO secrets (name, key_id, nonce, sealed, updated_at) VALUES (?, ?, ?, ?, ?)",
                    (name, key_id, *_seal(key, name, value), now()),
                )
                self._tell_names(connection)
                return True

            if await self._database.write(insert, durable=True):
                return

    async def forget(self, name: str) -> None:
        """Take a secret away. Raises `RequestError` ``unknown_key``."""

        def delete(connection: sqlite3.Connection) -> bool:
            gone = connection.execute("DELETE FROM secrets WHERE name = ?", (name,)).rowcount > 0
            self._tell_names(connection)
            return gone

        if not await self._database.write(delete, durable=True):
            there = ", ".join(f"`{secret.name}`" for secret in await self.names()) or "none"
            raise RequestError(f"The vault holds no key `{name}`. There are: {there}.", code="unknown_key")

    async def names(self) -> tuple[SecretName, ...]:
        """Return the names of what is kept, in order."""
        rows = await self._database.run(
            lambda connection: connection.execute("SELECT name, updated_at FROM secrets ORDER BY name").fetchall()
        )
        return tuple(
            SecretName(name=name, provider=provider_of(name), reference=f"{REFERENCE}{name}", updated_at=updated_at)
            for name, updated_at in rows
        )

    async def rotate(self) -> int:
        """Seal every secret under a new data key, all of them or none; return how many. Raises `StorageError`."""
        old = await self._database.run(lambda connection: connection.execute("SELECT key_id, place FROM data_keys").fetchall())
        opened = {key_id: await self._keys.get(key_id, place) for key_id, place in old}
        fresh = new_id("vault")
        # Kept before anything is sealed under it: a crash in between leaves a key too many, never one too few.
        place = await self._keys.make(fresh)
        key = await self._keys.get(fresh, place)

        def seal_anew(connection: sqlite3.Connection) -> int:
            rows = connection.execute("SELECT name, key_id, nonce, sealed FROM secrets").fetchall()
            connection.execute("INSERT INTO data_keys (key_id, place, made_at) VALUES (?, ?, ?)", (fresh, place, now()))
            for name, key_id, nonce, sealed in rows:
                if key_id not in opened:
                    raise StorageError("Another Coterie changed the vault at this moment. Try again.", code="vault_busy")
                again = _seal(key, name, _unseal(opened[key_id], name, nonce, sealed))
                connection.execute("UPDATE secrets SET key_id = ?, nonce = ?, sealed = ? WHERE name = ?", (fresh, *again, name))
            connection.execute("DELETE FROM data_keys WHERE key_id != ?", (fresh,))
            return len(rows)

        try:
            count = await self._database.write(seal_anew, durable=True)
        except StorageError:
            await self._keys.forget(fresh, place)
            raise
        for key_id, where in old:
            await self._keys.forget(key_id, where)
        return count

    async def _active(self) -> tuple[str, bytes]:
        """Return the data key that new secrets are sealed under, with its id; one is made where there is none, or the one is lost."""
        newest = await self._database.run(_newest)
        if newest is not None:
            try:
                return newest[0], await self._keys.get(*newest)
            except StorageError as failure:
                if failure.code != "vault_key_lost":
                    raise
        fresh = new_id("vault")
        place = await self._keys.make(fresh)

        def enter(connection: sqlite3.Connection) -> tuple[str, Place]:
            there = _newest(connection)
            if there is not None and there != newest:  # another process was faster
                return there
            connection.execute("INSERT INTO data_keys (key_id, place, made_at) VALUES (?, ?, ?)", (fresh, place, now()))
            return fresh, place

        chosen = await self._database.write(enter, durable=True)
        if chosen[0] != fresh:
            await self._keys.forget(fresh, place)
        return chosen[0], await self._keys.get(*chosen)

    def _tell_names(self, connection: sqlite3.Connection) -> None:
        """Write the file of names, within the transaction that changes them: it is a help, and its failure is none of the vault's."""
        names = dict(connection.execute("SELECT name, updated_at FROM secrets ORDER BY name"))
        fresh = self._folder / f"{VAULT_NAMES}.{os.getpid()}.new"
        try:
            fresh.write_text(json.dumps(names), encoding="utf-8")
            fresh.replace(self._folder / VAULT_NAMES)
        except OSError as failure:
            log.warning("the names of the vault's keys cannot be written down: %s", failure)


def _newest(connection: sqlite3.Connection) -> tuple[str, Place] | None:
    row: tuple[str, Place] | None = connection.execute("SELECT key_id, place FROM data_keys ORDER BY number DESC LIMIT 1").fetchone()
    return row


def _active_row(connection: sqlite3.Connection) -> str | None:
    newest = _newest(connection)
    return None if newest is None else newest[0]


def _row(connection: sqlite3.Connection, name: str) -> tuple[str, Place, bytes, bytes] | None:
    row: tuple[str, Place, bytes, bytes] | None = connection.execute(
        "SELECT key_id, place, nonce, sealed FROM secrets JOIN data_keys USING (key_id) WHERE name = ?", (name,)
    ).fetchone()
    return row


def _seal(key: bytes, name: str, value: str) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - on the database's thread, when it is needed

    nonce = os.urandom(_NONCE)
    return nonce, AESGCM(key).encrypt(nonce, value.encode(), name.encode())


def _unseal(key: bytes, name: str, nonce: bytes, sealed: bytes) -> str:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see `_seal`
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        return AESGCM(key).decrypt(nonce, sealed, name.encode()).decode()
    except (InvalidTag, ValueError):
        provider = provider_of(name)
        raise StorageError(
            f"What the vault holds as `{name}` is damaged and cannot be read. Set it anew with `coterie keys set {provider}`.",
            code="vault_damaged",
        ) from None
