"""The index on disk: one SQLite file a project folder, in Coterie's cache folder.

A row a file, and for each term its `postings` in one blob. That is a full-text index whose fields can be weighed by `rank`; SQLite's own
tells a score and not how it came about.

`disposable` opens such a file, keeps it whole and begins it anew where it is damaged. Blocks; `build` writes, `snapshot` and `folder` read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from coterie.index.disposable import DisposableDatabase
from coterie.index.facts import FileFacts
from coterie.index.known import KnownFile, PastCommit, Stamp
from coterie.index.postings import PostingChanges, packed, unpacked
from coterie.index.symbols import Symbol

VERSION = 6
"""Raised whenever the tables or what is written into them change.

Changes are counted on from the clock, so that those of a cache that is built again come after those of the one before.
"""
_TABLES = """
CREATE TABLE file (
    id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL, length INTEGER NOT NULL, imports TEXT NOT NULL, change INTEGER NOT NULL, terms TEXT NOT NULL
);
CREATE INDEX file_by_change ON file (change);
CREATE TABLE change (number INTEGER NOT NULL);
INSERT INTO change VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER));
CREATE TABLE symbol (
    file INTEGER NOT NULL REFERENCES file (id) ON DELETE CASCADE,
    name TEXT NOT NULL, kind TEXT NOT NULL, line INTEGER NOT NULL, end_line INTEGER NOT NULL
);
CREATE INDEX symbol_of_file ON symbol (file);
CREATE INDEX symbol_by_name ON symbol (name COLLATE NOCASE);
CREATE TABLE term (term TEXT PRIMARY KEY, postings BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE past (sha TEXT PRIMARY KEY, said TEXT NOT NULL, paths TEXT NOT NULL) WITHOUT ROWID;
"""


class Cache:
    """An open index file. Used from one thread; every look-up and change is within `reading` or `writing`.

    Raises `TimeoutError` where other processes keep the file to themselves for long, `OSError` where it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._database = DisposableDatabase(path, _TABLES, VERSION)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def discard(self) -> None:
        """Begin with nothing."""
        self._database.discard()

    def reading(self) -> AbstractContextManager[None]:
        """Let all look-ups within see the same state."""
        return self._database.transaction("BEGIN")

    def writing(self) -> AbstractContextManager[None]:
        """Make all changes within one."""
        return self._database.transaction("BEGIN IMMEDIATE")

    def state(self) -> int:
        """Return a number that a larger one replaces whenever any process has changed files, or has begun anew."""
        (number,) = self._database.execute("SELECT number FROM change").fetchone()
        return int(number)

    def files(self, path: str | None = None, *, since: int = -1) -> list[KnownFile]:
        """Return all files, or the one at ``path``; those whose ``change`` is above ``since``."""
        where, values = ("change > ?", (since,)) if path is None else ("path = ? AND change > ?", (path, since))
        columns = "id, path, length, size, mtime_ns, ctime_ns, digest, imports, change"
        rows = self._database.execute(f"SELECT {columns} FROM file WHERE {where} ORDER BY id", values)  # noqa: S608 - of our own words
        return [
            KnownFile(id, path, length, Stamp(size, mtime, ctime), digest, tuple(imports.split("\n")) if imports else (), change)
            for id, path, length, size, mtime, ctime, digest, imports, change in rows  # noqa: A001 - the column's name
        ]

    def ids(self) -> set[int]:
        """Return the ids of all files."""
        return {id for (id,) in self._database.execute("SELECT id FROM file")}  # noqa: A001 - the column's name

    def postings(self, term: str) -> Sequence[int]:
        """Return where a term stands, as `coterie.index.postings` says."""
        row = self._database.execute("SELECT postings FROM term WHERE term = ?", (term,)).fetchone()
        return unpacked(b"" if row is None else row[0])

    def symbols(self, file: int, is_wanted: Callable[[str], bool] = lambda _name: True) -> tuple[Symbol, ...]:
        """Return what a file defines under names that are wanted, by line: in the order in which they were written."""
        rows = self._database.execute("SELECT name, kind, line, end_line FROM symbol WHERE file = ? ORDER BY rowid", (file,))
        return tuple([Symbol(*row) for row in rows if is_wanted(row[0])])

    def definitions(self, name: str, limit: int, *, besides: Sequence[str] = ()) -> list[tuple[str, Symbol]]:
        """Return the paths and definitions whose names hold ``name``, without regard to ASCII case; the shortest first.

        The files ``besides`` are left out.
        """
        pattern = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        rows = self._database.execute(
            "SELECT path, name, kind, line, end_line FROM symbol JOIN file ON file = file.id WHERE name LIKE ? ESCAPE '\\' "  # noqa: S608 - of our own words
            f"AND path NOT IN ({', '.join('?' * len(besides))}) ORDER BY length(name), name, path, line LIMIT ?",
            (f"%{pattern}%", *besides, limit),
        )
        return [(path, Symbol(*row)) for path, *row in rows]

    def touch(self, known: KnownFile, stamp: Stamp) -> None:
        """Keep the stamp of a file whose content is the same."""
        self._database.execute(
            "UPDATE file SET size = ?, mtime_ns = ?, ctime_ns = ? WHERE id = ?", (stamp.size, stamp.mtime_ns, stamp.ctime_ns, known.id)
        )

    def put(self, files: Mapping[str, tuple[Stamp, FileFacts]], gone: Sequence[int]) -> None:
        """Take in files that are new or have changed, and take out others; within `writing`."""
        if not files and not gone:
            return
        changes = PostingChanges()
        (number,) = self._database.execute("UPDATE change SET number = number + 1 RETURNING number").fetchone()
        for path, (stamp, facts) in files.items():
            row = self._database.execute("SELECT id, terms FROM file WHERE path = ?", (path,)).fetchone()
            file = self._write(path, stamp, facts, None if row is None else row[0], number)
            changes.note(file, {} if row is None else json.loads(row[1]), facts.terms)
        for file in gone:
            row = self._database.execute("SELECT terms FROM file WHERE id = ?", (file,)).fetchone()
            if row is not None:
                self._database.execute("DELETE FROM file WHERE id = ?", (file,))
                changes.note(file, json.loads(row[0]), {})
        self._merge(changes)

    def shas(self) -> set[str]:
        """Return the names of the commits that are known."""
        return {sha for (sha,) in self._database.execute("SELECT sha FROM past")}

    def commits(self, shas: Iterable[str]) -> dict[str, PastCommit]:
        """Return those of these commits that are known."""
        rows = self._database.execute("SELECT sha, said, paths FROM past")
        known = {sha: (said, paths) for sha, said, paths in rows}
        return {sha: PastCommit(tuple(known[sha][0].split()), tuple(known[sha][1].split("\n"))) for sha in shas if sha in known}

    def add_commits(self, commits: Mapping[str, PastCommit]) -> None:
        """Keep commits; within `writing`."""
        self._database.executemany(
            "INSERT OR REPLACE INTO past VALUES (?, ?, ?)",
            ((sha, " ".join(commit.said), "\n".join(commit.paths)) for sha, commit in commits.items()),
        )

    def _write(self, path: str, stamp: Stamp, facts: FileFacts, known: int | None, change: int) -> int:
        cursor = self._database.execute(
            "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET size = excluded.size, "
            "mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, digest = excluded.digest, length = excluded.length, "
            "imports = excluded.imports, change = excluded.change, terms = excluded.terms RETURNING id",
            (
                known,
                path,
                stamp.size,
                stamp.mtime_ns,
                stamp.ctime_ns,
                facts.digest,
                facts.length,
                "\n".join(facts.imports),
                change,
                json.dumps(facts.terms),
            ),
        )
        (file,) = cursor.fetchone()
        if known is not None:
            self._database.execute("DELETE FROM symbol WHERE file = ?", (known,))
        self._database.executemany(
            "INSERT INTO symbol VALUES (?, ?, ?, ?, ?)",
            ((file, symbol.name, symbol.kind, symbol.line, symbol.end_line) for symbol in facts.symbols),
        )
        return int(file)

    def _merge(self, changes: PostingChanges) -> None:
        is_new = self._database.execute("SELECT 1 FROM term LIMIT 1").fetchone() is None
        rows = [(term, packed(changes.after(term, () if is_new else self.postings(term)))) for term in changes.terms()]
        self._database.executemany("INSERT OR REPLACE INTO term VALUES (?, ?)", rows)
