"""The tables, as a list of migrations: the file's ``user_version`` says how many of them it has been through.

``database`` applies what is missing when it opens a file. A migration that has shipped is never edited; the next one is appended. It only
adds: a server of the version before may have the file open, for the editors that it has, and goes on with its runs; one that starts later
is refused. What the journal's records may say belongs to the schema, too: a kind of record or a state that is new needs a migration, or an
older server would begin on a file that it cannot read. One that goes on reads no run that says it (`UnreadableRunError`), and all others.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coterie.base.errors import StorageError

if TYPE_CHECKING:
    import sqlite3

_FIRST = (
    # A server that has runs of its own. It lives as long as it holds the lock on its file (see ``owner``).
    """CREATE TABLE owners (
        owner_id TEXT PRIMARY KEY,
        pid INTEGER NOT NULL,
        since TEXT NOT NULL
    )""",
    """CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL UNIQUE,
        channel_id TEXT NOT NULL,
        request TEXT NOT NULL,
        workflow TEXT,
        agent TEXT,
        state TEXT NOT NULL,
        reason TEXT,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        usage TEXT NOT NULL,
        next_seq INTEGER NOT NULL DEFAULT 1,
        owner_id TEXT REFERENCES owners ON DELETE SET NULL
    )""",
    "CREATE INDEX runs_by_channel ON runs (channel_id)",
    # Partial, so that the question which every reader asks first stays cheap however long the history grows.
    "CREATE INDEX runs_alive ON runs (owner_id) WHERE state IN ('queued', 'running', 'waiting')",
    "CREATE VIEW live_runs AS SELECT * FROM runs WHERE state IN ('queued', 'running', 'waiting')",
    """CREATE TABLE entries (
        run_id TEXT NOT NULL REFERENCES runs (run_id),
        seq INTEGER NOT NULL,
        at TEXT NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (run_id, seq)
    )""",
    # The journal is append-only for every program that ever opens the file, not only by this one's manners.
    "CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER entries_last BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    # Bytes, not TEXT: what comes back is what went in, with NULs and lone surrogates.
    "CREATE TABLE texts (digest TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
    """CREATE TABLE channels (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        channel_id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        folder TEXT NOT NULL,
        archived INTEGER NOT NULL,
        updated_at TEXT NOT NULL,
        agent TEXT,
        model TEXT
    )""",
    """CREATE TABLE messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        channel_id TEXT NOT NULL REFERENCES channels (channel_id),
        message_id TEXT NOT NULL,
        text TEXT NOT NULL,
        message TEXT NOT NULL,
        UNIQUE (channel_id, message_id)
    )""",
    # ``usd`` is decimal text: money is never a float, not even at rest.
    """CREATE TABLE calls (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        run_id TEXT NOT NULL,
        channel_id TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        agent TEXT NOT NULL,
        input INTEGER,
        cache_read INTEGER,
        cache_write INTEGER,
        output INTEGER,
        usd TEXT
    )""",
)
# Ghost text: calls of no run (their ``run_id`` and ``channel_id`` are empty), many a day, some of them counted by estimate.
_GHOST_TEXT = (
    "ALTER TABLE calls ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX calls_by_time ON calls (at)",
)
# The vault. A data key is only named here; it lies in a keyring or in a file (see ``data_key``).
_SECRETS = (
    """CREATE TABLE data_keys (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key_id TEXT NOT NULL UNIQUE,
        place TEXT NOT NULL,
        made_at TEXT NOT NULL
    )""",
    """CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        key_id TEXT NOT NULL REFERENCES data_keys (key_id) DEFERRABLE INITIALLY DEFERRED,
        nonce BLOB NOT NULL,
        sealed BLOB NOT NULL,
        updated_at TEXT NOT NULL
    ) WITHOUT ROWID""",
)
# Which attempts came to nothing, and which answers cost no call.
_OUTCOMES = ("ALTER TABLE calls ADD COLUMN outcome TEXT NOT NULL DEFAULT 'answered'",)
# Models that the person has marked.
_FAVOURITES = ("CREATE TABLE favourites (model_id TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID",)
# What people decided about the pieces of a conversation; the latest decision about a piece counts.
_CONTEXT_MARKS = (
    """CREATE TABLE context_marks (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        channel_id TEXT NOT NULL,
        target TEXT NOT NULL,
        kind TEXT NOT NULL,
        at TEXT NOT NULL
    )""",
    "CREATE INDEX context_marks_by_channel ON context_marks (channel_id)",
)
# Where a channel comes from that began with another one's story. The row outlives both: their runs stay, too.
_FORKS = ("CREATE TABLE channel_forks (channel_id TEXT PRIMARY KEY, origin TEXT NOT NULL, kept TEXT NOT NULL) WITHOUT ROWID",)
# Edits that are proposed before they are made, and grants that are revoked: records say what they did not, and grants are looked for. A
# record begins with its kind; to read each as JSON would cost every entry that is ever written.
_PROPOSALS = ("""CREATE INDEX entries_of_grants ON entries (run_id) WHERE substr(record, 1, 15) = '{"kind":"grant"'""",)
# What commands did to files: a kind of record, and no table.
_COMMAND_OUTCOMES: tuple[str, ...] = ()
# What of that was undone though no text tells it: another kind of record.
_SETTLED: tuple[str, ...] = ()
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _FIRST,
    _GHOST_TEXT,
    _SECRETS,
    _OUTCOMES,
    _FAVOURITES,
    _CONTEXT_MARKS,
    _FORKS,
    _PROPOSALS,
    _COMMAND_OUTCOMES,
    _SETTLED,
)


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """Return how many migrations the file has been through. Raises `StorageError` when a newer Coterie has made it."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StorageError(
            f"The file {path} was made by a newer Coterie (its schema is number {version}, this one knows {len(MIGRATIONS)}). "
            "Install the newest Coterie, or set COTERIE_HOME to another folder.",
            code="storage_newer",
        )
    return version


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a file of this version to the latest one."""
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
