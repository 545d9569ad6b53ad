"""The vault: what is kept comes back under its own name only, is nowhere to be read on the disk, and survives whatever happens to it."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from coterie.base.errors import RequestError, StorageError
from coterie.storage.data_key import Keyring
from coterie.storage.database import Database
from coterie.storage.vault import Vault

CANARY = "sk-canary-0123456789"


class Drawer:
    """A keyring in memory. ``refuses`` makes every call fail, as a locked one does."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.refuses = False

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._open()
        del self.kept[service, username]

    def _open(self) -> None:
        if self.refuses:
            raise RuntimeError("the prompt was dismissed")


def no_keyring() -> Keyring | None:
    """Return none, as on a server without a desktop."""
    return None


@asynccontextmanager
async def vault_in(folder: Path, keyring: Callable[[], Keyring | None] = no_keyring) -> AsyncIterator[Vault]:
    """Give a vault as one process has it."""
    database = Database(folder / "coterie.db")
    try:
        yield Vault(database, keyring=keyring)
    finally:
        await database.aclose()


def rows(folder: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Look into the file, or change it, as a program that is not Coterie."""
    with closing(sqlite3.connect(folder / "coterie.db")) as connection, connection:
        return connection.execute(query, values).fetchall()


async def test_what_is_kept_comes_back_after_a_restart_and_stands_nowhere_in_the_open(tmp_path: Path) -> None:
    async with vault_in(tmp_path) as vault:
        assert await vault.reveal("work/api_key") is None
        await vault.keep("work/api_key", "an older one")
        await vault.keep("work/api_key", CANARY)
        await vault.keep("box/api_key", "another")
    async with vault_in(tmp_path) as vault:
        assert await vault.reveal("work/api_key") == CANARY
        assert [name.name for name in await vault.names()] == ["box/api_key", "work/api_key"]
        for file in tmp_path.iterdir():
            assert CANARY.encode() not in file.read_bytes(), file
    key_file = tmp_path / "vault.key"
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert set(json.loads((tmp_path / "vault-names.json").read_text(encoding="utf-8"))) == {"box/api_key", "work/api_key"}


async def test_the_data_key_lies_in_the_keyring_where_there_is_one(tmp_path: Path) -> None:
    drawer = Drawer()
    async with vault_in(tmp_path, lambda: drawer) as vault:
        await vault.keep("work/api_key", CANARY)
        assert len(drawer.kept) == 1
        assert not (tmp_path / "vault.key").exists()
    async with vault_in(tmp_path, lambda: drawer) as vault:
        assert await vault.reveal("work/api_key") == CANARY


async def test_a_keyring_that_refuses_to_keep_anything_leaves_the_file(tmp_path: Path) -> None:
    drawer = Drawer()
    drawer.refuses = True
    async with vault_in(tmp_path, lambda: drawer) as vault:
        await vault.keep("work/api_key", CANARY)
        assert (tmp_path / "vault.key").exists()
    async with vault_in(tmp_path) as vault:
        assert await vault.reveal("work/api_key") == CANARY


@pytest.mark.parametrize("gone", [False, True], ids=["locked", "another session"])
async def test_a_locked_keyring_is_said_and_nothing_is_lost(tmp_path: Path, *, gone: bool) -> None:
    drawer = Drawer()
    async with vault_in(tmp_path, lambda: drawer) as vault:
        await vault.keep("work/api_key", CANARY)
    drawer.refuses = True
    async with vault_in(tmp_path, lambda: None if gone else drawer) as vault:
        for attempt in (vault.reveal("work/api_key"), vault.keep("box/api_key", "another"), vault.rotate()):
            with pytest.raises(StorageError) as locked:
                await attempt
            assert locked.value.code == "vault_locked"
            assert "Unlock it" in locked.value.message
    drawer.refuses = False
    async with vault_in(tmp_path, lambda: drawer) as vault:
        assert await vault.reveal("work/api_key") == CANARY


async def test_a_keyring_that_waits_for_ever_is_given_up(tmp_path: Path) -> None:
    drawer = Drawer()
    async with vault_in(tmp_path, lambda: drawer) as vault:
        await vault.keep("work/api_key", CANARY)
    answered = asyncio.Event()
    loop = asyncio.get_running_loop()

    def waits() -> Keyring | None:
        future = asyncio.run_coroutine_threadsafe(answered.wait(), loop)
        future.result()
        return drawer

    async with vault_in(tmp_path, waits) as vault:
        vault._keys._patience_s = 0.01
        with pytest.raises(StorageError, match="did not answer"):
            await vault.reveal("work/api_key")
        answered.set()


async def test_secrets_cannot_be_swapped(tmp_path: Path) -> None:
    async with vault_in(tmp_path) as vault:
        await vault.keep("work/api_key", CANARY)
        await vault.keep("evil/api_key", "another")
        rows(
            tmp_path,
            "UPDATE secrets SET (nonce, sealed) = (SELECT nonce, sealed FROM secrets WHERE name = 'work/api_key')"
            " WHERE name = 'evil/api_key'",
        )
        with pytest.raises(StorageError, match="coterie keys set evil") as damaged:
            await vault.reveal("evil/api_key")
        assert damaged.value.code == "vault_damaged"
        assert await vault.reveal("work/api_key") == CANARY, "the others go on"
        await vault.keep("evil/api_key", "anew")
        assert await vault.reveal("evil/api_key") == "anew"


@pytest.mark.parametrize("left", [None, "{", '{"a": 1}', '{"KEY": "c2hvcnQ="}'], ids=["missing", "no JSON", "another key", "too short"])
async def test_a_lost_data_key_is_said_and_keys_can_be_set_anew(tmp_path: Path, left: str | None) -> None:
    async with vault_in(tmp_path) as vault:
        await vault.keep("work/api_key", CANARY)
    key_file = tmp_path / "vault.key"
    (key_id,) = json.loads(key_file.read_text(encoding="utf-8"))
    key_file.unlink()
    if left is not None:
        key_file.write_text(left.replace("KEY", key_id), encoding="utf-8")
        key_file.chmod(0o600)
    async with vault_in(tmp_path) as vault:
        with pytest.raises(StorageError) as lost:
            await vault.reveal("work/api_key")
        assert lost.value.code == "vault_key_lost"
        if left == "{":  # what cannot be understood is not overwritten either
            with pytest.raises(StorageError, match="move it away"):
                await vault.keep("work/api_key", "anew")
            assert key_file.read_text(encoding="utf-8") == left
            return
        await vault.keep("work/api_key", "anew")
        assert await vault.reveal("work/api_key") == "anew"


async def test_rotation_seals_everything_anew(tmp_path: Path) -> None:
    async with vault_in(tmp_path) as vault, vault_in(tmp_path) as other:
        for host in ("a", "b", "c"):
            await vault.keep(f"{host}/api_key", f"{CANARY}-{host}")
        assert await other.reveal("a/api_key") == f"{CANARY}-a"
        before = rows(tmp_path, "SELECT name, key_id, sealed FROM secrets")
        (old,) = json.loads((tmp_path / "vault.key").read_text(encoding="utf-8"))
        assert await vault.rotate() == 3
        after = rows(tmp_path, "SELECT name, key_id, sealed FROM secrets")
        assert not set(before) & set(after)
        (fresh,) = json.loads((tmp_path / "vault.key").read_text(encoding="utf-8"))
        assert fresh != old
        assert await other.reveal("b/api_key") == f"{CANARY}-b", "a process that knows the old data key finds the new one"
        await other.keep("d/api_key", "later")
        assert await vault.reveal("d/api_key") == "later"


async def test_a_rotation_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async with vault_in(tmp_path) as vault:
        await vault.keep("a/api_key", CANARY)
        await vault.keep("b/api_key", "damaged below")
        rows(tmp_path, "UPDATE secrets SET sealed = x'00' WHERE name = 'b/api_key'")
        keys = (tmp_path / "vault.key").read_bytes()
        with pytest.raises(StorageError, match="b/api_key"):
            await vault.rotate()
        assert (tmp_path / "vault.key").read_bytes() == keys
        assert await vault.reveal("a/api_key") == CANARY


async def test_two_processes_that_keep_their_first_secret_at_once_share_a_data_key(tmp_path: Path) -> None:
    async with vault_in(tmp_path) as one, vault_in(tmp_path) as other:
        await asyncio.gather(*(vault.keep(f"{number}/api_key", CANARY) for number, vault in enumerate((one, other) * 4)))
        for number in range(8):
            assert await one.reveal(f"{number}/api_key") == CANARY
        assert len(json.loads((tmp_path / "vault.key").read_text(encoding="utf-8"))) == 1


async def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    async with vault_in(tmp_path) as vault:
        await vault.keep("work/api_key", CANARY)
        await vault.forget("work/api_key")
        assert await vault.reveal("work/api_key") is None
        assert json.loads((tmp_path / "vault-names.json").read_text(encoding="utf-8")) == {}
        with pytest.raises(RequestError) as unknown:
            await vault.forget("work/api_key")
        assert unknown.value.code == "unknown_key"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
async def test_a_key_file_that_is_open_to_others_is_not_used_and_is_named(tmp_path: Path, mode: int) -> None:
    async with vault_in(tmp_path) as vault:
        await vault.keep("work/api", CANARY)
    file = tmp_path / "vault.key"
    file.chmod(mode)
    async with vault_in(tmp_path) as vault:
        for wanted in (vault.reveal("work/api"), vault.keep("other/api", CANARY), vault.rotate()):
            with pytest.raises(StorageError, match=f"mode {mode:o}.*chmod 600 {file}") as refused:
                await wanted
            assert refused.value.code == "vault_locked"
        file.chmod(0o600)
        assert await vault.reveal("work/api") == CANARY, "as soon as it is not"
