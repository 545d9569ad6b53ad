"""The server dies at every record of a run that goes on with another model, and the run goes on to the same end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from agent_scripts import EDIT, FIXED, project
from agent_stage import Stage, calls, says, staged
from coterie.agents.history import history_of
from coterie.base.errors import ProviderError, StorageError
from coterie.domain.events import ENDED, RunEvent
from coterie.domain.messages import TextDelta
from coterie.domain.store_ports import RunStore
from mortal_journal import Moment, MortalJournal
from several_hosts import Hosts

DOWN = ProviderError("`first/model` is down.", kind="transient", status=503)
SETTINGS = {"fallbacks": ["second/model"], "retry": {"attempts": 2, "base_ms": 1, "max_ms": 1}}


def server(folder: Path, wrap: Callable[[RunStore], RunStore] = lambda store: store) -> AbstractAsyncContextManager[Stage]:
    """Return the next server, which knows nothing of the failures that the one before has seen."""
    hosts = Hosts(calls(("edit_file", EDIT)), says("Mended."), plays={"first": (TextDelta("I begin"), DOWN)})
    return staged(folder / "home", folder / "project", {}, model=hosts, settings=SETTINGS, wrap=wrap)


async def lived(folder: Path, at: int | None, moment: Moment) -> MortalJournal:
    """Run, die, and go on in the next server; check what has become of it."""
    project(folder / "project")
    journals: list[MortalJournal] = []

    def mortal(store: RunStore) -> RunStore:
        journals.append(MortalJournal(store, at, moment))
        return journals[0]

    async with server(folder, mortal) as stage:

        def heed(event: Any) -> None:
            if isinstance(event.event, RunEvent) and event.event.state in ENDED:
                journals[0].over.set()

        stage.listener.on_event = heed
        with contextlib.suppress(StorageError):
            await stage.begin()
        async with asyncio.timeout(60):
            await journals[0].over.wait()
    async with server(folder) as stage:
        [row] = await stage.store.runs.rows()
        if row.state != "succeeded":
            await stage.runs.resume(row.run_id)
            assert (await stage.ended()).state == "succeeded"
        history = history_of(await stage.store.runs.read(row.run_id))
        assert history.unanswered == {}, "every attempt has an end"
        assert [(step.state, step.model) for step in history.step_views] == [("succeeded", "second/model")]
        assert len([edit for edit in history.edits.values() if edit.state == "applied"]) == 1
        assert stage.text("calc.py") == FIXED
    return journals[0]


async def test_a_death_at_any_record_of_a_fallback_changes_nothing_of_the_end(tmp_path: Path) -> None:
    """Before each record, and after each that announces something: after any other there is what there is before the next."""
    whole = await lived(tmp_path / "whole", None, "after")
    points: list[tuple[int, Moment]] = [(at, "before") for at in range(2, whole.appends + 1)]
    points += [(at, "after") for at in whole.announcing]
    assert len(whole.announcing) >= 5, "each attempt, and the edit"
    some = asyncio.Semaphore(4)  # at a time, because each waits for the disk

    async def check(at: int, moment: Moment) -> None:
        async with some:
            try:
                await lived(tmp_path / f"{moment}-{at}", at, moment)
            except Exception as failure:
                failure.add_note(f"died {moment} append {at}")
                raise

    await asyncio.gather(*(check(at, moment) for at, moment in points))
