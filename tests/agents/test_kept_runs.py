"""Runs that are not live, on the real store: who owns one, and that nobody keeps what cannot be read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coterie.agents.kept_runs import KeptRuns
from coterie.app.hub import Hub
from coterie.base.errors import RequestError, UnreadableRunError
from coterie.base.ids import now
from coterie.domain.events import RunEvent
from coterie.domain.runs import RunRequest, RunRow
from coterie.storage.store import FILE, Store

ROW = RunRow(
    run_id="run", channel_id="c", request=RunRequest(prompt="Mend it"), workflow=None, agent="chat", state="running", started_at=now()
)


async def ended(store: Store) -> KeptRuns:
    """Let a run have ended."""
    kept = KeptRuns(store.runs, Hub(), lambda _: None)
    await kept.create(ROW)
    run = kept.new(ROW)
    await run.event(RunEvent(state="succeeded"), durable=True)
    await kept.release("run")
    return kept


def owner(home: Path) -> str | None:
    """Return which server owns the run."""
    with closing(sqlite3.connect(home / FILE)) as connection:
        (owner_id,) = connection.execute("SELECT owner_id FROM runs").fetchone()
        return None if owner_id is None else str(owner_id)


async def test_a_run_is_owned_while_it_is_borrowed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = await ended(store)
    assert owner(tmp_path) is None
    async with kept.borrowed("run") as run:
        assert run.history.state.state == "succeeded"
        assert owner(tmp_path) is not None
    assert owner(tmp_path) is None
    with pytest.raises(RequestError) as refused:
        await kept.row("another")
    assert refused.value.code == "unknown_run"
    await store.aclose()


async def test_a_run_that_cannot_be_read_is_left_to_the_server_that_can(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = await ended(store)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        unknown = '{"kind":"of_a_later_version"}'
        connection.execute("INSERT INTO entries (run_id, seq, at, record) VALUES ('run', 99, ?, ?)", (now(), unknown))
    with pytest.raises(UnreadableRunError):
        await kept.claim(await kept.row("run"))
    assert owner(tmp_path) is None
    await store.aclose()
