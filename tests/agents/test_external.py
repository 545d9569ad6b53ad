"""Somebody else's agent in one of our steps: it works in a copy, each of its calls is judged, and what it changed becomes our edits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent_scripts import BROKEN
from agent_stage import answering
from coterie.agents.external import WAYS_OUT
from coterie.agents.history import FINISHED_CALLS
from coterie.base.errors import ProviderError
from coterie.domain.events import (
    ChangeEvent,
    MessageDelta,
    MessageEvent,
    ToolCallEvent,
    UsageEvent,
    WarningEvent,
)
from coterie.domain.workspace_ports import Folder
from hunk_stage import Reviewer
from mortal_journal import Death, MortalJournal, at_each, gone_on
from several_hosts import Hosts
from worker_stage import FIXED, FakeWorker, runs, working, writes


async def test_what_it_wrote_is_edits_like_any_others(tmp_path: Path) -> None:
    worker = FakeWorker([writes("calc.py", FIXED), writes("new/notes.md", "Noted.\n")])
    async with working(tmp_path, worker) as stage:
        assert (await stage.play("Fix add")).state == "succeeded"
        assert (stage.text("calc.py"), stage.text("new/notes.md")) == (FIXED, "Noted.\n")
        assert {change.path: change.state for change in stage.listener.of(ChangeEvent)} == {"calc.py": "applied", "new/notes.md": "applied"}
        said = [message.text for message in stage.listener.of(MessageEvent) if message.role == "assistant" and not message.partial]
        assert said == ["Call 0. ", "Call 1. ", "The sign was wrong."]
        assert stage.listener.of(UsageEvent)[-1].output == 5
    (job,) = worker.jobs
    assert job.folder != str(tmp_path / "project")
    assert not Path(job.folder).exists(), "its copy is gone"
    assert job.prompt.endswith("Fix add")
    assert "edit_file" not in job.instructions, "our own prompt is not for it"


async def test_it_is_led_to_no_folder_of_which_it_has_no_copy(tmp_path: Path) -> None:
    worker = FakeWorker()
    other = tmp_path / "other"
    other.mkdir()
    async with working(tmp_path, worker) as stage:
        stage.workspace.set_folders([*stage.workspace.folders, Folder(uri=other.as_uri(), name="other", absolute=str(other))])
        assert (await stage.play("Fix add")).state == "succeeded"
    (job,) = worker.jobs
    assert '<folder name="project">' in job.prompt
    assert str(other) not in job.prompt


@pytest.mark.parametrize("window", [6_000, None], ids=["small", "not known"])
async def test_of_rules_and_notes_it_gets_what_its_window_has_room_for(tmp_path: Path, window: int | None) -> None:
    worker = FakeWorker()
    async with working(tmp_path, worker, model=Hosts(windows={} if window is None else {"first": window})) as stage:
        (stage.project / "AGENTS.md").write_text("Use tabs.\n" * 1_500, encoding="utf-8")
        (stage.project / ".coterie").mkdir()
        (stage.project / ".coterie" / "memory.md").write_text("- 2026-01-31: It is a calculator.\n" * 200, encoding="utf-8")
        assert (await stage.play("Fix add")).state == "succeeded"
        warned = [event.text for event in stage.listener.of(WarningEvent) if "has room for" in event.text]
    (job,) = worker.jobs
    assert "Use tabs." in job.instructions
    assert "It is a calculator." in job.instructions
    if window is None:
        assert (len(job.instructions) > 20_000, warned) == (True, [])
    else:
        assert len(job.instructions) / 4 < window / 3, "the third that rules and notes may have"
        assert len(warned) == 1


async def test_what_a_person_has_left_out_is_not_told_to_it_either(tmp_path: Path) -> None:
    worker = FakeWorker()
    async with working(tmp_path, worker) as stage:
        await stage.play("Fix canary")
        channel = stage.listener.events[0].channel_id
        assert channel is not None
        view = await stage.inspector.inspect(channel_id=channel)
        await stage.inspector.drop(channel, next(each.piece_id for each in view.pieces if each.source == "person"))
        stage.listener.events.clear()
        await stage.play("Again", channel_id=channel)
    assert "canary" in worker.jobs[0].prompt
    assert "The sign was wrong." in str(worker.jobs[1].prior)
    assert "canary" not in str(worker.jobs[1].prior)


async def test_one_for_which_a_conversation_is_too_long_says_what_would_help(tmp_path: Path) -> None:
    worker = FakeWorker(failure=ProviderError("Too long.", kind="context_overflow"))
    async with working(tmp_path, worker) as stage:
        end = await stage.play("Fix add")
    assert (end.reason, end.text) == ("context_overflow", f"Too long. {WAYS_OUT}")


async def test_in_the_team_its_changes_are_the_patch(tmp_path: Path) -> None:
    worker = FakeWorker([writes("calc.py", FIXED)])
    async with working(tmp_path, worker, agent="coder") as stage:
        answering(stage, "approve", "allow_once")
        end = await stage.play("Fix add", workflow="team")
        assert end.state == "succeeded", end.text
        history = await stage.coordinator.history(stage.listener.events[0].run_id or "")
    patch = history.latest("patch") or {}
    assert [file["path"] for file in patch["files"]] == ["calc.py"]
    assert patch["summary"] == "The sign was wrong."


async def test_each_call_is_judged_and_a_command_is_asked_for_though_ours_would_not_be(tmp_path: Path) -> None:
    worker = FakeWorker([runs("pytest -q"), writes("/etc/passwd", "x"), ("Unheard", {}, lambda _: None)])
    rules = {"allow": ["exec(pytest *)"], "deny": ["write(/etc/**)"]}
    async with working(tmp_path, worker, permissions=rules) as stage:
        await stage.begin("Fix add")
        question = await stage.asked()
        assert [effect.rule for effect in question.effects] == ["exec(pytest -q)"]
        stage.approvals.answer(question.approval_id, "reject_once")
        assert (await stage.ended()).state == "succeeded"
        states = {call.tool: call.state for call in stage.listener.of(ToolCallEvent)}
    assert states == {"Bash": "denied", "Write": "denied", "Unheard": "denied"}
    assert all(why.startswith("Denied") for why in worker.refusals)


async def test_what_a_command_wrote_is_judged_when_it_is_taken_over(tmp_path: Path) -> None:
    sneaky = runs("make", lambda folder: [(folder / name).write_text("x = 1\n") for name in ("fine.py", "forbidden.py")])
    async with working(tmp_path, FakeWorker([sneaky]), permissions={"deny": ["write(forbidden.py)"]}) as stage:
        answering(stage, "allow_once")
        assert (await stage.play("Make it")).state == "succeeded"
        assert (stage.text("fine.py"), stage.text("forbidden.py")) == ("x = 1\n", None)
        (warning,) = [each for each in stage.listener.of(WarningEvent) if each.code == "not_imported"]
    assert "forbidden.py" in warning.text


async def test_it_sees_unsaved_text_and_no_secrets(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".env").write_text("KEY=canary")
    (tmp_path / "project" / "calc.py").write_text(BROKEN)
    seen: dict[str, str] = {}
    look = runs("ls", lambda folder: seen.update({path.name: path.read_text() for path in folder.iterdir()}))
    async with working(tmp_path, FakeWorker([look])) as stage:
        answering(stage, "allow_once")
        stage.workspace.documents.did_open((stage.project / "calc.py").as_uri(), 1, "# not saved\n", "python")
        assert (await stage.play("Look")).state == "succeeded"
        assert stage.text("calc.py") == BROKEN
    assert seen == {"calc.py": "# not saved\n"}


async def test_what_is_said_meanwhile_it_hears_at_the_end_of_its_turn(tmp_path: Path) -> None:
    worker = FakeWorker(hold=asyncio.Event())
    async with working(tmp_path, worker) as stage:
        run_id = await stage.begin("Fix add")
        await stage.listener.until(lambda event: isinstance(event, MessageDelta))
        await stage.coordinator.steer(run_id, "Be quick")
        assert worker.hold is not None
        worker.hold.set()
        assert (await stage.ended()).state == "succeeded"
    assert worker.heard == ["Be quick"]


async def test_what_was_rejected_it_hears_with_the_next_words(tmp_path: Path) -> None:
    worker = FakeWorker([writes("calc.py", FIXED)])
    async with working(tmp_path, worker) as stage:
        await stage.play("Fix add")
        await Reviewer(stage).decide("rejected", 0)
        assert stage.text("calc.py") == BROKEN
        channel_id = stage.listener.events[0].channel_id
        for _ in range(2):
            stage.listener.events.clear()
            worker.calls = ()
            await stage.play("And now?", channel_id=channel_id)
    assert ["Rejected, and not in calc.py any more" in job.prompt for job in worker.jobs] == [False, True, False]


@pytest.mark.parametrize("how", ["interrupted", "failed"])
async def test_it_goes_on_in_its_copy_and_its_session(how: str, tmp_path: Path) -> None:
    failure = ProviderError("Overloaded.", kind="transient") if how == "failed" else None
    worker = FakeWorker([writes("calc.py", FIXED)], hold=None if failure else asyncio.Event(), failure=failure)
    async with working(tmp_path, worker) as stage:
        run_id = await stage.begin("Fix add")
        if how == "interrupted":
            await stage.listener.until(lambda event: isinstance(event, MessageDelta) and event.text == "Let me think")
            await stage.coordinator.stop(run_id, "interrupted")
        assert (await stage.ended()).state == how
        assert stage.text("calc.py") == BROKEN
    assert worker.interrupted == 1
    worker.failure = None
    async with working(tmp_path, worker) as stage:
        await stage.runs.resume(run_id)
        assert (await stage.ended()).state == "succeeded"
        assert stage.text("calc.py") == FIXED
    first, second = worker.jobs
    assert (first.session, second.session) == (None, "session-1")
    assert first.folder == second.folder
    assert second.prompt.startswith("You were interrupted")


async def test_a_death_at_any_record_changes_nothing_of_the_end(tmp_path: Path) -> None:
    async def lived(folder: Path, death: Death | None = None) -> MortalJournal:
        folder.mkdir()
        worker = FakeWorker([writes("calc.py", FIXED), writes("notes.md", "Noted.\n")])
        journal = MortalJournal(death)
        async with working(folder, worker, wrap=journal.around) as stage:
            journal.heed(stage.listener)
            await journal.lived(stage.begin("Fix add"))
        async with working(folder, worker) as stage:
            history = await stage.coordinator.history(await gone_on(stage))
            assert (stage.text("calc.py"), stage.text("notes.md")) == (FIXED, "Noted.\n")
        assert history.unresolved() == ()
        edits = [(edit.intent.path, edit.intent.after) for edit in history.edits.values() if edit.state == "applied"]
        assert len(edits) == len(set(edits)) == 2, "each edit happened once"
        assert [call for call in history.calls.values() if call.state not in FINISHED_CALLS] == []
        return journal

    async def check(death: Death) -> None:
        await lived(tmp_path / f"{death.moment}-{death.at}", death)

    whole = await lived(tmp_path / "whole")
    assert whole.appends > 20, "there was something to die at"
    await at_each(whole.deaths(), check)
