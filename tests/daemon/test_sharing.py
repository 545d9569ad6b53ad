"""What editors on one shared daemon have in common, and what stays with each: real relays, a real daemon, on a socket of the test's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from coterie import __version__
from coterie.workspace.editing import DIVIDED
from daemon_stage import playing_chat, stage
from killing import killed
from lsp_client import BOUND_S
from model_host import Asked, answer, model_host
from raw_http_server import Reply
from served import BROKEN, FIXED, settings


async def test_two_editors_see_the_same_run_live_and_either_answers(tmp_path: Path) -> None:
    async with (
        stage(tmp_path) as here,
        here.editor(tmp_path, playing_chat(tmp_path)) as one,
        here.editor(tmp_path, playing_chat(tmp_path)) as two,
    ):
        assert here.status() | {"pid": 0} == {"pid": 0, "version": __version__, "editors": 2, "runs": 0}
        run_id = await one.start("Make it")
        question = await two.asked()
        assert here.status()["runs"] == 1
        assert await one.asked() == question
        await two.answer(question, "allow_once")
        assert (await one.ended(run_id))["state"] == (await two.ended(run_id))["state"] == "succeeded"
        assert one.text("made") == ""
        assert one.of(run_id) == two.of(run_id), "each is told the same, in the same order"
        lists = [await editor.client.request("agent/channel/list", {}) for editor in (one, two)]
        assert lists[0] == lists[1] != {"channels": []}
        assert "pygls" not in here.log()


async def test_a_run_outlives_its_editor_and_asks_whoever_is_there(tmp_path: Path) -> None:
    async with stage(tmp_path) as here, here.editor(tmp_path, playing_chat(tmp_path)) as second:
        async with here.editor(tmp_path, playing_chat(tmp_path)) as first:
            run_id = await first.start(workflow="team")
            await first.asked()
            assert first.client.process is not None
            first.client.process.kill()
            await killed(first.client)
        await second.answer(await second.asked(), "approve")
        assert (await second.ended(run_id))["state"] == "succeeded"
        assert second.text("calc.py") == FIXED
        numbers = [each["seq"] for each in second.of(run_id)]
        assert numbers == sorted(set(numbers))


async def test_what_another_editor_has_open_is_read_changed_and_taken_back_there(tmp_path: Path) -> None:
    """The editor of the run is gone; below the buffer of the other one nothing may be written."""
    async with stage(tmp_path) as here, here.editor(tmp_path, playing_chat(tmp_path)) as second:
        uri = (second.project / "calc.py").as_uri()
        async with here.editor(tmp_path, playing_chat(tmp_path)) as first:
            run_id = await first.start(workflow="team")
            question = await first.asked()
            await second.client.open(uri, BROKEN)
            await second.client.type(uri, 0, 0, "# unsaved\n")
            await second.client.request("agent/status", {})  # whoever answers this has read what came before
            assert first.client.process is not None
            first.client.process.kill()
            await killed(first.client)
        await second.answer(question, "approve")
        assert (await second.ended(run_id))["state"] == "succeeded"
        assert second.client.buffers[uri].text == f"# unsaved\n{FIXED}"
        assert second.text("calc.py") == BROKEN
        undone = await second.client.request("agent/run/undo", {"runId": run_id})
        assert undone == {"restored": ["calc.py", "README.md"], "conflicts": []}
        assert second.client.buffers[uri].text == f"# unsaved\n{BROKEN}"
        assert second.text("calc.py") == BROKEN


async def test_an_edit_that_its_editor_took_to_its_grave_goes_to_the_next_one(tmp_path: Path) -> None:
    async with stage(tmp_path) as here, here.editor(tmp_path, playing_chat(tmp_path)) as second:
        uri = (second.project / "calc.py").as_uri()
        async with here.editor(tmp_path, playing_chat(tmp_path)) as first:
            first.client.by_hand = frozenset({"workspace/applyEdit"})
            for editor in (second, first):
                await editor.client.open(uri, BROKEN)
                await editor.client.request("agent/status", {})
            run_id = await first.start(workflow="team")
            await first.answer(await first.asked(), "approve")
            await first.client.question("workspace/applyEdit")
            assert first.client.process is not None
            first.client.process.kill()
            await killed(first.client)
        assert (await second.ended(run_id))["state"] == "succeeded"
        assert (second.client.buffers[uri].text, second.text("calc.py")) == (FIXED, BROKEN)
        assert [each["state"] for each in second.events(run_id, "change") if each["path"] == "calc.py"] == ["applied"]


async def test_different_unsaved_texts_of_a_file_are_left_alone_and_both_editors_told(tmp_path: Path) -> None:
    async with (
        stage(tmp_path) as here,
        here.editor(tmp_path, playing_chat(tmp_path)) as first,
        here.editor(tmp_path, playing_chat(tmp_path)) as second,
    ):
        uri = (first.project / "calc.py").as_uri()
        for editor, word in ((first, "# mine\n"), (second, "# yours\n")):
            await editor.client.open(uri, BROKEN)
            await editor.client.type(uri, 0, 0, word)
            await editor.client.request("agent/status", {})
        run_id = await first.start(workflow="team")
        await first.answer(await first.asked(), "approve")
        for editor, word in ((first, "# mine\n"), (second, "# yours\n")):
            await editor.ended(run_id)
            (warning,) = (each for each in editor.events(run_id, "warning") if each["code"] == "edit_refused")
            assert warning["text"] == f"calc.py: {DIVIDED}"
            assert editor.client.buffers[uri].text == f"{word}{BROKEN}"
        assert first.text("calc.py") == BROKEN


@pytest.mark.parametrize("return_s", ["0", "0.01"])
async def test_nobody_left_to_answer_takes_the_question_back(tmp_path: Path, return_s: str) -> None:
    async with stage(tmp_path, COTERIE_DAEMON_RETURN_S=return_s) as here:
        async with here.editor(tmp_path, playing_chat(tmp_path)) as only:
            run_id = await only.start("Make it")
            await only.asked()
        async with asyncio.timeout(BOUND_S):
            while here.status()["runs"]:  # noqa: ASYNC110 - nobody is there to be told
                await asyncio.sleep(0.01)
        async with here.editor(tmp_path, playing_chat(tmp_path)) as later:
            run = await later.client.request("agent/run/get", {"runId": run_id})
            assert (run["state"], run["reason"]) == ("interrupted", "approval_required")


async def test_a_question_waits_for_the_window_that_is_loaded_again(tmp_path: Path) -> None:
    async with stage(tmp_path, COTERIE_DAEMON_RETURN_S="3600") as here:
        async with here.editor(tmp_path, playing_chat(tmp_path)) as before:
            run_id = await before.start("Make it")
            question = await before.asked()
        async with here.editor(tmp_path, playing_chat(tmp_path)) as after:
            (waiting,) = (await after.client.request("agent/approval/list", {}))["approvals"]
            assert waiting["approvalId"] == question["approvalId"]
            await after.answer(waiting, "allow_once")
            assert (await after.ended(run_id))["state"] == "succeeded"
            assert after.text("made") == ""


async def test_keys_settings_and_grants_stay_with_their_connection(tmp_path: Path) -> None:
    def script(asked: Asked) -> Reply:
        if asked.last.answers:
            return answer("openai_compatible", "Done.", number=asked.number)
        return answer("openai_compatible", "", ("execute_command", {"command": "touch made"}), number=asked.number)

    async with model_host("openai_compatible", script) as host, stage(tmp_path) as here:
        own = settings(host.url, "openai_compatible", permissions={"allow": []})
        keys = {"first": "canary-of-first-4711", "second": "canary-of-second-4712"}
        async with (
            here.editor(tmp_path / "first", own, env={"WORK_KEY": keys["first"]}) as first,
            here.editor(tmp_path / "second", own, env={"WORK_KEY": keys["second"]}) as second,
        ):
            run_id = await first.start("Make it")
            await first.answer(await first.asked(), "allow_session")
            await first.ended(run_id)
            again = await first.start("Make it again")
            await first.ended(again)
            assert first.events(again, "approval") == [], "answered for the session"
            other = await second.start("Make it")
            await second.answer(await second.asked(2), "allow_once")
            await second.ended(other)
            assert second.text("made") == ""
            daemon = here.daemon()
            environ = await asyncio.to_thread(daemon.environ)
            assert not [value for value in environ.values() if "canary" in value], "whoever started the daemon left no key in it"
        sent = [asked.headers["authorization"] for asked in host.asked]
        assert sent == [f"Bearer {keys['first']}"] * 4 + [f"Bearer {keys['second']}"] * 2
        kept = [*here.runtime.rglob("*"), *here.home.rglob("*")]
        assert not [file for file in kept if file.is_file() and b"canary-of" in file.read_bytes()]
