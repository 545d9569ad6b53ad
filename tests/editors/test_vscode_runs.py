"""Runs in the real VS Code: a plan changed and approved, changes reviewed while the agent works, undone; a window loaded again."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Error, Locator

from editors.stage import staged
from editors.vscode import CodeServer, code_server, shared
from editors.window import Window
from served import AGENTS, BROKEN, FIXED, SUITE, fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio(loop_scope="module")]

MODELS = "\n".join(f'[agents.{agent}]\nmodel = "work/{agent}-model"' for agent in AGENTS)
MORE = f"""
[permissions]
allow = ["exec({SUITE})", "exec(python3 wait.py)"]

[tests]
command = "{SUITE}"

{MODELS}
"""
WAIT = """
import pathlib, time
until = time.monotonic() + 120
while not pathlib.Path("go").exists() and time.monotonic() < until:
    time.sleep(0.05)
print("waited for the word")
"""
PLAN = {
    "goal": "add adds",
    "criteria": ["add(1, 2) is 3"],
    "files": ["calc.py"],
    "steps": [
        {"id": "s1", "title": "Say what it is", "files": ["calc.py"]},
        {"id": "s2", "title": "Correct the sign", "files": ["calc.py"], "estimate_minutes": 5},
        {"id": "s3", "title": "Rewrite everything in another language"},
    ],
    "risks": ["Somebody relies on the difference"],
}
CHANGES = [{"old": "def add(a, b):\n", "new": "# Sums.\ndef add(a, b):\n"}, {"old": "a - b", "new": "a + b"}]
FINDING = {"severity": "minor", "confidence": 0.8, "file": "calc.py", "line": 2, "title": "No docstring", "evidence": "def add(a, b):"}
BOTH = f"# Sums.\n{FIXED}"
TEAM = [
    fixture("planner-model", 0, calls=[("submit", PLAN)]),
    fixture("coder-model", 0, calls=[("edit_file", {"path": "calc.py", "edits": CHANGES})]),
    fixture("coder-model", 1, calls=[("execute_command", {"command": "python3 wait.py"})]),
    fixture("coder-model", 2, calls=[("submit", {"summary": "The sign was wrong.", "steps_done": ["s2"]})]),
    fixture("reviewer-model", 0, calls=[("submit", {"verdict": "approve", "findings": [FINDING]})]),
    fixture("tester-model", 0, calls=[("run_tests", {})]),
    fixture("tester-model", 1, calls=[("submit", {"summary": "All is green."})]),
    fixture("documenter-model", 0, calls=[("submit", {"summary": "There is nothing to say."})]),
]
AGENT = [
    fixture(
        "coder-model",
        0,
        calls=[("edit_file", {"path": "calc.py", "edits": CHANGES}), ("write_file", {"path": "notes.md", "content": "# Notes\n"})],
    ),
    fixture("coder-model", 1, calls=[("submit", {"summary": "The sign was wrong.", "steps_done": []})]),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def code(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodeServer]:
    """Return the one VS Code of these tests."""
    readable = {"terminal.integrated.gpuAcceleration": "off"}
    async with staged(tmp_path_factory.mktemp("runs"), TEAM, more=MORE) as stage, code_server(stage, readable) as code:
        yield code


async def start(window: Window, prompt: str) -> Locator:
    """Start a team from the palette, and return the row of its plan once it waits at the gate."""
    (window.project / "wait.py").write_text(WAIT, encoding="utf-8")
    await window.command("Coterie: Run a Team…")
    await window.shows("What is to be done?")
    await window.answer(prompt)
    await window.choose("As the Settings Say")
    await make_room(window)
    plan = window.row("add adds, approve it or change it")
    await plan.wait_for()
    return plan


async def make_room(window: Window) -> None:
    """Close the views above that of the runs."""
    for view in ("Chat", "Chats"):
        header = (
            window.page.locator(".pane-header")
            .get_by_role("button", name=f"{view} Section", exact=True)
            .or_(window.page.locator(f'.pane-header[aria-label="{view} Section"]'))
        )
        await header.first.wait_for()
        if await header.first.get_attribute("aria-expanded") == "true":
            await header.first.click()


async def push(row: Locator, button: str) -> None:
    """Push a button in a row of a tree, which is there while the pointer is."""
    await row.hover()
    await row.get_by_role("button", name=re.compile(rf"^{button}( \(|$)")).click()  # the keys stand behind it


async def choose(window: Window, row: Locator, title: str) -> None:
    """Choose from the menu of a row. A menu that has just come does not hear a click."""
    item = window.page.get_by_role("menuitem", name=title, exact=True)

    async def opened() -> bool:
        await row.click(button="right")
        try:
            await item.wait_for(timeout=5_000)
        except Error:  # the row was drawn anew beneath the pointer, as those of a run that goes on are
            await window.press("Escape")
            return False
        return True

    await window.comes_true(opened, f"the menu with {title!r}")

    async def chosen() -> bool:
        if await item.is_visible():
            await item.hover()
            await window.press("Enter")
        return not await item.is_visible()

    await window.comes_true(chosen, f"{title} to be chosen")


def lens(window: Window, title: str) -> Locator:
    """Return the lenses with a title, from above to below."""
    return window.page.locator(".editor-group-container.active .codelens-decoration a:visible", has_text=re.compile(rf"^\s*{title}$"))


async def test_a_plan_is_changed_and_approved_its_changes_reviewed_one_by_one_and_undone(code: CodeServer) -> None:
    async with shared(code, "team", TEAM) as window:
        await start(window, "Make add add")
        await push(window.row("2. Correct the sign"), "Move Up")
        await push(window.row("2. Say what it is"), "Rename…")
        await window.answer("Say in a comment what it is")
        await window.row("3. Rewrite everything").click()
        await window.press("Delete")
        await window.row("add adds, changed by you").wait_for()
        await window.row("3. Rewrite everything").wait_for(state="detached")
        await window.screenshot("plan")
        await push(window.row("add adds, changed by you"), "Approve the Plan")

        # The coder has changed two places and waits for its command: its work is reviewed meanwhile.
        await window.status_item("0/2").wait_for()
        await window.open("calc.py")
        await window.reads(BOTH)
        await lens(window, "Reject").nth(1).wait_for()
        await window.screenshot("lenses", ("dark", "light", "contrast"))
        await window.command("Coterie: Review All Changes")
        await window.page.locator(
            ".editor-group-container.active .diff-editor, .editor-group-container.active .monaco-diff-editor"
        ).wait_for()
        await window.screenshot("diff")
        await window.open("calc.py")
        await lens(window, "Reject").first.click()
        await window.reads(FIXED)
        await window.status_item("1/2").wait_for()
        await window.press("Control+Home")
        await window.command("Coterie: Accept the Change")
        await window.status_item("1/2").wait_for(state="hidden")
        await lens(window, "Reject").first.wait_for(state="detached")

        (window.project / "go").touch()
        await window.command("Coterie: Focus on Runs View")
        await window.row("Make add add, done").wait_for()
        await window.screenshot("done", ("dark", "light", "contrast"))
        requests = [request for request in await code.stage.host.journal() if request.model == "coder-model"]
        opening = json.dumps(requests[0].messages)
        assert opening.index("Correct the sign") < opening.index("Say in a comment what it is")
        assert "another language" not in opening
        told = requests[2].messages[-1]["content"]
        assert "Rejected, and not in calc.py any more" in told
        assert "+# Sums." in told

        await choose(window, window.row("Make add add, done"), "Undo the Run…")
        await window.push("Undo the Run")
        await window.reads(BROKEN)


async def test_a_window_that_is_loaded_again_shows_the_run_that_went_on(code: CodeServer) -> None:
    async with shared(code, "reload", TEAM) as window:
        await push(await start(window, "Make add add again"), "Approve the Plan")
        await window.status_item("0/2").wait_for()
        await window.reload()
        await window.status_item("0/2").wait_for()
        await window.command("Coterie: Focus on Runs View")
        await make_room(window)
        run = window.row("Make add add again, running")
        await run.wait_for()
        await choose(window, run, "Show the Commands")
        await window.shows("Coterie: python3 wait.py …")
        # A terminal has the name that it was made with until it is open.
        await window.page.locator(".xterm-rows", has_text="$ python3 wait.py").wait_for()

        (window.project / "go").touch()
        await window.row("Make add add again, done").wait_for()
        await window.shows(f"Coterie: {SUITE} ✓", "Ran 1 test", "[exit code 0]")
        await window.screenshot("terminal")
        await window.command("Problems: Focus on Problems View")
        await window.shows("No docstring")
        await window.screenshot("problems")


async def test_changes_of_several_files_are_reviewed_in_two_windows_by_keys_and_from_the_list(code: CodeServer) -> None:
    async with shared(code, "review", AGENT) as window:
        await window.command("Coterie: Run an Agent…")
        await window.choose("coder")
        await window.shows("What is to be done?")
        await window.answer("Correct it and note it")
        await window.choose("As the Settings Say")
        await window.status_item("0/3").wait_for()
        async with code.window("other", window.project) as other:
            await other.status_item("0/3").wait_for()
            await window.page.bring_to_front()  # one behind another is not drawn
            await window.command("Coterie: Review All Changes")
            await window.page.locator(".multiDiffEditor .monaco-diff-editor").nth(1).wait_for()
            await window.screenshot("all")

            # What a person types above an open change moves it, and goes along with neither verdict.
            await window.press("Control+Shift+e")
            await window.row("notes.md").wait_for()  # rows move when one comes
            await window.open("calc.py")
            await lens(window, "Accept").nth(1).wait_for()
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
            await push(other.row("notes.md"), "Reject All Changes of the File")
            await window.status_item("2/3").wait_for(state="hidden")
            await other.status_item("2/3").wait_for(state="hidden")
            assert not (window.project / "notes.md").exists()
