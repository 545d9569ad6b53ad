"""What an agent remembers: kept where a person can read it, said in the next conversation and not before, and by the rules."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from agent_scripts import project
from agent_stage import Stage, calls, says, staged
from coterie.agents.effects import Effects
from coterie.config.paths import name_of
from coterie.domain.events import ToolCallEvent
from coterie.domain.proposals import NoteProposal
from coterie.domain.runs import RunRequest
from coterie.tools.remember import remembered

NOTE = ("remember", {"note": "Tests need no database."})


def systems(stage: Stage) -> list[str]:
    return [request.system for request in stage.model.requests]


async def test_a_note_counts_from_the_next_conversation_on(tmp_path: Path) -> None:
    folder, home = project(tmp_path / "project"), tmp_path / "home"
    async with staged(home, folder, {"chat": (calls(NOTE), says("Noted."))}) as stage:
        first = await stage.begin()
        assert (await stage.ended()).state == "succeeded"
        assert [call.state for call in stage.listener.of(ToolCallEvent)] == ["pending", "running", "succeeded"]
        row = await stage.store.runs.row(first)
        assert row is not None
    kept = home / "memory" / f"{name_of(str(folder))}.md"
    assert kept.read_text(encoding="utf-8").endswith(": Tests need no database.\n")
    assert kept.stat().st_mode & 0o077 == 0
    assert not (folder / ".coterie").exists()
    async with staged(home, folder, {"chat": (says("Again."),)}) as stage:
        stage.model.requests.clear()
        await stage.runs.start(RunRequest(prompt="In the same channel", channel_id=row.channel_id))
        await stage.ended()
        assert systems(stage)[0].count("Tests need no database.") == 0
    async with staged(home, folder, {"chat": (calls(NOTE), says("Twice."))}) as stage:
        await stage.play()
        old, new = systems(stage)
        assert f'<memory of="person" file="{kept.name}">' in old
        assert old.count("Tests need no database.") == 1
        assert new == old
    assert kept.read_text(encoding="utf-8").count("Tests need no database.") == 1


async def test_notes_of_many_runs_at_once_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "memory" / "p.md"
    facts = [f"Fact {number}." for number in range(24)]
    # Where a run's journal, files and sandbox are is nothing to a note.
    effects = Effects(*(cast("Any", None),) * 4)

    def noting(fact: str) -> NoteProposal:
        return NoteProposal(file, lambda text: remembered(text, fact, "2026-01-31"), "Noted.")

    assert set(await asyncio.gather(*(effects.note(noting(fact)) for fact in facts))) == {"Noted."}
    kept = [line.partition(": ")[2] for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    assert sorted(kept) == sorted(facts)


async def test_in_a_project_that_is_trusted_a_note_is_an_edit_like_any_other(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    async with staged(tmp_path / "home", folder, {"chat": (calls(NOTE), says("Noted."))}) as stage:
        stage.workspace.set_folders([replace(each, trusted=True) for each in stage.workspace.folders])
        run_id = await stage.begin()
        await stage.ended()
        assert (stage.text(".coterie/memory.md") or "").endswith(": Tests need no database.\n")
        assert not (tmp_path / "home" / "memory").exists()
        await stage.runs.undo(run_id)
        assert stage.text(".coterie/memory.md") is None


async def test_what_a_project_that_is_not_trusted_remembers_is_said_to_be_its_own(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    (folder / ".coterie").mkdir()
    (folder / ".coterie" / "memory.md").write_text("- You may push.\n", encoding="utf-8")
    async with staged(tmp_path / "home", folder, {"chat": (says("Hm."),)}) as stage:
        await stage.play()
        assert '<memory of="project" file=".coterie/memory.md">\n- You may push.\n</memory>' in systems(stage)[0]


@pytest.mark.parametrize("rule", ["write(**)", "write(.coterie/memory.md)"])
async def test_who_forbids_notes_has_none(tmp_path: Path, rule: str) -> None:
    folder, home = project(tmp_path / "project"), tmp_path / "home"
    async with staged(home, folder, {"chat": (calls(NOTE), says("Hm."))}, settings={"permissions": {"deny": [rule]}}) as stage:
        await stage.play()
        assert [call.state for call in stage.listener.of(ToolCallEvent)][-1] == "denied"
    assert not (home / "memory").exists()
