"""The server dies at every record of a run whose commands change files, before and after it is written, and nothing of that is lost.

Whoever resumes the run, looks at it or undoes it has what the commands changed, and what a person wrote after the death is theirs.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent_stage import FakeSandbox, Stage, staged
from coterie.agents.history import History, history_of
from coterie.domain.edits import ChangeState
from hunk_stage import BEFORE, project
from mortal_journal import Death, MortalJournal, at_each, gone_on
from shell_stage import SETTINGS, files_of, really, running

LINES = ("sed -i s/line/row/ a.txt; cp a.txt b.txt", "sed -i s/row/line/ b.txt; rm a.txt; printf '\\000' > data")
"""Commands that can be begun again: where nobody knows whether one has run, the model is told so and goes on with the next."""
BEGUN = {"a.txt": BEFORE.encode()}
UNSEEN = "by the command cannot be told"


@asynccontextmanager
async def life(folder: Path, death: Death | None = None) -> AsyncIterator[tuple[Stage, MortalJournal]]:
    """Be a server."""
    journal = MortalJournal(death)
    if not (folder / "project").exists():
        project(folder / "project")
    sandbox, script = FakeSandbox(answer=really), {"chat": running(*LINES)}
    async with staged(folder / "home", folder / "project", script, sandbox=sandbox, settings=SETTINGS, wrap=journal.around) as stage:
        journal.heed(stage.listener)
        yield stage, journal


async def only_run(stage: Stage) -> tuple[str, History]:
    """Return the only run and what its journal says."""
    [row] = await stage.store.runs.rows()
    return row.run_id, history_of(await stage.store.runs.read(row.run_id))


def journalled(history: History) -> list[tuple[str, str | None, str | None]]:
    """Return the changes, which are there once each."""
    return [(edit.intent.path, edit.intent.before, edit.intent.after) for edit in history.edits.values() if edit.state == "applied"]


async def died(folder: Path, death: Death) -> Mapping[str, bytes]:
    """Live until a death; returns the files that it leaves."""
    async with life(folder, death) as (stage, journal):
        await journal.lived(stage.begin())
    return files_of(folder / "project")


async def appends(tmp_path: Path) -> MortalJournal:
    """Play the run without a death."""
    async with life(tmp_path / "whole") as (stage, journal):
        assert (await stage.play()).state == "succeeded"
        return journal


async def test_a_death_at_any_record_loses_nothing_of_what_commands_changed(tmp_path: Path) -> None:
    whole = await appends(tmp_path)

    async def check(death: Death) -> None:
        folder = tmp_path / f"{death.moment}-{death.at}"
        await died(folder, death)
        async with life(folder) as (stage, _):
            run_id = await gone_on(stage)
            _, history = await only_run(stage)
            assert history.pending == {}
            changes = journalled(history)
            assert len(changes) == len(set(changes))
            undone = await stage.runs.undo(run_id)
            assert {conflict.path for conflict in undone.conflicts} == set()
            assert files_of(stage.project).keys() - {left.path for left in undone.not_undoable} == BEGUN.keys()
            assert {path: text for path, text in files_of(stage.project).items() if path != "data"} == BEGUN

    await at_each(whole.telling_deaths(), check)


async def test_a_run_that_died_is_undone_without_going_on_and_shown_before(tmp_path: Path) -> None:
    whole = await appends(tmp_path)

    async def check(death: Death) -> None:
        folder = tmp_path / f"{death.moment}-{death.at}"
        left = await died(folder, death)
        async with life(folder) as (stage, _):
            run_id, _ = await only_run(stage)
            shown = {each.path for each in await stage.runs.diff(run_id)}
            assert shown == {path for path in {"a.txt", *left} if left.get(path) != BEGUN.get(path)}
            await stage.runs.undo(run_id)
            assert {path: text for path, text in files_of(stage.project).items() if path != "data"} == BEGUN

    await at_each([death for death in whole.telling_deaths() if death.at > 2], check)


@pytest.mark.parametrize("what", ["changed", "made"])
async def test_what_a_person_did_after_the_death_is_not_taken_back(tmp_path: Path, what: str) -> None:
    whole = await appends(tmp_path)
    ends = max(whole.announcing[:-1])  # the latest command ran, and nobody could say what it did
    await died(tmp_path, Death(ends + 1, "before"))
    mine = tmp_path / "project" / {"changed": "b.txt", "made": "d.txt"}[what]
    mine.write_text("mine\n", encoding="utf-8")
    later = time.time() + 60  # as somebody comes back later
    os.utime(mine, (later, later))
    left = files_of(tmp_path / "project")
    async with life(tmp_path) as (stage, _):
        run_id, _ = await only_run(stage)
        undone = await stage.runs.undo(run_id)
        [conflict] = [each for each in undone.conflicts if UNSEEN in each.reason]
        assert conflict.path == mine.name
        assert files_of(stage.project).get(mine.name) == left.get(mine.name)
        unsure: dict[str, ChangeState] = {change.path: change.state for change in (await stage.runs.get(run_id)).changes if change.unsure}
        assert unsure == {mine.name: "applied"}
