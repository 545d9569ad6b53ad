"""The server dies at every record of a run that goes on with another model, and the run goes on to the same end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from agent_scripts import EDIT, FIXED, project
from agent_stage import Stage, calls, says, staged
from coterie.agents.history import history_of
from coterie.base.errors import ProviderError
from coterie.domain.messages import TextDelta
from coterie.domain.store_ports import RunStore
from mortal_journal import Death, MortalJournal, at_each, gone_on
from several_hosts import Hosts

DOWN = ProviderError("`first/model` is down.", kind="transient", status=503)
SETTINGS = {"fallbacks": ["second/model"], "retry": {"attempts": 2, "base_ms": 1, "max_ms": 1}}


def server(folder: Path, wrap: Callable[[RunStore], RunStore] = lambda store: store) -> AbstractAsyncContextManager[Stage]:
    """Return the next server, which knows nothing of the failures that the one before has seen."""
    hosts = Hosts(calls(("edit_file", EDIT)), says("Mended."), plays={"first": (TextDelta("I begin"), DOWN)})
    return staged(folder / "home", folder / "project", {}, model=hosts, settings=SETTINGS, wrap=wrap)


async def lived(folder: Path, death: Death | None = None) -> MortalJournal:
    """Run, die, and go on in the next server; check what has become of it."""
    project(folder / "project")
    journal = MortalJournal(death)
    async with server(folder, journal.around) as stage:
        journal.heed(stage.listener)
        await journal.lived(stage.begin())
    async with server(folder) as stage:
        history = history_of(await stage.store.runs.read(await gone_on(stage)))
        assert history.unanswered == {}, "every attempt has an end"
        assert [(step.state, step.model) for step in history.step_views] == [("succeeded", "second/model")]
        assert len([edit for edit in history.edits.values() if edit.state == "applied"]) == 1
        assert stage.text("calc.py") == FIXED
    return journal


async def test_a_death_at_any_record_of_a_fallback_changes_nothing_of_the_end(tmp_path: Path) -> None:
    whole = await lived(tmp_path / "whole")
    assert len(whole.announcing) >= 5, "each attempt, and the edit"

    async def check(death: Death) -> None:
        await lived(tmp_path / f"{death.moment}-{death.at}", death)

    await at_each(whole.telling_deaths(), check)
