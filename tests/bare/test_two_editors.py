"""What an editor with nothing installed sees of the others on a shared daemon, and takes over from them. Real relays, a real daemon."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from daemon_stage import playing_chat, stage
from killing import killed
from lsp_client import PLAIN, ResponseError
from plain_editor import PROMPT, command, progress_ended
from served import ENDED, FIXED


async def test_who_comes_later_is_asked_what_is_open_and_the_run_goes_on_there(tmp_path: Path) -> None:
    options = playing_chat(tmp_path)
    async with stage(tmp_path) as here, here.editor(tmp_path, options) as first:
        run_id = await first.start(workflow="team")
        question = await first.asked()
        async with here.editor(tmp_path, options, capabilities=PLAIN) as later:
            prompt, params = await later.client.question(PROMPT)
            assert [action["title"] for action in params["actions"]] == [option["label"] for option in question["options"]]
            assert params["message"].startswith("Coterie: Approve the plan?\n\n")
            assert first.client.process is not None
            first.client.process.kill()
            await killed(first.client)
            await later.client.reply(prompt, {"title": "Approve"})
            assert await progress_ended(later.client) == "succeeded"
            begun = await later.client.expect("$/progress", lambda params: params["value"]["kind"] == "begin")
            assert begun["value"]["title"] == "Coterie: Make test_add pass"
            assert later.text("calc.py") == FIXED
            run = await later.client.request("agent/run/get", {"runId": run_id})
            assert run["state"] == "succeeded"


async def test_who_comes_later_sees_at_once_what_goes_on(tmp_path: Path) -> None:
    options = playing_chat(tmp_path)
    async with stage(tmp_path) as here, here.editor(tmp_path, options) as first:
        await first.start("Make it")
        question = await first.asked()
        async with here.editor(tmp_path, options, capabilities=PLAIN) as later:
            begun = await later.client.expect("$/progress")
            assert begun["value"]["kind"] == "begin"
            assert (begun["value"]["title"], begun["value"]["message"]) == ("Coterie: Make it", "waits for your answer")
            await first.answer(question, "allow_once")
            assert await progress_ended(later.client) == "succeeded"


async def test_another_projects_runs_are_not_shown_and_their_questions_fall_to_who_is_left(tmp_path: Path) -> None:
    options = playing_chat(tmp_path)
    async with stage(tmp_path) as here, here.editor(tmp_path / "other", options, capabilities=PLAIN) as stranger:
        async with here.editor(tmp_path, options) as first:
            run_id = await first.start("Make it")
            question = await first.asked()
            await stranger.client.request("agent/run/list", {})  # whoever answers this has said what came before
            assert (stranger.client.wanted, stranger.client.asked) == ([], [])
            for name in ("coterie.approve", "coterie.cancel"):
                with pytest.raises(ResponseError, match=r"No (question is open|run is going on)"):
                    await command(stranger.client, name)
            assert first.client.process is not None
            first.client.process.kill()
            await killed(first.client)
        prompt, params = await stranger.client.question(PROMPT)
        always = next(option for option in question["options"] if option["kind"] == "allow_always")
        assert params["message"] == f"Coterie: In {first.project}: {question['title']}\n\n{always['label']}. {always['admits']}"
        await stranger.client.reply(prompt, {"title": "Allow once"})
        run = await stranger.client.request("agent/run/get", {"runId": run_id})
        while run["state"] not in ENDED:
            run = await stranger.client.request("agent/run/get", {"runId": run_id})
        assert run["state"] == "succeeded"
        assert (first.text("made"), stranger.text("made")) == ("", None)
        assert [method for method, _ in stranger.client.wanted] == [PROMPT]
        assert "window/logMessage" not in [method for method, _ in stranger.client.notifications]


@pytest.mark.parametrize("asks", [True, False])
async def test_an_editor_that_comes_back_is_told_that_its_run_waits_for_it(tmp_path: Path, *, asks: bool) -> None:
    options = playing_chat(tmp_path)
    async with stage(tmp_path) as here, here.editor(tmp_path, options, capabilities=PLAIN) as gone:
        run_id = (await command(gone.client, "coterie.run", {"prompt": "Make it"}))["runId"]
        await gone.client.question(PROMPT)
        assert gone.client.process is not None
        gone.client.process.kill()
        await killed(gone.client)
        while here.status()["runs"]:  # noqa: ASYNC110 - nobody is left who would be told
            await asyncio.sleep(0.01)
        can = PLAIN if asks else {**PLAIN, "window": {"workDoneProgress": True}}
        async with here.editor(tmp_path, options, capabilities=can) as back:
            told = "Coterie: “Make it” stopped, because nobody was there to approve what it needs. Resume it to be asked again."
            if not asks:
                shown = await back.client.expect("window/showMessage")
                assert shown["message"] == f"{told} `coterie.resume` does that."
                return
            offer, params = await back.client.question(PROMPT)
            assert (params["message"], params["actions"]) == (told, [{"title": "Resume"}])
            await back.client.reply(offer, {"title": "Resume"})
            prompt, _ = await back.client.question(PROMPT)
            await back.client.reply(prompt, {"title": "Allow once"})
            assert await progress_ended(back.client) == "succeeded"
            assert (await back.client.request("agent/run/get", {"runId": run_id}))["state"] == "succeeded"
        async with here.editor(tmp_path, options, capabilities=PLAIN) as later:
            await later.client.request("agent/run/list", {})  # whoever answers this has looked for what waits
            assert later.client.asked == []
