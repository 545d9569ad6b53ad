"""What a database that cannot be used says, that it is used again once it can be, and that nothing is opened early."""

import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from coterie.base.errors import StorageError
from coterie.domain.edits import digest_of
from coterie.domain.records import Record
from coterie.domain.wire import adapter
from coterie.storage.database import Database
from coterie.storage.mounts import network_type
from coterie.storage.schema import MIGRATIONS
from coterie.storage.store import Store

MOUNTINFO = r"""22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:21 / /home rw - nfs4 server:/home rw,vers=4.2
24 23 0:22 / /home/me/local\040disk rw shared:7 master:1 - ext4 /dev/sdb rw
25 22 0:23 / /mnt/over rw - ext4 /dev/sdc rw
26 22 0:24 / /mnt/over rw - fuse.sshfs me@far: rw
a line that is none
"""


def nothing(connection: sqlite3.Connection) -> None:
    """Only open the file."""


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (make_newer, "storage_newer", "newer Coterie"),
        (lambda path: path.write_bytes(b"not a database" * 1000), "storage_damaged", "Move it away"),
        (lambda path: path.mkdir(), "storage_unwritable", "COTERIE_HOME"),
    ],
    ids=["newer", "damaged", "a folder"],
)
async def test_a_file_that_cannot_be_used_is_left_alone_and_said_so(
    tmp_path: Path, spoil: Callable[[Path], object], code: str, words: str
) -> None:
    path = tmp_path / "coterie.db"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    database = Database(path)
    for _ in range(2):
        with pytest.raises(StorageError, match=words) as raised:
            await database.run(nothing)
        assert raised.value.code == code
        assert str(path) in raised.value.message
    assert (path.read_bytes() if path.is_file() else None) == before
    await database.aclose()


WORDS = {10: "1b9c34ae49c1"}
"""A digest of what records of the journal may say in fields that take certain words alone, by the number of the schema."""


def words_of_records() -> set[str]:
    """Return those words, each with its class and field."""
    classes = adapter(Record).json_schema()["$defs"]
    return {
        f"{name}.{field} {word}"
        for name, of in classes.items()
        for field, takes in of.get("properties", {}).items()
        for each in (takes, *takes.get("anyOf", ()))
        for word in (each.get("const"), *each.get("enum", ()))
        if word is not None
    }


def test_what_records_may_say_changes_with_the_schema_alone() -> None:
    words = words_of_records()
    assert {"EditOutcome.state proposed", "RevokedRecord.kind revoked"} < words
    why = "else a server of the version before would start on this file, and could not read a journal that says so"
    assert {len(MIGRATIONS): digest_of("\n".join(sorted(words)))[:12]} == WORDS, why


@pytest.mark.parametrize("statement", [statement for migration in MIGRATIONS for statement in migration])
def test_a_migration_only_adds_so_that_a_server_of_the_version_before_can_go_on(statement: str) -> None:
    """The rest of it is the fixture ``store``, whose columns a later version has added."""
    column = re.fullmatch(r"ALTER TABLE \w+ ADD COLUMN (.*)", statement)
    if column is None:
        assert re.match(r"CREATE (TABLE|INDEX|VIEW|TRIGGER) ", statement)
    else:
        assert "NOT NULL" not in column[1] or "DEFAULT" in column[1]


async def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    store = Store(tmp_path / "home" / "data")
    with pytest.raises(StorageError, match="COTERIE_HOME"):
        await store.channels.list()
    (tmp_path / "home").unlink()
    assert await store.channels.list() == (), "works as soon as it can"
    await store.aclose()


async def test_a_database_that_became_read_only_says_so(tmp_path: Path) -> None:
    database = Database(tmp_path / "coterie.db")
    await database.run(lambda connection: connection.execute("PRAGMA query_only = ON"))
    with pytest.raises(StorageError, match="writable") as raised:
        await database.write(lambda connection: connection.execute("INSERT INTO texts VALUES ('d', 'x')"))
    assert raised.value.code == "storage_unwritable"
    await database.aclose()


async def test_a_full_disk_loses_nothing_that_was_written_and_is_got_over(tmp_path: Path) -> None:
    database = Database(tmp_path / "coterie.db")

    def fill(connection: sqlite3.Connection) -> None:
        for number in range(100):
            connection.execute("INSERT INTO texts VALUES (?, ?)", (f"big {number}", bytes(100_000)))

    def digests(connection: sqlite3.Connection) -> list[str]:
        return [digest for (digest,) in connection.execute("SELECT digest FROM texts")]

    await database.write(lambda connection: connection.execute("INSERT INTO texts VALUES ('before', 'x')"))
    await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 200").fetchall())
    with pytest.raises(StorageError, match="disk is full") as raised:
        await database.write(fill, durable=True)
    assert raised.value.code == "storage_full"
    assert await database.run(digests) == ["before"]
    await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchall())
    await database.write(fill)
    assert len(await database.run(digests)) == 101
    await database.aclose()


async def test_a_database_that_stays_locked_says_so_and_not_for_ever(tmp_path: Path) -> None:
    database, other = Database(tmp_path / "coterie.db", busy_timeout_s=0), Database(tmp_path / "coterie.db")
    await database.run(nothing)
    await other.run(lambda connection: connection.execute("BEGIN IMMEDIATE"))
    with pytest.raises(StorageError, match="another program") as raised:
        await database.write(nothing)
    assert raised.value.code == "storage_busy"
    await other.run(lambda connection: connection.execute("ROLLBACK"))
    await database.write(nothing)
    await database.aclose()
    await other.aclose()


