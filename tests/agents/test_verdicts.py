"""What a person decides about single hunks: the file, the journal, and what can still be undone. Real store and workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent_stage import Stage, Turn, answering, calls, says, staged
from coterie.base.errors import RequestError
from coterie.domain.edits import HunkVerdict
from coterie.domain.reviews import HunkChoice
from hunk_stage import AFTER, BEFORE, EDITS, ONLY_FIRST, ONLY_SECOND, Reviewer, project


@asynccontextmanager
async def ran(tmp_path: Path, turns: Sequence[Turn] = EDITS) -> AsyncIterator[tuple[Stage, Reviewer]]:
    """Let a run have ended that made these turns."""
    folder = tmp_path / "project"
    async with staged(tmp_path / "home", folder if folder.exists() else project(folder), {"chat": turns}) as stage:
        answering(stage, "allow_once")
        assert (await stage.play("Change it")).state == "succeeded"
        yield stage, Reviewer(stage)


async def diff(stage: Stage, run_id: str) -> list[str]:
    """Return what the run changed in all, as the lines that are more and less."""
    files = await stage.runs.diff(run_id)
    return [line for file in files for line in file.diff.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


@pytest.mark.parametrize(
    ("verdict", "places", "left", "states"),
    [
        ("rejected", [0], ONLY_SECOND, [("rejected", "rejected"), ("applied", "open")]),
        ("rejected", [1], ONLY_FIRST, [("applied", "open"), ("rejected", "rejected")]),
        ("rejected", [0, 1], BEFORE, [("rejected", "rejected"), ("rejected", "rejected")]),
        ("accepted", [0], AFTER, [("applied", "accepted"), ("applied", "open")]),
        ("accepted", [], AFTER, [("applied", "accepted"), ("applied", "accepted")]),
        ("rejected", [], BEFORE, [("rejected", "rejected"), ("rejected", "rejected")]),
    ],
)
async def test_a_verdict_changes_exactly_its_hunks(
    tmp_path: Path, verdict: HunkVerdict, places: list[int], left: str, states: list[tuple[str, str]]
) -> None:
    async with ran(tmp_path) as (stage, person):
        result = await person.decide(verdict, *places)
        assert stage.text("a.txt") == left
        [change] = result.changes
        assert [(hunk.state, hunk.review) for hunk in change.hunks] == states
        assert (change.state, result.conflicts) == ("rejected" if left == BEFORE else "applied", ())
        told = stage.listener.events[-1].event
        assert told.kind == "change", "every client is told"
        assert told.hunks == change.hunks
        assert (await stage.runs.undo(result.run_id)).conflicts == ()
        assert stage.text("a.txt") == BEFORE


async def test_the_diff_of_a_run_is_what_is_left_of_it(tmp_path: Path) -> None:
    async with ran(tmp_path) as (stage, person):
        run_id = await person.run_id()
        await person.decide("rejected", 0)
        assert await diff(stage, run_id) == ["-line 8", "+eighth", "+and more"]
        await person.decide("rejected", 1)
        assert await diff(stage, run_id) == []


async def test_the_lines_of_the_other_hunks_follow(tmp_path: Path) -> None:
    text = BEFORE.replace("line 2", "one\ntwo\nthree").replace("line 8", "eighth")
    async with ran(tmp_path, (calls(("write_file", {"path": "a.txt", "content": text})), says("Done."))) as (_, person):
        assert [hunk.new_start for hunk in await person.all()] == [2, 10]
        await person.decide("rejected", 0)
        assert [hunk.new_start for hunk in await person.all()] == [2, 8]


async def test_what_the_person_wrote_since_stays_and_a_conflict_is_told_and_can_be_tried_again(tmp_path: Path) -> None:
    async with ran(tmp_path) as (stage, person):
        mine = AFTER.replace("second", "second, as I say").replace("line 5", "my line")
        (stage.project / "a.txt").write_text(mine, encoding="utf-8")
        result = await person.decide("rejected")
        assert stage.text("a.txt") == mine.replace("eighth\nand more", "line 8"), "what can be had is done"
        [conflict] = result.conflicts
        assert (conflict.path, conflict.uri) == ("a.txt", (stage.project / "a.txt").as_uri())
        assert conflict.reason
        assert [hunk.review for hunk in await person.all()] == ["open", "rejected"]
        (stage.project / "a.txt").write_text(ONLY_FIRST, encoding="utf-8")
        assert (await person.decide("rejected", 0)).conflicts == ()
        assert stage.text("a.txt") == BEFORE


@pytest.mark.parametrize(("first", "second"), [("accepted", "rejected"), ("rejected", "accepted")])
async def test_the_first_verdict_counts_and_the_same_again_is_no_error(tmp_path: Path, first: HunkVerdict, second: HunkVerdict) -> None:
    async with ran(tmp_path) as (stage, person):
        done = await person.decide(first, 0)
        assert await person.decide(first, 0) == done
        with pytest.raises(RequestError) as refused:
            await person.decide(second, 0)
        assert refused.value.code == "already_resolved"
        assert stage.text("a.txt") == (AFTER if first == "accepted" else ONLY_SECOND)
        assert [hunk.review for hunk in await person.all()] == [first, "open"]


async def test_what_was_accepted_can_still_be_undone_by_hunk_and_by_step(tmp_path: Path) -> None:
    async with ran(tmp_path) as (stage, person):
        run_id = await person.run_id()
        await person.decide("accepted")
        [first, _] = await person.all()
        assert (await stage.runs.undo(run_id, scope="hunk", ids=[first.hunk_id])).restored == ("a.txt",)
        assert stage.text("a.txt") == ONLY_SECOND
        [step] = {hunk.step_id for hunk in await person.all()}
        assert (await stage.runs.undo(run_id, scope="step", ids=[str(step)])).restored == ("a.txt",)
        assert stage.text("a.txt") == BEFORE
        assert [hunk.state for hunk in await person.all()] == ["undone", "undone"]
        for scope in ("hunk", "step"):
            with pytest.raises(RequestError, match="nothing-of-it"):
                await stage.runs.undo(run_id, scope=scope, ids=["nothing-of-it"])


async def test_each_change_of_a_file_can_be_taken_out_from_between_the_others(tmp_path: Path) -> None:
    turns = [
        calls(("edit_file", {"path": "a.txt", "edits": [{"old": f"line {number}", "new": f"changed {number}"}]})) for number in (2, 5, 8)
    ]
    async with ran(tmp_path, (*turns, says("Done."))) as (stage, person):
        run_id = await person.run_id()
        await person.decide("rejected", 1)
        left = BEFORE.replace("line 2", "changed 2").replace("line 8", "changed 8")
        assert stage.text("a.txt") == left
        assert await diff(stage, run_id) == ["-line 2", "+changed 2", "-line 8", "+changed 8"]
        await person.decide("rejected", 0)
        assert await diff(stage, run_id) == ["-line 8", "+changed 8"]
        assert (await stage.runs.undo(run_id)).conflicts == ()
        assert stage.text("a.txt") == BEFORE


@pytest.mark.parametrize(
    ("call", "before", "after"),
    [
        (("write_file", {"path": "new.txt", "content": "new\n"}), None, "new\n"),
        (("write_file", {"path": "empty.txt", "content": ""}), None, ""),
        (("delete_file", {"path": "a.txt"}), BEFORE, None),
    ],
    ids=["made", "made empty", "deleted"],
)
async def test_a_file_that_came_or_went_is_one_hunk(tmp_path: Path, call: tuple[str, dict[str, str]], before: str, after: str) -> None:
    async with ran(tmp_path, (calls(call), says("Done."))) as (stage, person):
        path = call[1]["path"]
        assert stage.text(path) == after
        assert len(await person.all()) == 1
        await person.decide("rejected", 0)
        assert stage.text(path) == before
        assert await diff(stage, await person.run_id()) == []


MOVE = ("move_file", {"path": "a.txt", "to": "lib/b.txt"})


@pytest.mark.parametrize("half", [0, 1])
async def test_the_halves_of_a_move_go_together(tmp_path: Path, half: int) -> None:
    async with ran(tmp_path, (calls(MOVE), says("Done."))) as (stage, person):
        await person.decide("rejected", half)
        assert (stage.text("a.txt"), stage.text("lib/b.txt")) == (BEFORE, None)
        assert {hunk.review for hunk in await person.all()} == {"rejected"}


async def test_a_move_whose_file_was_edited_since_stays_whole(tmp_path: Path) -> None:
    async with ran(tmp_path, (calls(MOVE), says("Done."))) as (stage, person):
        (stage.project / "lib" / "b.txt").write_text(BEFORE + "mine\n", encoding="utf-8")
        assert (await person.decide("rejected", 0)).conflicts
        assert (stage.text("a.txt"), stage.text("lib/b.txt")) == (None, BEFORE + "mine\n")
        assert {hunk.review for hunk in await person.all()} == {"open"}


async def test_a_hunk_is_found_in_the_file_that_the_run_has_moved_since_and_all_of_it_can_be_undone(tmp_path: Path) -> None:
    async with ran(tmp_path, (EDITS[0], calls(MOVE), says("Done."))) as (stage, person):
        run_id = await person.run_id()
        assert (await person.decide("rejected", 0)).conflicts == ()
        assert (stage.text("a.txt"), stage.text("lib/b.txt")) == (None, ONLY_SECOND)
        assert (await stage.runs.undo(run_id)).conflicts == ()
        assert (stage.text("a.txt"), stage.text("lib/b.txt")) == (BEFORE, None)


async def test_a_file_that_the_person_has_deleted_is_a_conflict_and_can_be_accepted(tmp_path: Path) -> None:
    async with ran(tmp_path) as (stage, person):
        (stage.project / "a.txt").unlink()
        assert [conflict.path for conflict in (await person.decide("rejected", 0)).conflicts] == ["a.txt"]
        assert stage.text("a.txt") is None
        await person.decide("accepted", 0)
        assert [hunk.review for hunk in await person.all()] == ["accepted", "open"]


async def test_ids_that_are_not_there_are_refused_and_a_hunk_finds_its_run(tmp_path: Path) -> None:
    async with ran(tmp_path) as (stage, person):
        for run_id, choice, code in [
            ("nothing", HunkChoice(verdict="accepted"), "unknown_run"),
            (await person.run_id(), HunkChoice(hunk_ids=("h",), verdict="rejected"), "unknown_hunk"),
            (await person.run_id(), HunkChoice(change_ids=("c",), verdict="rejected"), "unknown_change"),
            (None, HunkChoice(hunk_ids=("h",), verdict="rejected"), "unknown_hunk"),
            (None, HunkChoice(verdict="rejected"), "invalid_params"),
        ]:
            with pytest.raises(RequestError) as refused:
                await person.hunks.decide(choice, run_id)
            assert refused.value.code == code
        [_, second] = await person.all()
        assert (await person.hunks.decide(HunkChoice(hunk_ids=(second.hunk_id,), verdict="rejected"))).run_id == await person.run_id()
        assert stage.text("a.txt") == ONLY_FIRST


async def test_the_next_server_knows_what_was_decided_and_goes_on(tmp_path: Path) -> None:
    async with ran(tmp_path) as (_, person):
        await person.decide("rejected", 0)
        before = await person.all()
    async with staged(tmp_path / "home", tmp_path / "project", {}) as stage:
        person = Reviewer(stage)
        assert await person.all() == before
        [file] = (await person.hunks.list()).files
        assert (file.path, file.open, len(file.changes)) == ("a.txt", 1, 1)
        assert (await person.hunks.list(folder=stage.project.as_uri())).files == (file,)
        assert (await person.hunks.list(folder="file:///elsewhere")).files == ()
        await person.decide("rejected")
        assert stage.text("a.txt") == BEFORE
        assert (await person.hunks.list()).files == ()
        assert (await person.hunks.list(run_id=await person.run_id())).files == ()


async def test_a_buffer_of_an_editor_that_is_gone_is_a_conflict(tmp_path: Path) -> None:
    async with ran(tmp_path) as (stage, person):
        uri = (stage.project / "a.txt").as_uri()
        stage.workspace.documents.did_open(uri, 1, AFTER + "unsaved\n", "plaintext")
        result = await person.decide("rejected", 0)
        assert [conflict.reason for conflict in result.conflicts] == ["it is open in an editor that cannot be reached"]
        assert stage.text("a.txt") == AFTER
        assert [hunk.review for hunk in await person.all()] == ["open", "open"]
