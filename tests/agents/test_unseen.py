"""What recent runs have changed is shown for review until somebody accepts it, to every client and to the next server. Real store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from coterie.agents.coordinator import Coordinator
from coterie.agents.live_run import LiveRun
from coterie.agents.run_ports import Walk
from coterie.app.hub import Hub
from coterie.base.errors import UnreadableRunError
from coterie.base.ids import now
from coterie.domain.edits import Hunk
from coterie.domain.events import AgentEvent, ChangeEvent, RunEvent
from coterie.domain.records import Entry, EventRecord
from coterie.domain.reviews import HunkChoice
from coterie.domain.runs import RunRequest, RunRow
from coterie.features.changes import Changes
from coterie.features.hunks import HunkService
from coterie.features.unseen import Unseen
from coterie.storage.store import FILE, Store
from coterie.workspace.workspace import LiveWorkspace

HUNK = Hunk(hunk_id="h", old_start=1, old_lines=1, new_start=1, new_lines=1, old_text="a\n", new_text="b\n")
URI, OURS, THEIRS = "file:///w/a.py", "file:///w", "file:///other"
CHANGE = ChangeEvent(change_id="change", path="a.py", uri=URI, state="applied", hunks=(HUNK,))


class NoBase:
    """A home without files: nothing here changes any."""

    workspace = LiveWorkspace()

    async def assemble(self, run: LiveRun) -> Walk:
        """Nothing is run."""
        raise AssertionError(run)


@dataclass(frozen=True)
class Server:
    """What a server knows that has just begun, for a client with one folder."""

    changes: Changes
    hunks: HunkService
    unseen: Unseen

    async def accept(self, run_id: str | None = None) -> int:
        """Accept what is open."""
        changes, results = await self.hunks.decide_open("accepted", run_id=run_id)
        assert not any(result.conflicts for result in results)
        return len(changes)


def server(store: Store, *, ours: str = OURS) -> Server:
    """Begin a server."""
    hub = Hub()
    coordinator = Coordinator(store.runs, hub, lambda _: None)
    unseen = Unseen(store.runs, coordinator)
    hub.join(unseen)

    def concerns(folder: str | None) -> bool:
        return folder == ours

    changes = Changes(store.runs, coordinator, unseen, concerns)
    return Server(changes, HunkService(store.runs, coordinator, unseen, NoBase(), concerns), unseen)


async def had_run(store: Store, *, ended_at: str, change: ChangeEvent = CHANGE, run_id: str = "run") -> None:
    """Let a run have made one change."""
    request = RunRequest(prompt="Mend it", folder=OURS)
    await store.runs.create(
        RunRow(run_id=run_id, channel_id="c", request=request, workflow=None, agent="chat", state="running", started_at=ended_at)
    )
    events = (change, RunEvent(state="succeeded"))
    first = await store.runs.reserve(run_id, len(events))
    await store.runs.append(run_id, [Entry(number, ended_at, EventRecord(event=event)) for number, event in enumerate(events, first)])
    await store.runs.release(run_id)


@pytest.mark.parametrize(
    ("ended_at", "change", "folder", "offered"),
    [
        (now(), CHANGE, OURS, 1),
        ("2020-01-31T10:00:00.000Z", CHANGE, OURS, 0),
        (now(), replace(CHANGE, state="undone"), OURS, 0),
        (now(), CHANGE, THEIRS, 0),
    ],
    ids=["recent", "long ago", "taken back", "of another project"],
)
async def test_who_comes_later_is_shown_what_recent_runs_have_changed(
    tmp_path: Path, ended_at: str, change: ChangeEvent, folder: str, offered: int
) -> None:
    store = Store(tmp_path)
    await had_run(store, ended_at=ended_at, change=change)
    here = server(store)
    await here.unseen.look_back(lambda of: of == folder)
    assert len(here.changes.reviewable(URI, "b\n")) == offered
    await store.aclose()


async def test_who_reviews_is_told_of_a_change_that_it_may_be_somebody_elses_and_what_it_does(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await had_run(store, ended_at=now(), change=replace(CHANGE, unsure="It is older than the command.", what="made"))
    [file] = (await server(store).hunks.list()).files
    assert [(change.unsure, change.what) for change in file.changes] == [("It is older than the command.", "made")]
    await store.aclose()


async def test_a_run_that_a_newer_server_has_written_hides_no_other(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await had_run(store, ended_at=now())
    await had_run(store, ended_at=now(), run_id="newer", change=replace(CHANGE, change_id="later", hunks=(replace(HUNK, hunk_id="g"),)))
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        unknown = '{"kind":"of_a_later_version"}'
        connection.execute("INSERT INTO entries (run_id, seq, at, record) VALUES ('newer', 99, ?, ?)", (now(), unknown))
    here = server(store)
    assert [change.run_id for file in (await here.hunks.list()).files for change in file.changes] == ["run"]
    with pytest.raises(UnreadableRunError):
        await here.hunks.list(run_id="newer")
    decided = await here.hunks.decide(HunkChoice(hunk_ids=("h",), verdict="accepted"))
    assert decided.run_id == "run", "found by its hunk behind a run that cannot be read"
    await store.aclose()


async def test_what_is_accepted_stays_accepted_on_the_next_server(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await had_run(store, ended_at=now())
    here = server(store)
    told: list[None] = []
    here.changes.watch(lambda: told.append(None))
    await here.unseen.look_back(lambda _: True)
    assert (await here.accept("run"), len(told)) == (1, 1)
    assert here.changes.reviewable(URI, "b\n") == ()
    again = server(store)
    await again.unseen.look_back(lambda _: True)
    assert again.changes.reviewable(URI, "b\n") == ()
    await store.aclose()


async def test_accepting_all_is_about_the_clients_own_folders(tmp_path: Path) -> None:
    store = Store(tmp_path)
    here = server(store)
    here.unseen.tell(AgentEvent(seq=1, at=now(), run_id="run", folder=THEIRS, event=CHANGE))
    assert await here.accept() == 0
    assert len(here.changes.reviewable(URI, "b\n")) == 1
    here.unseen.tell(AgentEvent(seq=2, at=now(), run_id="run", folder=THEIRS, event=replace(CHANGE, state="undone")))
    assert here.changes.reviewable(URI, "b\n") == ()
    await store.aclose()
