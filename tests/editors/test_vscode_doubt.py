"""Changes that may be somebody else's, in the real VS Code: told as such, left alone, asked about, and taken back without a loss."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from editors.runs_view import lens, make_room, run_agent, run_row
from editors.stage import EDIT, staged
from editors.vscode import vscode
from editors.window import Window
from served import BROKEN, fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio]

THEIRS = "# What only I have\n"
LONG_AGO = 1_600_000_000
FETCH = ("execute_command", {"command": "mv kept/notes.md notes.md"})
MORE = """
[agents.coder]
model = "work/coder-model"

[permissions]
allow = ["exec(mv kept/notes.md notes.md)"]
"""
FIXTURES = [
    fixture("coder-model", 0, calls=[("edit_file", EDIT), FETCH]),
    fixture("coder-model", 1, calls=[("submit", {"summary": "The notes are there.", "steps_done": []})]),
]
DOUBT = "maybe not the agent's"
WHY = "It is older than the command"


async def asked(window: Window, question: str, button: str) -> None:
    """See that a question says why it is asked, and answer it."""
    dialog = window.page.get_by_role("dialog").filter(has_text=question)
    await dialog.filter(has_text=f"notes.md: {WHY}").wait_for()
    await window.click(dialog.get_by_role("button", name=button, exact=True))
    await dialog.wait_for(state="hidden")


async def test_what_may_not_be_the_agents_is_left_by_an_undo_and_asked_about_before_it_is_taken_back(tmp_path: Path) -> None:
    async with staged(tmp_path, FIXTURES, more=MORE) as stage:
        # A file from where nothing is looked at may be anybody's.
        ignored, notes = stage.project / "kept" / "notes.md", stage.project / "notes.md"
        ignored.parent.mkdir()
        ignored.write_text(THEIRS, encoding="utf-8")
        os.utime(ignored, (LONG_AGO, LONG_AGO))
        (stage.project / ".gitignore").write_text("kept/\n", encoding="utf-8")
        async with vscode(stage, "doubt") as window:
            await run_agent(window, "coder", "Mend it and fetch the notes")
            await make_room(window)
            run = run_row(window, "Mend it and fetch the notes, done")
            await run.wait_for()
            await run_row(window, f"notes.md, {DOUBT}").wait_for()
            await window.open("notes.md")
            await window.page.locator(".codelens-decoration", has_text=DOUBT).wait_for()
            await window.command("Coterie: Focus on Runs View")
            await window.screenshot("told", ("dark", "light", "contrast"))

            await window.menu(run, "Undo the Run…")
            await asked(window, "Undo all changes of this run?", "Undo the Run")
            await window.saved(stage.project / "calc.py", BROKEN)
            await window.notification(f"Not taken back: notes.md: {WHY}").wait_for()
            assert notes.read_text(encoding="utf-8") == THEIRS

            await window.push_in(run_row(window, "notes.md"), "Undo")
            await asked(window, "Take this back?", "Cancel")
            await window.click(lens(window, "Reject").first)
            await asked(window, "Reject the change?", "Cancel")
            assert notes.read_text(encoding="utf-8") == THEIRS

            await window.click(lens(window, "Reject").first)
            await asked(window, "Reject the change?", "Reject")
            told = await window.notification("What was taken away is kept for a while in").inner_text()
            await window.screenshot("kept")
            found = re.search(r"kept for a while in (/.+)\.$", told, flags=re.MULTILINE)
            assert found is not None, told
            assert (Path(found[1]) / "notes.md").read_text(encoding="utf-8") == THEIRS
            assert not notes.exists()
