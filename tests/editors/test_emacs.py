"""Zero-plugin mode in a real Emacs, with eglot."""

from __future__ import annotations

from pathlib import Path

import pytest

from aimock_server import aimock
from editors.emacs import emacs
from editors.stage import EDIT, build
from served import BROKEN, fixture

pytestmark = pytest.mark.editors


async def test_a_run_edits_the_open_buffer_and_undo_takes_it_back(tmp_path: Path) -> None:
    fixtures = [fixture("chat-model", 0, calls=[("edit_file", EDIT)]), fixture("chat-model", 1, text="It adds now.")]
    async with aimock(fixtures) as host, emacs(stage := build(tmp_path, host.url), "emacs-run") as editor:
        await editor.command("coterie-run", "Make test_add pass")

        await editor.terminal.shows("return a + b")
        await editor.terminal.keep("edited")
        assert stage.text() == BROKEN, "the buffer is the person's to save"

        await editor.logged("succeeded")
        await editor.command("coterie-undo")
        await editor.terminal.shows("return a - b")
        assert await editor.text() == BROKEN