async def test_a_network_file_system_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - ext4 /dev/root rw\n2 1 0:2 / {tmp_path.resolve()} rw - nfs far:/ rw\n")
    database = Database(tmp_path / "home" / "coterie.db", mounts=mounts)
    with pytest.raises(StorageError, match=r"network file system \(nfs\)"):
        await database.run(nothing)
    assert not (tmp_path / "home" / "coterie.db").exists()
    await database.aclose()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", None),
        ("/home/me", "nfs4"),
        ("/homes/me", None),
        ("/home/me/local disk/data", None),
        ("/mnt/over/x", "fuse.sshfs"),
    ],
)
def test_the_deepest_and_latest_mount_decides(folder: str, kind: str | None) -> None:
    assert network_type(PurePosixPath(folder), MOUNTINFO) == kind


async def test_the_file_is_private_and_logs_ahead(tmp_path: Path) -> None:
    database = Database(tmp_path / "home" / "coterie.db")
    assert await database.run(lambda connection: connection.execute("PRAGMA journal_mode").fetchone()) == ("wal",)
    assert database.path.stat().st_mode & 0o777 == 0o600
    assert database.path.parent.stat().st_mode & 0o777 == 0o700
    await database.aclose()


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
async def test_only_what_must_survive_a_power_cut_waits_for_the_disk(tmp_path: Path, *, durable: bool, level: int) -> None:
    database = Database(tmp_path / "coterie.db")
    for earlier in (durable, not durable):
        await database.write(nothing, durable=earlier)
        seen = await database.write(lambda connection: connection.execute("PRAGMA synchronous").fetchone(), durable=durable)
        assert seen == (level,)
    await database.aclose()


async def test_a_closed_store_refuses_and_leaves_no_thread(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert await store.channels.list() == ()
    await store.aclose()
    await store.aclose()
    with pytest.raises(StorageError, match="shutting down"):
        await store.channels.list()
    for thread in threading.enumerate():
        if thread.name.startswith("coterie-database"):
            thread.join(60)
            assert not thread.is_alive()


async def test_a_store_that_was_not_used_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    await store.aclose()
    assert list(tmp_path.iterdir()) == []


async def test_to_ask_for_runs_where_nothing_was_ever_kept_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    assert await store.runs.rows() == ()
    await store.aclose()
    assert list(tmp_path.iterdir()) == []


def test_importing_the_store_does_not_load_sqlite() -> None:
    probe = "import sys, coterie.storage.store, coterie.storage.journal; print('sqlite3' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_a_process_that_forgets_to_close_still_ends(tmp_path: Path) -> None:
    probe = "import asyncio, pathlib, sys; from coterie.storage.store import Store\n"
    probe += "asyncio.run(Store(pathlib.Path(sys.argv[1])).channels.list())"
    subprocess.run([sys.executable, "-c", probe, str(tmp_path)], check=True, timeout=60)


@pytest.mark.parametrize(
    "what", ["the folder is a file", "the folder's folder is a file", "the folder is a lost link", "the file is a lost link"]
)
async def test_a_place_that_cannot_hold_data_is_not_taken_for_one_where_nothing_was_kept(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "home" / "data"
    (tmp_path / "home").mkdir()
    match what:
        case "the folder is a file":
            folder.touch()
        case "the folder's folder is a file":
            (tmp_path / "home").rmdir()
            (tmp_path / "home").touch()
        case "the folder is a lost link":
            folder.symlink_to(tmp_path / "disk" / "data")
        case _:
            folder.mkdir()
            (folder / "coterie.db").symlink_to(tmp_path / "disk" / "coterie.db")
    database = Database(folder / "coterie.db")
    assert database.begun
    with pytest.raises(StorageError, match="Coterie cannot keep its data"):
        await database.run(nothing)
    await database.aclose()


async def test_nothing_was_kept_where_there_is_no_file_yet(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    assert [Database(folder / "coterie.db").begun for folder in (tmp_path, tmp_path / "later", tmp_path / "data")] == [False] * 3


async def test_that_the_file_cannot_be_used_is_told_once_and_so_is_that_it_can_be_again(tmp_path: Path) -> None:
    folder, told = tmp_path / "data", list[str | None]()
    database = Database(folder / "coterie.db")
    database.on_problem = lambda: told.append(None if database.problem is None else database.problem.code)
    folder.touch()
    for _ in range(2):
        with pytest.raises(StorageError):
            await database.run(nothing)
        assert told == ["storage_unwritable"], "before whoever asked hears of it"
    folder.unlink()
    for _ in range(2):
        await database.run(nothing)
        assert told == ["storage_unwritable", None]
    await database.aclose()


async def test_that_nothing_can_be_written_is_told_until_something_can_whatever_is_read_meanwhile(tmp_path: Path) -> None:
    database, told = Database(tmp_path / "coterie.db"), list[str | None]()
    database.on_problem = lambda: told.append(None if database.problem is None else database.problem.code)

    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO texts VALUES ('big', ?)", (bytes(10_000_000),))

    await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 200").fetchall())
    for _ in range(2):
        with pytest.raises(StorageError):
            await database.write(fill)
        await database.run(nothing)
        assert told == ["storage_full"]
    await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchall())
    await database.write(fill)
    assert told == ["storage_full", None]
    await database.aclose()
