"""Where the key lies that opens the vault: in the keyring of the operating system, or where there is none in a file beside the database.

`vault` asks here for a data key by its id. A keyring may wait for a person who is asked to unlock it, or be gone (another session, no
desktop): it is asked on a thread of its own, for a bounded time. A key file keeps keys out of backups of the database and out of sight; who
can read both files can read the keys, and the documentation says so.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import shlex
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from coterie.base.errors import StorageError

Place = Literal["keyring", "file"]

_SERVICE = "coterie"
_BYTES = 32
_OTHERS = 0o077
_PATIENCE_S = 30.0
"""Time for a person to unlock the keyring."""

_T = TypeVar("_T")
log = logging.getLogger(__name__)


class Keyring(Protocol):
    """A keyring as the library of this name has it; each call may block, and raise anything."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is kept."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep something."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Forget something."""
        ...


def system_keyring() -> Keyring | None:
    """Return the keyring of the operating system, None where there is none that can be trusted with anything. Blocks; imports a lot."""
    import keyring  # noqa: PLC0415 - slow, and seldom needed
    from keyring.core import recommended  # noqa: PLC0415

    backend = keyring.get_keyring()
    parts = getattr(backend, "backends", (backend,))
    return backend if any(recommended(part) for part in parts) else None


class DataKeys:
    """The data keys of one home, by id. ``file`` holds those that are in no keyring."""

    def __init__(self, file: Path, *, keyring: Callable[[], Keyring | None] = system_keyring, patience_s: float = _PATIENCE_S) -> None:
        self._file = file
        self._find_keyring = keyring
        self._patience_s = patience_s
        self._known: dict[str, bytes] = {}

    async def make(self, key_id: str) -> Place:
        """Make a new key and keep it; return where. Raises `StorageError`."""
        key = os.urandom(_BYTES)
        place = await self._asked(lambda ring: self._put(ring, key_id, key))
        self._known[key_id] = key
        return place

    async def get(self, key_id: str, place: Place) -> bytes:
        """Return a key. Raises `StorageError`: ``vault_locked`` when its keyring does not give it, ``vault_key_lost`` when it is gone."""
        if key_id in self._known:
            return self._known[key_id]
        match place:
            case "file":
                text = (await asyncio.to_thread(self._read)).get(key_id)
            case "keyring":
                text = await self._asked(lambda ring: None if ring is None else ring.get_password(_SERVICE, key_id), needed=True)
        if text is None:
            raise StorageError(
                f"The key that opens the vault is gone from {'the keyring' if place == 'keyring' else self._file}: what the vault holds "
                "cannot be read any more. Set your keys anew with `coterie keys set PROVIDER`.",
                code="vault_key_lost",
            )
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b""
        if len(key) != _BYTES:
            raise StorageError(
                "The key that opens the vault is damaged. Set your keys anew with `coterie keys set PROVIDER`.", code="vault_key_lost"
            )
        self._known[key_id] = key
        return key

    async def forget(self, key_id: str, place: Place) -> None:
        """Take away a key that opens nothing any more; one that cannot be taken away stays, and harms nobody."""
        self._known.pop(key_id, None)
        try:
            if place == "file":
                await asyncio.to_thread(self._drop, key_id)
            else:
                await self._asked(lambda ring: None if ring is None else ring.delete_password(_SERVICE, key_id))
        except StorageError as failure:
            log.info("an old data key stays: %s", failure.message)

    def _put(self, ring: Keyring | None, key_id: str, key: bytes) -> Place:
        text = base64.b64encode(key).decode()
        if ring is not None:
            try:
                ring.set_password(_SERVICE, key_id, text)
                kept = ring.get_password(_SERVICE, key_id)
            except Exception as failure:  # noqa: BLE001 - backends raise what they like
                log.info("the keyring keeps nothing (%s); a file does", type(failure).__name__)
            else:
                if kept == text:
                    return "keyring"
        with self._turn():
            self._write(self._read() | {key_id: text})
        return "file"

    async def _asked(self, work: Callable[[Keyring | None], _T], *, needed: bool = False) -> _T:
        """Ask the keyring on a thread that the end of the process does not wait for. Raises `StorageError` ``vault_locked``."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()

        def tell(deliver: Callable[[], None]) -> None:
            # The loop may be gone by the time that somebody unlocks the keyring.
            if not loop.is_closed():
                loop.call_soon_threadsafe(lambda: None if done.done() else deliver())

        def ask() -> None:
            try:
                ring = self._find_keyring()
                if ring is None and needed:
                    raise _locked("there is none in this session")  # noqa: TRY301 - told like any other failure
                result = work(ring)
            except StorageError as failure:
                told = failure
                tell(lambda: done.set_exception(told))
            except OSError as failure:
                unwritable = StorageError(f"The key file {self._file} cannot be used: {failure.strerror or failure}.", code="vault_locked")
                tell(lambda: done.set_exception(unwritable))
            except Exception as failure:  # noqa: BLE001 - backends raise what they like
                refused = _locked(type(failure).__name__)
                tell(lambda: done.set_exception(refused))
            else:
                tell(lambda: done.set_result(result))

        threading.Thread(target=ask, name="coterie-keyring", daemon=True).start()
        try:
            async with asyncio.timeout(self._patience_s):
                return await done
        except TimeoutError:
            raise _locked(f"it did not answer within {self._patience_s:g} s") from None

    def _read(self) -> dict[str, str]:
        try:
            with self._file.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & _OTHERS and self._keeps_modes():
                    raise _readable_by_others(self._file, mode)
                said = json.load(file)
        except FileNotFoundError:
            return {}
        except OSError as failure:
            raise StorageError(
                f"The key file {self._file} cannot be read: {failure.strerror or failure}.", code="vault_locked"
            ) from failure
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise StorageError(
                f"The key file {self._file} is damaged: what the vault holds cannot be read. Restore it from a backup, or move it away and "
                "set your keys anew with `coterie keys set PROVIDER`.",
                code="vault_key_lost",
            )
        return {str(key): str(value) for key, value in said.items()}

    def _keeps_modes(self) -> bool:
        """Say whether files of this folder can be kept from others at all; where none can (a FAT disk), ours is no worse than any."""
        with tempfile.NamedTemporaryFile(dir=self._file.parent) as probe:  # which is made for its owner alone
            return not os.fstat(probe.fileno()).st_mode & _OTHERS

    def _drop(self, key_id: str) -> None:
        with self._turn():
            kept = self._read()
            if kept.pop(key_id, None) is not None:
                self._write(kept)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Change the file alone: another process that did so at the same time would lose this one's key."""
        import fcntl  # noqa: PLC0415 - not loaded at server start

        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._file.with_name(f"{self._file.name}.lock").open("wb") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def _write(self, keys: dict[str, str]) -> None:
        """Replace the file, whole or not at all, readable by its owner alone from its first byte on."""
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump(keys, out)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self._file)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def _readable_by_others(file: Path, mode: int) -> StorageError:
    return StorageError(
        f"The key file {file} is open to others (mode {mode & 0o777:o}), and is not used. Run `chmod 600 {shlex.quote(str(file))}`. "
        "Whoever has read it can open the vault: if that may be, renew your keys at their hosts, and set them anew.",
        code="vault_locked",
    )


def _locked(why: str) -> StorageError:
    return StorageError(
        f"The vault is locked: the keyring of your desktop does not give its key ({why}). Unlock it and try again, or put your keys into "
        "environment variables.",
        code="vault_locked",
    )
