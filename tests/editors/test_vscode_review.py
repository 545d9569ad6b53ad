"""Reviews in the real VS Code: in two windows, and in a window with two folders."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Locator

from editors.runs_view import lens, make_room, run_agent, run_row
from editors.settings_view import section
from editors.stage import staged
from editors.vscode import CodeServer, code_server, shared
from editors.window import Window
from served import BROKEN, FIXED, fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio(loop_scope="module")]

BODY = "return a * b + c"
FILL = {"match": {"model": "fill-model"}, "response": {"content": BODY}}
MORE = """
[agents.coder]
model = "work/coder-model"
"""
CHANGES = [{"old": "def add(a, b):\n", "new": "# Sums.\ndef add(a, b):\n"}, {"old": "a - b", "new": "a + b"}]
DONE = ("submit", {"summary": "The sign was wrong.", "steps_done": []})
SEVERAL = [
    fixture(
        "coder-model",
        0,
        calls=[("edit_file", {"path": "calc.py", "edits": CHANGES}), ("write_file", {"path": "notes.md", "content": "# Notes\n"})],
    ),
    fixture("coder-model", 1, calls=[DONE]),
]
PROPOSED = [
    fixture("coder-model", 0, calls=[("edit_file", {"path": "calc.py", "edits": CHANGES})]),
    fixture("coder-model", 1, calls=[("write_file", {"path": "notes.md", "content": "# Notes\n"})]),
    fixture("coder-model", 2, calls=[DONE]),
]
SUMS = "def total(numbers):\n    return max(numbers)\n"
HEAD = "\ndef madd(a, b, c):\n    "
RIGHT = SUMS.replace("max", "sum")
OTHER = [
    FILL,
    fixture("coder-model", 0, calls=[("edit_file", {"path": "sums.py", "edits": [{"old": "max", "new": "sum"}]})]),
    fixture("coder-model", 1, calls=[DONE]),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def code(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodeServer]:
    """Return the one VS Code of these tests."""
    async with staged(tmp_path_factory.mktemp("review"), SEVERAL, more=MORE) as stage, code_server(stage) as code:
        yield code


def waiting(window: Window) -> Locator:
    """Return the badge that says that something waits for the person."""
    return window.page.locator(".activitybar").get_by_role("tab", name=re.compile("A question waits for you")).first


async def answer(window: Window, question: str, button: str, effect: Locator | Callable[[], Awaitable[bool]]) -> None:
    """Press a button of a question's notification, also where VS Code has put it away meanwhile, which it does after some seconds."""
    found = window.notification(question).get_by_role("button", name=button, exact=True)

    async def press() -> None:
        if not await found.is_visible():
            await window.command("Notifications: Show Notifications")
        await found.click()

    await window.until(press, effect, f"{button!r} to be heard")


async def begin(window: Window) -> None:
    """Write the head of a function at the end of the file, with the cursor where its body is to be."""
    await window.press("Control+End")
    await window.type(HEAD.removesuffix("    "))
    await window.press("Shift+Home")
    await window.type("    ")


async def test_changes_of_several_files_are_reviewed_in_two_windows_by_keys_and_from_the_list(code: CodeServer) -> None:
    async with shared(code, "review", SEVERAL) as window:
        await run_agent(window, "coder", "Correct it and note it")
        await window.status_item("0/3").wait_for()
        async with code.window("other", window.project) as other:
            await other.status_item("0/3").wait_for()
            await window.page.bring_to_front()  # one behind another is not drawn
            await window.command("Coterie: Review All Changes")
            await window.page.locator(".multiDiffEditor .monaco-diff-editor").nth(1).wait_for()
            await window.screenshot("all")

            # The window knows what is open: a server that has other things to do keeps no lens waiting.
            server = await code.stage.server()
            server.suspend()
            try:
                await window.open("calc.py")
                await lens(window, "Accept").nth(1).wait_for()
            finally:
                server.resume()

            # What a person types above an open change moves it, and goes along with neither verdict.
            await window.press("Control+Home")
            await window.type("# Mine.\n")
            await window.press("Control+k", "x")
            await window.reads(f"# Mine.\n{FIXED}")
            await other.status_item("1/3").wait_for()
            await window.press("Control+k", "n", "Control+k", "y")
            await other.status_item("2/3").wait_for()

            await other.page.bring_to_front()
            await other.command("Coterie: Focus on Review View")
            await other.screenshot("list")
            await other.push_in(other.row("notes.md"), "Reject All Changes of the File")
            await window.status_item("2/3").wait_for(state="hidden")
            await other.status_item("2/3").wait_for(state="hidden")
            assert not (window.project / "notes.md").exists()


