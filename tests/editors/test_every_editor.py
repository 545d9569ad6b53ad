"""What holds in every real editor that is set up as its page in docs/editors says."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.editor import Start
from editors.emacs import emacs
from editors.helix import helix
from editors.neovim import neovim
from editors.stage import EDIT, TOUCH, staged
from served import BROKEN, fixture

pytestmark = [pytest.mark.editors, pytest.mark.parametrize("start", [neovim, helix, emacs])]

STORY = {"match": {"model": "chat-model"}, "latency": 500, "chunkSize": 1, "response": {"content": "Once upon a time " * 20}}
"""An answer of nearly three minutes: it ends because it is stopped."""


async def test_a_run_edits_the_open_buffer_and_undo_takes_it_back(tmp_path: Path, start: Start) -> None:
    fixtures = [fixture("chat-model", 0, calls=[("edit_file", EDIT)]), fixture("chat-model", 1, text="It adds now.")]
    async with staged(tmp_path, fixtures) as stage, start(stage, "run") as editor:
        await editor.run("Make test_add pass")

        await editor.terminal.shows("return a + b")
        await editor.terminal.keep("edited")
        assert stage.text() == BROKEN, "the buffer is the person's to save"

        await editor.logged("succeeded")
        await editor.undo()
        await editor.terminal.shows("return a - b")
        await editor.terminal.keep("undone")


async def test_a_code_action_runs_to_its_edit(tmp_path: Path, start: Start) -> None:
    fixtures = [fixture("chat-model", 0, calls=[("edit_file", EDIT)]), fixture("chat-model", 1, text="It adds now.")]
    async with staged(tmp_path, fixtures) as stage, start(stage, "action") as editor:
        await editor.act("Document with Coterie")
        await editor.terminal.shows("return a + b")
        await editor.logged("It adds now.")
        [asked, _] = await stage.host.journal()
        assert "Document this code" in asked.messages[-1]["content"]


async def test_a_chat_is_written_in_sent_and_answered_into(tmp_path: Path, start: Start) -> None:
    reads = fixture("chat-model", 0, calls=[("read_file", {"path": "calc.py"})])
    async with staged(tmp_path, [reads, fixture("chat-model", 1, text="It subtracts.")]) as stage, start(stage, "chat") as editor:
        await editor.chat("Signs")
        await editor.terminal.shows("# Signs", "## You")

        await editor.write("What is wrong with add?")
        await editor.act("Send to Coterie")
        screen = await editor.terminal.shows("## Coterie", "It subtracts.")
        await editor.terminal.keep("answered")
        places = [screen.index(text) for text in ("# Signs", "## You", "What is wrong with add?", "## Coterie", "It subtracts.")]
        assert places == sorted(places)
        [_, told] = await stage.host.journal()
        assert "return a - b" in told.messages[-1]["content"], "the chat belongs to the project it was opened from"
        assert "Editors: 1." in await stage.coterie("daemon", "status")


async def test_what_needs_permission_is_asked_for(tmp_path: Path, start: Start) -> None:
    fixtures = [fixture("chat-model", 0, calls=[TOUCH]), fixture("chat-model", 1, text="It is there.")]
    async with staged(tmp_path, fixtures) as stage, start(stage, "permission") as editor:
        await editor.run("Make the file")
        await editor.terminal.shows("touch made", "Allow once")
        await editor.terminal.keep("asked")
        assert not (stage.project / "made").exists()

        await editor.allow()
        await editor.logged("It is there.")
        assert (stage.project / "made").exists()


async def test_a_closed_prompt_means_not_now(tmp_path: Path, start: Start) -> None:
    fixtures = [fixture("chat-model", 0, calls=[TOUCH]), fixture("chat-model", 1, text="Then not.")]
    async with staged(tmp_path, fixtures) as stage, start(stage, "not-now") as editor:
        await editor.run("Make the file")
        await editor.terminal.shows("touch made", "Allow once")

        await editor.dismiss()
        await editor.logged("Then not.")
        await editor.terminal.hides("Allow once")
        assert not (stage.project / "made").exists()


async def test_a_stray_enter_allows_nothing(tmp_path: Path, start: Start) -> None:
    fixtures = [fixture("chat-model", 0, calls=[TOUCH]), fixture("chat-model", 1, text="Then not.")]
    async with staged(tmp_path, fixtures) as stage, start(stage, "stray") as editor:
        await editor.run("Make the file")
        await editor.terminal.shows("touch made", "Allow once")

        await editor.terminal.press("Enter")
        await editor.logged("Then not.")
        assert not (stage.project / "made").exists()


async def test_the_current_step_is_shown_and_a_cancelled_run_stops(tmp_path: Path, start: Start) -> None:
    async with staged(tmp_path, [STORY]) as stage, start(stage, "progress") as editor:
        await editor.run("Tell a story")
        await editor.terminal.shows("Coterie: Tell a story")
        await editor.terminal.keep("running")

        await editor.cancel()
        await editor.logged("cancelled")


async def test_a_killed_editor_leaves_nothing_but_the_shared_server(tmp_path: Path, start: Start) -> None:
    async with staged(tmp_path, [fixture("chat-model", 0, text="Nobody asked.")]) as stage:
        async with start(stage, "killed") as editor:
            family = await editor.terminal.family()
            assert any("attach" in process.cmdline() for process in family)
            await stage.told("Editors: 1.", "daemon", "status")

            await editor.terminal.kill()
            # At its end a terminal waits until the whole family is gone.
        await stage.told("Editors: 0.", "daemon", "status")
