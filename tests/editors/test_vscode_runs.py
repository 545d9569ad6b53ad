"""Runs in the real VS Code: a plan changed and approved, changes reviewed while the agent works, undone; a window loaded again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator

from editors.runs_view import lens, make_room, run_agent, run_row, unfold
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

[providers.work.price.coder-model]
input = 1
output = 2

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
    fixture("coder-model", 1, calls=[("execute_command", {"command": "python3 wait.py"})]),
    fixture("coder-model", 2, calls=[("submit", {"summary": "The sign was wrong.", "steps_done": []})]),
]
ENDLESS = [fixture("coder-model", 0, calls=[("execute_command", {"command": "python3 wait.py"})])]
THOUGHT_OVER = [
    {**fixture("coder-model", 0, calls=[("execute_command", {"command": "python3 wait.py"})]), "latency": 2500, "chunkSize": 1000}
]
"""The step is shown some seconds before its first call."""


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
    plan = run_row(window, "add adds, approve it or change it")
    await plan.wait_for()
    return plan


async def remove(window: Window, item: str) -> None:
    """Take an item out of a plan by keys."""
    row = run_row(window, item)

    async def press() -> None:
        await window.select(row)
        await window.press("Delete")

    async def is_out() -> bool:
        return not await row.is_visible()

    await window.until(press, is_out, f"{item!r} to be out of the plan")


async def is_gone(file: Path) -> bool:
    """Say whether a file is not there any more."""
    return not file.exists()


async def test_a_plan_is_changed_and_approved_its_changes_reviewed_one_by_one_and_undone(code: CodeServer) -> None:
    async with shared(code, "team", TEAM) as window:
        await start(window, "Make add add")
        await window.push_in(run_row(window, "2. Correct the sign"), "Move Up")
        await window.push_in(run_row(window, "2. Say what it is"), "Rename…")
        await window.answer("Say in a comment what it is")
        await remove(window, "3. Rewrite everything")
        await window.screenshot("plan")
        await window.push_in(run_row(window, "add adds, changed by you"), "Approve the Plan")

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
        await window.click(lens(window, "Reject").first)
        await window.reads(FIXED)
        await window.status_item("1/2").wait_for()
        await window.press("Control+Home")
        await window.command("Coterie: Accept the Change")
        await window.status_item("1/2").wait_for(state="hidden")
        await lens(window, "Reject").first.wait_for(state="detached")

        (window.project / "go").touch()
        await window.command("Coterie: Focus on Runs View")
        await run_row(window, "Make add add, done").wait_for()
        await window.screenshot("done", ("dark", "light", "contrast"))
        requests = [request for request in await code.stage.host.journal() if request.model == "coder-model"]
        opening = json.dumps(requests[0].messages)
        assert opening.index("Correct the sign") < opening.index("Say in a comment what it is")
        assert "another language" not in opening
        told = requests[2].messages[-1]["content"]
        assert "Rejected, and not in calc.py any more" in told
        assert "+# Sums." in told

        await window.menu(run_row(window, "Make add add, done"), "Undo the Run…")
        await window.push("Undo the Run")
        await window.reads(BROKEN)


async def test_a_window_that_is_loaded_again_shows_the_run_that_went_on(code: CodeServer) -> None:
    async with shared(code, "reload", TEAM) as window:
        await window.push_in(await start(window, "Make add add again"), "Approve the Plan")
        await window.status_item("0/2").wait_for()
        await window.reload()
        await window.status_item("0/2").wait_for()
        await window.command("Coterie: Focus on Runs View")
        await make_room(window)
        run = run_row(window, "Make add add again, running")
        await run.wait_for()
        await window.menu(run, "Show the Commands")
        await window.shows("Coterie: python3 wait.py …")
        # A terminal has the name that it was made with until it is open.
        await window.page.locator(".xterm-rows", has_text="$ python3 wait.py").wait_for()

        (window.project / "go").touch()
        await run_row(window, "Make add add again, done").wait_for()
        await window.shows(f"Coterie: {SUITE} ✓", "Ran 1 test", "[exit code 0]")
        await window.screenshot("terminal")
        await window.command("Problems: Focus on Problems View")
        await window.shows("No docstring")
        await window.screenshot("problems")


async def test_a_plan_is_changed_in_the_tree_and_as_a_document_kept_over_a_reload_and_rejected(code: CodeServer) -> None:
    async with shared(code, "rejected", TEAM) as window:
        plan = await start(window, "Make add add in another way")
        await window.push_in(plan, "Add an Item…")
        await window.answer("Thank the reader")
        fourth, first = run_row(window, "4. Thank the reader"), run_row(window, "1. Say what it is")
        await fourth.wait_for()
        await window.until(lambda: fourth.drag_to(first), run_row(window, "1. Thank the reader"), "an item to be dragged to the top")

        await window.push_in(run_row(window, "add adds, changed by you"), "Edit the Plan as a Document")
        await window.page.locator('.editor-group-container.active .monaco-editor.focused[data-uri^="coterie-plan:"]').wait_for()
        await window.press("Control+Home", "ArrowDown", "End", "ArrowLeft", "ArrowLeft")
        await window.type(" well")
        changed = run_row(window, "add adds well, changed by you")
        await window.until(lambda: window.press("Control+s"), changed, "the plan's document to be saved")
        await window.screenshot("document")

        # Nobody is left to approve it meanwhile, which a person is told, so the question is asked again when the run goes on.
        await window.reload()
        await window.attached()
        told = window.notification("“Make add add in another way” was interrupted: it asked something")
        await window.until(
            lambda: window.command("Notifications: Show Notifications"),
            told.get_by_role("button", name="Resume", exact=True),
            "the run that asked something to be told of",
        )
        await window.menu(run_row(window, "Make add add in another way, interrupted"), "Resume")
        plan = run_row(window, "add adds well, changed by you")
        await unfold(window, "Make add add in another way")
        await plan.wait_for()
        await run_row(window, "1. Thank the reader").wait_for()
        await window.push_in(plan, "Reject the Plan")
        await run_row(window, "Make add add in another way, cancelled").wait_for()
        assert not [request for request in await code.stage.host.journal() if request.model == "coder-model"]


async def test_a_step_is_unfolded_at_its_first_call_however_long_the_model_thinks_about_it(code: CodeServer) -> None:
    async with shared(code, "thinks", THOUGHT_OVER) as window:
        (window.project / "wait.py").write_text(WAIT, encoding="utf-8")
        await run_agent(window, "coder", "Wait for it", "At Most $0.50")
        await make_room(window)
        step = run_row(window, "coder")
        await step.and_(window.page.locator(":not([aria-expanded])")).wait_for()
        await run_row(window, "$ python3 wait.py").wait_for()
        # Folded by a person, it stays so.
        await window.until(
            step.locator(".monaco-tl-twistie").click, step.and_(window.page.locator("[aria-expanded=false]")), "it to be folded"
        )
        (window.project / "go").touch()
        await run_row(window, "Wait for it, failed").wait_for()
        await step.and_(window.page.locator("[aria-expanded=false]")).wait_for()


async def test_a_run_is_resumed_after_its_server_was_killed_and_undone_part_by_part(code: CodeServer) -> None:
    async with shared(code, "resumed", AGENT) as window:
        (window.project / "wait.py").write_text(WAIT, encoding="utf-8")
        await window.open("calc.py")
        await run_agent(window, "coder", "Correct it and note it", "At Most $0.50")
        await make_room(window)
        await run_row(window, "Correct it and note it, running").wait_for()
        await window.status_item("0/3").wait_for()
        await make_room(window, "Review")
        await run_row(window, "$ python3 wait.py").wait_for()
        (await code.stage.server()).kill()
        run = run_row(window, "Correct it and note it, interrupted")
        await run.wait_for()
        await window.screenshot("interrupted")
        (window.project / "go").touch()
        await window.menu(run, "Resume")
        await run_row(window, "Correct it and note it, done").wait_for()
        await make_room(window, "Review")
        await unfold(window, "Correct it and note it")
        await run_row(window, "Cost, < $0.01").wait_for()
        await window.shows("of at most $0.50")

        await unfold(window, "calc.py")
        await window.screenshot("parts")
        await window.reads(BOTH)
        await window.push_in(run_row(window, "Line 1, applied"), "Undo")
        await window.reads(FIXED)
        await window.push_in(run_row(window, "notes.md"), "Undo")
        await window.comes_true(lambda: is_gone(window.project / "notes.md"), "the new file to be taken back")

        # What a person has written into a change is theirs.
        await window.open("calc.py")
        await window.press("Control+End", "ArrowUp", "End", "ArrowLeft", "ArrowLeft", "Backspace")
        await window.type("*")
        theirs = FIXED.replace("a + b", "a * b")
        await window.reads(theirs)
        await window.open("test_calc.py")
        await window.command("Coterie: Focus on Runs View")
        await window.push_in(run_row(window, "coder"), "Undo")
        await window.notification("Not taken back: calc.py").wait_for()
        await window.screenshot("conflict")
        await window.push("Show the File")
        await window.reads(theirs)

        (window.project / "wait.py").write_text(WAIT.replace('"go"', '"a word that nobody says"'), encoding="utf-8")
        await code.stage.host.answer_with(ENDLESS)
        await run_agent(window, "coder", "Wait for it")
        run = run_row(window, "Wait for it, running")
        await run_row(window, "$ python3 wait.py").wait_for()
        await window.menu(run, "Cancel")
        await run_row(window, "Wait for it, cancelled").wait_for()
