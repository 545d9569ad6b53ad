"""Edits that are shown first, of others than a chat's own agent: the team's, and somebody else's that works in a copy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent_scripts import BROKEN, FIXED, TEAM, project, suite
from agent_stage import Stage, answering, calls, staged
from coterie.domain.events import AgentEvent, ApprovalEvent, ChangeEvent, ToolCallEvent
from hunk_stage import Reviewer, words
from worker_stage import FakeWorker, runs, working, writes

BEFORE_MODE: dict[str, Any] = {"mode": "before"}
TWO = [writes("calc.py", FIXED), writes("new/notes.md", "Noted.\n")]


@asynccontextmanager
async def team(tmp_path: Path, **scripts: Any) -> AsyncIterator[Stage]:
    """Be a server whose team's edits are shown first."""
    folder = project(tmp_path / "project")
    settings = {"review": BEFORE_MODE}
    async with staged(tmp_path / "home", folder, {**TEAM, **scripts}, sandbox=suite(folder), settings=settings) as stage:
        yield stage


def imported(stage: Stage) -> ToolCallEvent:
    """Return the last word of the taking over."""
    last: ToolCallEvent = [call for call in stage.listener.of(ToolCallEvent) if call.tool == "import_changes"][-1]
    return last


async def test_a_team_asks_for_its_plan_and_for_each_edit_and_the_patch_is_what_was_taken(tmp_path: Path) -> None:
    async with team(tmp_path) as stage:
        asked: list[tuple[str, int]] = []

        def answer(event: AgentEvent) -> None:
            if isinstance(event.event, ApprovalEvent) and event.event.state == "pending":
                kinds = {"reject_once"} if "README" in event.event.title else {"approve", "allow_once"}
                asked.append((event.event.title, len(event.event.change_ids)))
                stage.approvals.answer(event.event.approval_id, next(each.option_id for each in event.event.options if each.kind in kinds))

        stage.listener.on_event = answer
        end = await stage.play("Fix add", workflow="team")
        assert end.state == "succeeded", end.text
        assert asked[0] == ("Approve the plan?", 0)
        assert [title for title, changes in asked if changes] == ["edit_file calc.py", "write_file README.md"]
        assert (stage.text("calc.py"), stage.text("README.md")) == (FIXED, None)
        history = await stage.coordinator.history(stage.listener.events[0].run_id or "")
        assert [file["path"] for file in (history.latest("patch") or {})["files"]] == ["calc.py"]
        assert (history.latest("docs") or {})["files"] == []
        heard = [text for request in stage.model.heard("reviewer") for text in words(request)]
        assert not any("The person has reviewed" in text for text in heard), "what was taken is an edit like any other"


async def test_what_a_role_may_not_write_is_no_question(tmp_path: Path) -> None:
    strays = (calls(("write_file", {"path": "calc.py", "content": FIXED})), calls(("submit", {"summary": "Nothing to say."})))
    async with team(tmp_path, documenter=strays) as stage:
        answering(stage, "approve", "allow_once")
        assert (await stage.play("Fix add", workflow="team")).state == "succeeded"
        assert len(stage.listener.of(ChangeEvent)) == 2, "the coder's edit alone, proposed and applied"


async def test_what_an_external_agent_changed_is_one_question_of_all_files(tmp_path: Path) -> None:
    worker = FakeWorker(TWO)
    async with working(tmp_path, worker, review=BEFORE_MODE) as stage:
        person = Reviewer(stage)
        await stage.begin("Fix add")
        asked = await stage.asked()
        assert (stage.text("calc.py"), stage.text("new/notes.md")) == (BROKEN, None)
        assert (asked.title, len(asked.change_ids)) == ("Take over 2 changed files", 2)
        assert [effect.rule for effect in asked.effects] == ["write(calc.py)", "write(new/notes.md)"]
        await person.decide("rejected", 1)
        stage.approvals.answer(asked.approval_id, "allow_once")
        assert (await stage.ended()).state == "succeeded"
        assert (stage.text("calc.py"), stage.text("new/notes.md")) == (FIXED, None)
        assert imported(stage).state == "succeeded", "what a person rejects is nothing left to do"
    assert worker.refusals == [], "what it writes in its copy needs nobody"
    assert not Path(worker.jobs[0].folder).exists()


async def test_what_rules_ask_for_is_asked_once_where_it_happens_and_shown_when_it_comes(tmp_path: Path) -> None:
    sneaky = runs("make", lambda folder: (folder / "calc.py").write_text(FIXED))
    rules = {"ask": ["write(calc.py)"], "allow": ["exec(make)"]}
    async with working(tmp_path, FakeWorker([sneaky]), permissions=rules) as stage:
        asked: list[ApprovalEvent] = []

        def answer(event: AgentEvent) -> None:
            if isinstance(event.event, ApprovalEvent) and event.event.state == "pending":
                asked.append(event.event)
                stage.approvals.answer(event.event.approval_id, "allow_once")

        stage.listener.on_event = answer
        assert (await stage.play("Fix add")).state == "succeeded"
        assert [(each.title, len(each.change_ids)) for each in asked] == [("Bash make", 0), ("Take over calc.py", 1)]
        assert stage.text("calc.py") == FIXED


async def test_an_external_agent_that_is_resumed_proposes_nothing_twice(tmp_path: Path) -> None:
    async with working(tmp_path, FakeWorker(TWO), review=BEFORE_MODE) as stage:
        stage.listener.can_answer = False
        run_id = await stage.begin("Fix add")
        assert (await stage.ended()).state == "interrupted"
        person = Reviewer(stage)
        assert [hunk.state for hunk in await person.all()] == ["proposed", "proposed"]
        await person.decide("accepted", 1)
        stage.listener.events.clear()
        stage.listener.can_answer = True
        answering(stage, "allow_once")
        await stage.runs.resume(run_id)
        assert (await stage.ended()).state == "succeeded"
        assert [hunk.state for hunk in await person.all()] == ["applied", "applied"]
        assert (stage.text("calc.py"), stage.text("new/notes.md")) == (FIXED, "Noted.\n")
        assert (await stage.runs.undo(run_id)).conflicts == ()
        assert (stage.text("calc.py"), stage.text("new/notes.md")) == (BROKEN, None)
