"""Caches that cannot be read as they were written: they are built again, and nothing that is sound is taken for damaged."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.domain.retrieval import Question
from coterie.index import disposable, folder
from coterie.index.disposable import DamagedCacheError
from coterie.index.folder import FolderIndex, cache_file

Write = Callable[[str, str], None]


def rank(index: FolderIndex, query: str, limit: int) -> list[str]:
    return [found.path for found in index.ask(Question(text=query, limit=limit))]


@pytest.mark.parametrize(
    "damage",
    [
        lambda cache: cache.write_bytes(b"no database at all" * 100),
        lambda cache: cache.write_bytes(cache.read_bytes()[:5_000] + b"\0" * 40_000),
        lambda cache: cache.write_bytes(b""),
        lambda cache: sqlite3.connect(cache).execute("PRAGMA user_version = 999").connection.close(),
        lambda cache: sqlite3.connect(cache).execute("DROP TABLE term").connection.close(),
        lambda cache: cache.write_bytes(cache.read_bytes().replace(b"CREATE TABLE change", b"CREATE TABL\xff change")),
        lambda cache: sqlite3.connect(cache, isolation_level=None).execute("UPDATE file SET path = CAST(x'ff' AS TEXT)").connection.close(),
        lambda cache: sqlite3.connect(cache, isolation_level=None).execute("DELETE FROM change").connection.close(),
        lambda cache: sqlite3.connect(cache, isolation_level=None).execute("UPDATE file SET length = 'many'").connection.close(),
        lambda cache: (
            sqlite3.connect(cache, isolation_level=None).execute("UPDATE term SET postings = x'FFFFFFFFFFFFFFFF'").connection.close()
        ),
    ],
    ids=["garbage", "torn", "empty", "other version", "table gone", "no SQL", "no text", "no number", "words for numbers", "nobody's id"],
)
def test_a_damaged_cache_is_built_again(write: Write, project: Path, caches: Path, damage: Callable[[Path], None]) -> None:
    write("a.py", "sockets = 1\n")
    first = FolderIndex(str(project), caches)
    first.refresh()
    first.close()
    kept = cache_file(caches, str(project))
    before = kept.read_bytes()
    damage(kept)
    assert kept.read_bytes() != before
    again = FolderIndex(str(project), caches)
    try:
        again.refresh()
        assert rank(again, "sockets", 5) == ["a.py"]
    finally:
        again.close()


def test_what_a_new_cache_does_not_mend_has_none_built_for_each_question(
    write: Write, index: FolderIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.py", "sockets = 1\n")
    index.refresh()
    built: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(folder, "gather", lambda *_: dict[str, int]()["a defect"])
        patched.setattr(index._cache, "discard", lambda: built.append(1))
        for _ in range(3):
            with pytest.raises(DamagedCacheError, match="a defect"):
                rank(index, "sockets", 5)
    assert len(built) == 1
    assert rank(index, "sockets", 5) == ["a.py"]


def test_a_cache_that_somebody_keeps_to_himself_is_not_taken_for_damaged(
    project: Path, caches: Path, monkeypatch: pytest.MonkeyPatch, index: FolderIndex
) -> None:
    index.refresh()
    monkeypatch.setattr(disposable, "_BUSY_S", 0.0)
    kept = cache_file(caches, str(project))
    other = sqlite3.connect(kept, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TimeoutError, match="another process"):
            FolderIndex(str(project), caches)
        assert kept.stat().st_ino == index._cache._database._inode
    finally:
        other.close()
