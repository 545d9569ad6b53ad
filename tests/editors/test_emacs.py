"""What only Emacs does: eglot waits for a command's answer and tells of no change of a buffer meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.emacs import emacs
from editors.stage import EDIT, staged
from served import BROKEN, fixture

pytestmark = pytest.mark.editors


async def test_an_undo_that_eglot_waits_for_is_no_conflict(tmp_path: Path) -> None:
    fixtures = [fixture("chat-model", 0, calls=[("edit_file", EDIT)]), fixture("chat-model", 1, text="It adds now.")]
    async with staged(tmp_path, fixtures) as stage, emacs(stage, "waits") as editor:
        await editor.run("Make test_add pass")
        await editor.logged("succeeded")
        await editor.command("eval-expression", '(eglot-execute (eglot-current-server) (list :command "coterie.undo" :arguments []))')
        await editor.terminal.shows("return a - b")
        await editor.logged("is taken back in calc.py")
        assert await editor.text() == BROKEN
