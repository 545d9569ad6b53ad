"""What holds in every real editor that is set up as its page in docs/editors says."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.editor import Start
from editors.emacs import emacs
from editors.helix import helix
from editors.neovim import neovim
from editors.stage import EDIT, staged
from served import BROKEN, fixture

pytestmark = [pytest.mark.editors, pytest.mark.parametrize("start", [neovim, helix, emacs])]


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


async def test_a_killed_editor_leaves_nothing_but_the_shared_server(tmp_path: Path, start: Start) -> None:
    async with staged(tmp_path, [fixture("chat-model", 0, text="Nobody asked.")]) as stage:
        async with start(stage, "killed") as editor:
            family = await editor.terminal.family()
            assert any("attach" in process.cmdline() for process in family)
            assert "Editors: 1." in await stage.coterie("daemon", "status")

            await editor.terminal.kill()
            # At its end a terminal waits until the whole family is gone.
        assert "Editors: 0." in await stage.coterie("daemon", "status")