async def test_an_edit_is_looked_at_before_it_is_made_hunk_by_hunk_in_its_diff_or_taken_as_it_is(code: CodeServer) -> None:
    project = await code.stage.another("before")
    (project / ".coterie").mkdir()
    (project / ".coterie" / "config.toml").write_text('[review]\nmode = "before"\n', encoding="utf-8")
    await code.stage.host.answer_with(PROPOSED)
    async with code.window("before", project) as window:
        await run_agent(window, "coder", "Correct it and note it")
        await waiting(window).wait_for()
        tab = window.page.get_by_role("tab", name="calc.py (Proposed)")
        await answer(window, "Edit calc.py (+2 \N{MINUS SIGN}1)?", "Review", tab)
        proposed = window.page.locator(".editor-group-container.active .editor.modified .view-lines")
        await proposed.get_by_text("# Sums.").wait_for()
        await window.screenshot("proposed", ("dark", "light", "contrast", "contrast-light"))
        assert (project / "calc.py").read_text(encoding="utf-8") == BROKEN

        # One hunk is applied by its key, and the cursor goes on; the other is rejected by the button of the editor's bar.
        await window.page.get_by_role("button", name=re.compile("^Apply the Change")).first.wait_for()
        await window.page.locator(".editor-group-container.active .editor.modified .monaco-editor.focused").wait_for()
        await window.press("Control+k", "y")
        await window.status_item("1/2").wait_for()
        partly = f"# Sums.\n{BROKEN}"
        await window.saved(project / "calc.py", partly)
        await window.click(window.page.get_by_role("button", name=re.compile("^Reject the Change")).first)

        # With the last hunk the question is answered and the run goes on; the diff shows what was applied.
        await run_row(window, "Create notes.md").wait_for()
        await proposed.get_by_text("return a - b").wait_for()
        await proposed.get_by_text("# Sums.").wait_for()
        await window.screenshot("decided")
        assert (project / "calc.py").read_text(encoding="utf-8") == partly
        requests = [request for request in await code.stage.host.journal() if request.model == "coder-model"]
        told = requests[1].messages[-1]["content"]
        assert "Rejected, and not in calc.py" in told
        assert "+    return a + b" in told
        assert "+# Sums." not in told

        assert not (project / "notes.md").exists()

        async def noted() -> bool:
            return (project / "notes.md").exists()

        await answer(window, "Create notes.md (+1 \N{MINUS SIGN}0)?", "Apply", noted)
        await window.saved(project / "notes.md", "# Notes\n")
        await waiting(window).wait_for(state="hidden")
        await run_row(window, "Correct it and note it, done").wait_for()

        # In the chat each edit is one row, which says what became of it and shows it.
        shown = window.page.locator(".pane-header", has_text="Correct it and note it")
        await window.until(window.row("Correct it and note it").click, shown, "its chat")
        chat = await window.webview(".approval")
        await chat.locator(".approval", has_text="1 of 2 changes applied").wait_for()
        await chat.locator(".approval", has_text="Create notes.md").get_by_role("button", name=re.compile("^Show")).click()
        await window.page.get_by_role("tab", name="notes.md (Proposed)").wait_for()
        await window.screenshot("done", ("dark", "light", "contrast", "contrast-light"))


async def test_two_folders_of_a_window_each_have_their_own_runs_and_undo(code: CodeServer) -> None:
    first, second = await code.stage.another("one"), await code.stage.another("two")
    (second / "calc.py").unlink()
    (second / "test_calc.py").unlink()
    (second / "sums.py").write_text(SUMS, encoding="utf-8")
    both = first.parent / "both.code-workspace"
    both.write_text(json.dumps({"folders": [{"path": str(first)}, {"path": str(second)}]}), encoding="utf-8")
    await code.stage.host.answer_with(OTHER)
    async with code.window("folders", both) as window:
        await window.open("one/calc.py")
        await begin(window)
        await window.suggests(BODY)
        await window.press("Escape")
        await window.open("two/sums.py")
        await begin(window)
        await window.suggests(BODY)
        await window.press("Escape")
        await run_agent(window, "coder", "Correct the total")
        await window.status_item("0/1").wait_for()
        edited = f"{RIGHT}{HEAD}"
        await window.reads(edited)
        await window.screenshot("reviewed")
        assert (first / "calc.py").read_text(encoding="utf-8") == BROKEN

        await window.until(lambda: window.press("Control+1"), window.page.locator(".monaco-editor.focused"), "the editor's focus")
        await window.press("Control+Home", "ArrowDown", "End", *["ArrowLeft"] * len("(numbers)"), "Backspace")
        await window.type("x")
        theirs = edited.replace("sum(", "sux(")
        await window.reads(theirs)
        await window.open("one/calc.py")
        await window.command("Coterie: Focus on Runs View")
        await make_room(window)
        await window.menu(run_row(window, "Correct the total, done"), "Undo the Run…")
        await window.push("Undo the Run")
        await window.notification("Not taken back: sums.py").wait_for()
        await window.push("Show the File")
        await window.reads(theirs)

        view = await section(window, "Workspaces")
        for folder in (first, second):
            await view.get_by_text(str(folder), exact=False).first.wait_for()
