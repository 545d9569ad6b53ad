"""What doctor sees of a database that is sound, damaged, newer, or in somebody's hands; and that looking changes nothing."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from coterie.storage.examination import examine
from coterie.storage.schema import MIGRATIONS
from coterie.storage.store import FILE, Store

StartServer = Callable[[str, str], Awaitable[asyncio.subprocess.Process]]


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()


def overwrite_the_last_page(path: Path) -> None:
    """Damage what nothing reads by itself."""
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(make_newer, "newer Coterie", id="newer"),
        pytest.param(overwrite_the_last_page, "damaged", id="a damaged page"),
        pytest.param(lambda path: path.write_bytes(b"not a database" * 1000), "no database", id="no database"),
    ],
)
async def test_a_database_that_cannot_be_used(store: Store, tmp_path: Path, spoil: Callable[[Path], object], words: str) -> None:
    await store.channels.list()
    await store.aclose()
    spoil(tmp_path / FILE)
    before = (tmp_path / FILE).read_bytes()
    found = examine(tmp_path)
    assert found.problem is not None
    assert words in found.problem
    assert (tmp_path / FILE).read_bytes() == before


def test_no_database_is_made(tmp_path: Path) -> None:
    found = examine(tmp_path)
    assert (found.path, found.schema_version, found.problem) == (tmp_path / FILE, None, None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_none_can_be_made_in(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = examine(tmp_path / "file" / "home" / "data")
    assert found.problem is not None
    assert f"(Not a directory: {tmp_path / 'file'})" in found.problem
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


async def test_whose_runs_and_who_writes(store: Store, tmp_path: Path, start_server: StartServer) -> None:
    await store.channels.list()
    idle = await start_server("run_of_one", "idle")
    found = examine(tmp_path)
    assert (found.schema_version, found.problem, found.servers, found.writer) == (len(MIGRATIONS), None, (idle.pid,), None)
    assert found.size > 0
    writing = await start_server("run_of_two", "inside")
    found = examine(tmp_path)
    assert (found.servers, found.writer, found.problem) == ((idle.pid, writing.pid), writing.pid, None)
    writing.kill()
    await writing.wait()
    assert (examine(tmp_path).servers, examine(tmp_path).writer) == ((idle.pid,), None)
