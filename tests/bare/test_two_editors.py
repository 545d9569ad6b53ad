"""On a shared daemon an editor with nothing installed takes over what another one has begun. Real relays, a real daemon."""

from __future__ import annotations

from pathlib import Path

from daemon_stage import ATTACH, playing_chat, stage
from killing import killed
from lsp_client import PLAIN
from plain_editor import PROMPT, progress_ended
from served import FIXED, served


async def test_who_comes_later_is_asked_what_is_open_and_the_run_goes_on_there(tmp_path: Path) -> None:
    options = playing_chat(tmp_path)
    async with stage(tmp_path) as here, here.editor(tmp_path, options) as first:
        run_id = await first.start(workflow="team")
        question = await first.asked()
        own = {"XDG_RUNTIME_DIR": str(here.runtime), "COTERIE_HOME": str(here.home)}
        async with served(tmp_path, options, argv=ATTACH, env=own, capabilities=PLAIN) as later:
            prompt, params = await later.client.question(PROMPT)
            assert [action["title"] for action in params["actions"]] == [option["label"] for option in question["options"]]
            assert params["message"].startswith("Approve the plan?\n\n")
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
