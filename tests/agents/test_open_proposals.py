"""What nobody has decided stays proposed: prompts that are closed, nobody there, runs that are stopped, resumed or undone. Real store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_stage import answering, calls, says
from coterie.agents.history import history_of
from coterie.domain.events import ApprovalEvent, ChangeEvent
from hunk_stage import AFTER, BEFORE, ONLY_FIRST, ONLY_SECOND, TWO_PLACES
from proposal_stage import BEFORE_MODE, MOVE, answer, output, question, resolution, reviewing, states


async def test_what_was_dismissed_stays_a_proposal(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (stage, person):
        await stage.begin("Change it")
        stage.approvals.dismiss((await question(stage)).approval_id)
        assert (await stage.ended()).state == "succeeded"
        assert (stage.text("a.txt"), await resolution(stage)) == (BEFORE, ("reject_once", "dismissed"))
        assert output(stage) == (
            "Denied: the person did not decide now. Go on without it. "
            "Nothing was changed in a.txt: the edit is still proposed to the person."
        )
        await person.decide("accepted", 0)
        assert stage.text("a.txt") == ONLY_FIRST


async def test_what_is_dismissed_after_some_was_decided_is_told_apart(tmp_path: Path) -> None:
    third = {"path": "a.txt", "edits": [*TWO_PLACES["edits"], {"old": "line 5", "new": "fifth"}]}
    async with reviewing(tmp_path, (calls(("edit_file", third)), says("Done."))) as (stage, person):
        await stage.begin("Change it")
        asked = await question(stage)
        await person.decide("accepted", 0)
        await person.decide("rejected", 1)
        stage.approvals.dismiss(asked.approval_id)
        assert (await stage.ended()).state == "succeeded"
        assert stage.text("a.txt") == ONLY_FIRST
        assert output(stage) == (
            "The person took a part of this edit.\n"
            "Rejected, and not in a.txt, line 5. Do not make this change again unless they ask for it:\n-line 5\n+fifth\n"
            "Denied: the person did not decide now. Go on without it. The rest of this edit is still proposed to the person.\n"
            "Not in a.txt, line 8:\n-line 8\n+eighth\n+and more"
        )


@pytest.mark.parametrize("policy", ["deny", "allow_list"])
async def test_nobody_there(tmp_path: Path, policy: str) -> None:
    settings = {**BEFORE_MODE, "permissions": {"policy_when_unattended": policy}}
    async with reviewing(tmp_path, settings=settings, can_answer=False) as (stage, person):
        run_id = await stage.begin("Change it")
        end = await stage.ended()
        assert stage.text("a.txt") == BEFORE
        assert states(stage) == ["proposed"] * 3
        if policy == "allow_list":
            assert end.state == "succeeded"
            assert output(stage).startswith("Denied: a person sees edits before they are made, and nobody is there. Nothing was changed")
            return
        assert (end.state, end.reason) == ("interrupted", "approval_required")
        await person.decide("accepted", 1)
        assert stage.text("a.txt") == ONLY_SECOND
        stage.listener.events.clear()
        stage.listener.can_answer = True
        await stage.runs.resume(run_id)
        asked = await question(stage)
        answer(stage, asked, "reject_once")
        assert (await stage.ended()).state == "succeeded"
        assert stage.text("a.txt") == ONLY_SECOND
        assert {change.change_id for change in stage.listener.of(ChangeEvent)} == set(asked.change_ids)
        assert "Rejected, and not in a.txt, line 2" in output(stage)


@pytest.mark.parametrize(
    ("call", "told"),
    [(("edit_file", TWO_PLACES), "Edited a.txt: 2 replacements."), (MOVE, "Moved a.txt to lib/b.txt.")],
    ids=["edit", "move"],
)
@pytest.mark.parametrize("when", ["while it was interrupted", "after it goes on"])
async def test_a_resumed_run_says_of_what_was_taken_what_it_would_have_said(
    tmp_path: Path, call: tuple[str, dict[str, Any]], told: str, when: str
) -> None:
    async with reviewing(tmp_path, (calls(call), says("Done.")), can_answer=False) as (stage, person):
        run_id = await stage.begin("Change it")
        assert (await stage.ended()).state == "interrupted"
        if when == "while it was interrupted":
            await person.decide("accepted", 0, 1)
        stage.listener.events.clear()
        stage.listener.can_answer = True
        await stage.runs.resume(run_id)
        if when == "after it goes on":
            answer(stage, await question(stage), "allow_once")
        assert (await stage.ended()).state == "succeeded"
        assert output(stage) == told
        assert stage.text("lib/b.txt" if call is MOVE else "a.txt") == (BEFORE if call is MOVE else AFTER)
        if when == "while it was interrupted":
            assert (stage.listener.of(ChangeEvent), stage.listener.of(ApprovalEvent)) == ([], []), "not asked again"


@pytest.mark.parametrize("when", ["while it is asked about", "after the run"])
async def test_an_undo_of_what_was_taken_leaves_the_rest_proposed_and_listed(tmp_path: Path, when: str) -> None:
    async with reviewing(tmp_path) as (stage, person):
        run_id = await stage.begin("Change it")
        asked = await question(stage)
        await person.decide("accepted", 0)
        if when == "after the run":
            stage.approvals.dismiss(asked.approval_id)
            await stage.ended()
            assert (await stage.runs.undo(run_id)).restored == ("a.txt",)
        else:
            undone = await person.decide("undone", 0)
            assert undone.conflicts == ()
        assert stage.text("a.txt") == BEFORE
        assert states(stage) == ["proposed", "undone", "proposed"]
        assert [file.open for file in (await person.hunks.list()).files] == [1]
        await person.decide("accepted", 1)
        assert (stage.text("a.txt"), states(stage)) == (ONLY_SECOND, ["applied", "undone", "applied"])
        assert (await person.hunks.list()).files == ()
        if when == "after the run":
            assert (await stage.runs.undo(run_id)).restored == ("a.txt",)
            assert (stage.text("a.txt"), states(stage)) == (BEFORE, ["undone"] * 3)


@pytest.mark.parametrize("how", ["cancelled", "interrupted"])
async def test_a_run_that_is_stopped_leaves_its_proposal_to_the_person(tmp_path: Path, how: Any) -> None:
    async with reviewing(tmp_path) as (stage, person):
        run_id = await stage.begin("Change it")
        await question(stage)
        await stage.coordinator.stop(run_id, how)
        assert (await stage.ended()).state == how
        assert (stage.text("a.txt"), states(stage)) == (BEFORE, ["proposed"] * 3)
        await person.decide("accepted", 0)
        assert stage.text("a.txt") == ONLY_FIRST
        if how == "interrupted":
            stage.listener.events.clear()
            answering(stage, "allow_once")
            await stage.runs.resume(run_id)
            assert (await stage.ended()).state == "succeeded"
            assert stage.text("a.txt") == AFTER
        assert history_of(await stage.store.runs.read(run_id)).unresolved() == ()
        assert (await stage.runs.undo(run_id)).conflicts == ()
        assert stage.text("a.txt") == BEFORE
