"""``[review] mode = "before"``: what is on disk, what a person decides, and what the model is told. Real store, workspace and tools."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agent_stage import answering, calls, says
from coterie.agents import edit_records
from coterie.agents.history import history_of
from coterie.base.errors import RequestError
from coterie.domain.edits import Refused
from coterie.domain.events import AgentEvent, ApprovalEvent, ChangeEvent, RunEvent, ToolCallEvent, WarningEvent
from hunk_stage import AFTER, BEFORE, EDITS, ONLY_FIRST, ONLY_SECOND, TWO_PLACES
from proposal_stage import BEFORE_MODE, MOVE, REJECTED, answer, output, question, resolution, reviewing, states


async def test_an_edit_is_a_proposal_until_it_is_allowed(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (stage, person):
        run_id = await stage.begin("Change it")
        asked = await question(stage)
        assert stage.text("a.txt") == BEFORE
        kinds = [event.event.kind for event in stage.listener.events]
        [change] = stage.listener.of(ChangeEvent)
        assert kinds.index("change") < kinds.index("approval")
        assert (asked.change_ids, change.state) == ((change.change_id,), "proposed")
        assert [(hunk.state, hunk.review) for hunk in change.hunks] == [("proposed", "open")] * 2
        assert [(option.label, option.kind, option.rule) for option in asked.options] == [
            ("Apply", "allow_once", None),
            ("Apply all edits of this run", "allow_run", "write(**)"),
            ("Apply all edits until restart", "allow_session", "write(**)"),
            ("Reject", "reject_once", None),
        ]
        assert [approval.change_ids for approval in stage.approvals.list()] == [asked.change_ids]
        assert (await stage.runs.get(run_id)).state == "waiting"
        answer(stage, asked, "allow_once")
        assert (await stage.ended()).state == "succeeded"
        assert stage.text("a.txt") == AFTER
        assert output(stage) == "Edited a.txt: 2 replacements."
        assert states(stage) == ["applied"] * 3
        [change] = (await stage.runs.get(run_id)).changes
        assert (change.change_id, change.state) == (asked.change_ids[0], "applied")
        assert await person.all() == list(change.hunks)
        assert (await stage.runs.undo(run_id)).conflicts == ()
        assert stage.text("a.txt") == BEFORE


@pytest.mark.parametrize(
    ("verdicts", "rest", "text", "decision"),
    [
        ([("accepted", 0), ("rejected", 1)], None, ONLY_FIRST, ("allow_once", "reviewed")),
        ([("rejected", 0), ("accepted", 1)], None, ONLY_SECOND, ("allow_once", "reviewed")),
        ([("rejected", 0), ("rejected", 1)], None, BEFORE, ("reject_once", "reviewed")),
        ([("accepted", 0), ("accepted", 1)], None, AFTER, ("allow_once", "reviewed")),
        ([("rejected", 0)], "allow_once", ONLY_SECOND, ("allow_once", None)),
        ([("accepted", 0)], "reject_once", ONLY_FIRST, ("reject_once", None)),
        ([], "reject_once", BEFORE, ("reject_once", None)),
    ],
)
async def test_hunks_are_decided_one_by_one_and_the_rest_by_the_answer(
    tmp_path: Path, verdicts: list[tuple[Any, int]], rest: str | None, text: str, decision: tuple[str, str | None]
) -> None:
    async with reviewing(tmp_path) as (stage, person):
        run_id = await stage.begin("Change it")
        asked = await question(stage)
        for verdict, place in verdicts:
            assert (await person.decide(verdict, place)).conflicts == ()
        if rest is not None:
            answer(stage, asked, rest)
        assert (await stage.ended()).state == "succeeded"
        assert stage.text("a.txt") == text
        assert await resolution(stage) == decision
        assert states(stage)[0] == ("rejected" if text == BEFORE else "applied")
        [call] = [event for event in stage.listener.of(ToolCallEvent) if event.state in {"succeeded", "failed", "denied"}]
        assert call.state == ("denied" if text == BEFORE else "succeeded")
        assert output(stage).count("second") == (text == ONLY_SECOND)
        assert output(stage).count("eighth") == (text == ONLY_FIRST)
        assert output(stage).count("[The person has reviewed") == 0, "the call's own result says it"
        if text == BEFORE:
            assert output(stage) == REJECTED
        assert (await stage.runs.undo(run_id)).conflicts == ()
        assert stage.text("a.txt") == BEFORE


@pytest.mark.parametrize(("kind", "runs"), [("allow_run", 1), ("allow_session", 0)])
async def test_who_wants_all_edits_sees_no_more_of_them_first(tmp_path: Path, kind: str, runs: int) -> None:
    more = calls(("write_file", {"path": "new.txt", "content": "new\n"}))
    third = calls(("write_file", {"path": "other.txt", "content": "x\n"}))
    async with reviewing(tmp_path, (EDITS[0], more, says("Done."), third, says("Done."))) as (stage, _):
        await stage.begin("Change it")
        answer(stage, await question(stage), kind)
        assert (await stage.ended()).state == "succeeded"
        assert (stage.text("a.txt"), stage.text("new.txt")) == (AFTER, "new\n")
        assert len(stage.listener.of(ApprovalEvent)) == 2
        # The scripted model counts its calls run by run: the next run plays from its beginning.
        stage.model.script = {"chat": (third, says("Done."))}
        stage.listener.events.clear()
        answering(stage, "reject_once")
        assert (await stage.play("And this")).state == "succeeded"
        assert len(stage.listener.of(ApprovalEvent)) == 2 * runs
        assert stage.text("other.txt") == (None if runs else "x\n")


@pytest.mark.parametrize(
    ("permissions", "kinds"),
    [
        ({"allow": ["write(**)"]}, ["allow_once", "allow_run", "allow_session", "reject_once"]),
        ({"ask": ["write(a.txt)"]}, ["allow_once", "allow_run", "allow_session", "reject_once"]),
    ],
)
async def test_rules_of_the_settings_do_not_say_that_nobody_wants_to_see(
    tmp_path: Path, permissions: Mapping[str, Any], kinds: list[str]
) -> None:
    async with reviewing(tmp_path, settings={**BEFORE_MODE, "permissions": permissions}) as (stage, _):
        answering(stage, "reject_once")
        assert (await stage.play("Change it")).state == "succeeded"
        asked = await question(stage)
        assert ([option.kind for option in asked.options], stage.text("a.txt")) == (kinds, BEFORE)
        assert (asked.options[1].rule == "write(**)") == ("allow" in permissions)


async def test_a_rule_that_asks_shows_what_it_asks_about(tmp_path: Path) -> None:
    async with reviewing(tmp_path, settings={"permissions": {"ask": ["write(a.txt)"]}}) as (stage, person):
        await stage.begin("Change it")
        asked = await question(stage)
        assert [option.rule for option in asked.options] == [None, "write(a.txt)", "write(a.txt)", None]
        assert len(asked.change_ids) == 1
        await person.decide("rejected", 0)
        answer(stage, asked, "allow_once")
        assert (await stage.ended()).state == "succeeded"
        assert stage.text("a.txt") == ONLY_SECOND


async def test_what_does_not_fit_is_told_only_to_who_may_edit(tmp_path: Path) -> None:
    wrong = calls(("edit_file", {"path": "a.txt", "edits": [{"old": "line 22", "new": "x"}]}))
    async with reviewing(tmp_path, (wrong, says("Done.")), {"permissions": {"ask": ["write(a.txt)"]}}) as (stage, _):
        answering(stage, "reject_once")
        assert (await stage.play("Change it")).state == "succeeded"
        assert "line 2" not in output(stage)
    async with reviewing(tmp_path / "other", (wrong, says("Done."))) as (stage, _):
        assert (await stage.play("Change it")).state == "succeeded"
        assert "old does not match in a.txt" in output(stage)
        assert stage.listener.of(ApprovalEvent) == []


async def test_a_denial_is_no_question(tmp_path: Path) -> None:
    async with reviewing(tmp_path, settings={**BEFORE_MODE, "permissions": {"deny": ["write(a.*)"]}}) as (stage, _):
        assert (await stage.play("Change it")).state == "succeeded"
        assert (stage.listener.of(ChangeEvent), stage.listener.of(ApprovalEvent)) == ([], [])
        assert output(stage).startswith("Denied: denied by write(a.*)")


@pytest.mark.parametrize(
    ("call", "paths", "told"),
    [
        (("write_file", {"path": "new.txt", "content": "new\n"}), {"new.txt": "new\n", "a.txt": BEFORE}, "Created new.txt."),
        (("write_file", {"path": "empty.txt", "content": ""}), {"empty.txt": "", "a.txt": BEFORE}, "Created empty.txt."),
        (("delete_file", {"path": "a.txt"}), {"a.txt": None}, "Deleted a.txt."),
        (MOVE, {"a.txt": None, "lib/b.txt": BEFORE}, "Moved a.txt to lib/b.txt."),
    ],
    ids=["made", "made empty", "deleted", "moved"],
)
@pytest.mark.parametrize("how", ["answer", "hunk", "reject", "reject hunk"])
async def test_a_file_that_comes_goes_or_moves_is_decided_as_one(
    tmp_path: Path, call: tuple[str, dict[str, str]], paths: Mapping[str, str | None], told: str, how: str
) -> None:
    async with reviewing(tmp_path, (calls(call), says("Done."))) as (stage, person):
        (stage.project / "a.txt").chmod(0o750)
        run_id = await stage.begin("Do it")
        asked = await question(stage)
        assert len(asked.change_ids) == (2 if call is MOVE else 1)
        kinds = {"deleted" if text is None else "made" for path, text in paths.items() if (path, text) != ("a.txt", BEFORE)}
        assert {change.what for change in stage.listener.of(ChangeEvent)} == kinds
        assert {change.what for file in (await person.hunks.list()).files for change in file.changes} == kinds
        assert (stage.text("a.txt"), [path for path in paths if path != "a.txt" and stage.text(path) is not None]) == (BEFORE, [])
        if how.endswith("hunk"):
            await person.decide("rejected" if "reject" in how else "accepted", 0)
        else:
            answer(stage, asked, "reject_once" if "reject" in how else "allow_once")
        assert (await stage.ended()).state == "succeeded"
        if "reject" in how:
            assert (stage.text("a.txt"), [path for path in paths if path != "a.txt" and stage.text(path) is not None]) == (BEFORE, [])
            assert output(stage).startswith("Denied: the person rejected this edit")
            return
        assert {path: stage.text(path) for path in paths} == paths
        assert output(stage) == told
        if call is MOVE:
            assert (stage.project / "lib" / "b.txt").stat().st_mode & 0o777 == 0o750
        assert (await stage.runs.undo(run_id)).conflicts == ()
        assert stage.text("a.txt") == BEFORE
        assert (stage.project / "a.txt").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("meanwhile", ["elsewhere", "the same line", "deleted", "made"])
async def test_what_the_person_does_meanwhile_is_theirs(tmp_path: Path, meanwhile: str) -> None:
    turn = calls(("write_file", {"path": "new.txt", "content": "new\n"})) if meanwhile == "made" else EDITS[0]
    async with reviewing(tmp_path, (turn, says("Done."))) as (stage, person):
        await stage.begin("Change it")
        asked = await question(stage)
        file = stage.project / ("new.txt" if meanwhile == "made" else "a.txt")
        mine = {"elsewhere": "my line\n" + BEFORE, "the same line": BEFORE.replace("line 2", "line two"), "made": "mine\n"}.get(meanwhile)
        if mine is None:
            file.unlink()
        else:
            file.write_text(mine, encoding="utf-8")
        answer(stage, asked, "allow_once")
        assert (await stage.ended()).state == "succeeded"
        left = stage.text(file.name)
        if meanwhile == "elsewhere":
            assert left == "my line\n" + AFTER
            assert output(stage) == "Edited a.txt: 2 replacements."
            return
        assert [event.code for event in stage.listener.of(WarningEvent)].count("edit_refused") == 1
        first, *_ = await person.all()
        assert first.review == "open", "it can be tried again"
        if meanwhile == "the same line":
            assert left == ONLY_SECOND.replace("line 2", "line two")
            assert output(stage) == (
                "Applied, but for what does not fit any more (a.txt: The same words were edited since). "
                "That is still proposed to the person.\nNot in a.txt, line 2:\n-line 2\n+second"
            )
            file.write_text(ONLY_SECOND, encoding="utf-8")
            await person.decide("accepted", 0)
            assert stage.text("a.txt") == AFTER
        else:
            assert left == mine
            assert "was not changed" in output(stage)
            assert "still proposed" in output(stage)


@pytest.mark.parametrize("when", ["while it is asked about", "when the new file is just made"])
async def test_a_move_whose_file_is_edited_meanwhile_makes_no_second_one(tmp_path: Path, when: str) -> None:
    async with reviewing(tmp_path, (calls(MOVE), says("Done."))) as (stage, _):
        mine = BEFORE + "mine\n"

        def write(event: AgentEvent | None = None) -> None:
            if event is None or (isinstance(event.event, ChangeEvent) and event.event.state == "applied"):
                (stage.project / "a.txt").write_text(mine, encoding="utf-8")

        run_id = await stage.begin("Move it")
        asked = await question(stage)
        if when == "while it is asked about":
            write()
        else:
            stage.listener.on_event = write
        answer(stage, asked, "allow_once")
        assert (await stage.ended()).state == "succeeded"
        assert (stage.text("a.txt"), stage.text("lib/b.txt")) == (mine, None)
        assert output(stage).startswith("a.txt was not changed: "), "the file that is in the way is named, not the one that would come"
        [refused] = [event.text for event in stage.listener.of(WarningEvent) if event.code == "edit_refused"]
        assert refused.startswith("a.txt: ")
        edits = history_of(await stage.store.runs.read(run_id)).edits
        assert (len(edits) == 2) is (when == "while it is asked about"), "then nothing is even tried"


@pytest.mark.parametrize(("words", "told"), [("no", "no."), ("It is read-only.", "It is read-only.")])
async def test_an_editors_own_words_for_a_refusal_end_their_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, told: str
) -> None:
    async def refuse(*_: Any, **__: Any) -> Refused:
        return Refused(words)

    async with reviewing(tmp_path) as (stage, _):
        monkeypatch.setattr(stage.workspace, "change", refuse)
        answering(stage, "allow_once")
        assert (await stage.play("Change it")).state == "succeeded"
        assert output(stage) == f"a.txt was not changed: {told} The edit is still proposed to the person."


async def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (stage, person):
        (stage.project / "a.txt").write_bytes(BEFORE.replace("\n", "\r\n").encode())
        await stage.begin("Change it")
        asked = await question(stage)
        await person.decide("rejected", 1)
        answer(stage, asked, "allow_once")
        assert (await stage.ended()).state == "succeeded"
        assert (stage.project / "a.txt").read_bytes() == ONLY_FIRST.replace("\n", "\r\n").encode()


async def test_an_edit_through_a_link_changes_the_file_itself(tmp_path: Path) -> None:
    edit = {**TWO_PLACES, "path": "link.txt"}
    async with reviewing(tmp_path, (calls(("edit_file", edit)), says("Done."))) as (stage, _):
        (stage.project / "link.txt").symlink_to("a.txt")
        answering(stage, "allow_once")
        assert (await stage.play("Change it")).state == "succeeded"
        assert stage.text("a.txt") == AFTER
        assert (stage.project / "link.txt").is_symlink()


async def test_an_edit_that_changes_nothing_is_no_question(tmp_path: Path) -> None:
    turn = calls(("write_file", {"path": "a.txt", "content": BEFORE}))
    async with reviewing(tmp_path, (turn, says("Done."))) as (stage, _):
        assert (await stage.play("Change it")).state == "succeeded"
        assert (stage.listener.of(ChangeEvent), stage.listener.of(ApprovalEvent)) == ([], [])
        assert output(stage) == "a.txt has this content already; nothing was changed."


async def test_a_note_in_the_persons_own_file_is_not_reviewed(tmp_path: Path) -> None:
    async with reviewing(tmp_path, (calls(("remember", {"note": "Use tabs."})), says("Done."))) as (stage, _):
        assert (await stage.play("Note it")).state == "succeeded"
        assert stage.listener.of(ApprovalEvent) == []
        assert output(stage) == "Noted."


async def test_two_who_answer_at_one_moment_do_no_more_than_each_said(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (stage, person):
        await stage.begin("Change it")
        asked = await question(stage)

        async def reject() -> None:
            with suppress(RequestError):  # the answer was quicker
                await person.decide("rejected", 0)

        async with asyncio.TaskGroup() as group:
            group.create_task(reject())
            await stage.coordinator.history(await person.run_id())
            answer(stage, asked, "allow_once")
        assert (await stage.ended()).state == "succeeded"
        hunks = await person.all()
        first = hunks[0].state
        assert stage.text("a.txt") == (AFTER if first == "applied" else ONLY_SECOND)
        assert [hunk.state for hunk in hunks] == [first, "applied"]
        with pytest.raises(RequestError):
            answer(stage, asked, "reject_once")


@pytest.mark.parametrize("mode", ["before", "after"])
async def test_a_large_edit_keeps_nobody_waiting_while_it_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    threads, compare = list[threading.Thread](), edit_records.hunks_between

    def seen(*texts: str | None, **more: Any) -> Any:
        threads.append(threading.current_thread())
        return compare(*texts, **more)

    monkeypatch.setattr(edit_records, "hunks_between", seen)
    async with reviewing(tmp_path, settings={"review": {"mode": mode}}) as (stage, _):
        answering(stage, "allow_once")
        assert (await stage.play("Change it")).state == "succeeded"
        assert stage.text("a.txt") == AFTER
    assert threads
    assert threading.current_thread() not in threads, "the event loop answers meanwhile"


async def test_an_explicit_word_of_the_command_line_applies(tmp_path: Path) -> None:
    line = {"permissions": {"allow": ["write(**)"]}}
    async with reviewing(tmp_path, can_answer=False, command_line=line) as (stage, _):
        assert (await stage.play("Change it")).state == "succeeded"
        assert stage.text("a.txt") == AFTER


async def test_the_run_works_again_once_all_is_decided(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (stage, _):
        answering(stage, "allow_once")
        assert (await stage.play("Change it")).state == "succeeded"
        assert [event.state for event in stage.listener.of(RunEvent)] == ["queued", "running", "waiting", "running", "succeeded"]
