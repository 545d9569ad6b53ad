"""The whole main job in the real VS Code without a pointer: asked, allowed, reviewed, undone, and a setting changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from editors.chat_view import field
from editors.keyboard import by_palette, tab_to
from editors.runs_view import lens
from editors.stage import TOUCH, staged
from editors.terminal import BOUND_S
from editors.vscode import vscode
from editors.window import Window
from served import BROKEN, FIXED, fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio]
expect.set_options(timeout=1000 * BOUND_S)

CHANGES = [{"old": "def add(a, b):\n", "new": "# Sums.\ndef add(a, b):\n"}, {"old": "a - b", "new": "a + b"}]
FIXTURES = [
    fixture("chat-model", 0, calls=[("edit_file", {"path": "calc.py", "edits": CHANGES}), TOUCH]),
    fixture("chat-model", 1, text="It adds by now."),
]
MOST_ITEMS = 12
"""How many items a menu may have before the one that is meant."""


async def test_all_of_the_main_job_is_done_without_a_pointer(tmp_path: Path) -> None:
    async with staged(tmp_path, FIXTURES) as stage, vscode(stage, "keyboard") as window:
        editor = window.page.locator('.editor-group-container.active .monaco-editor.focused[data-uri$="/calc.py"]')
        await by_palette(window, "calc.py", "calc.py", editor)
        await ask_and_allow(window)
        await window.until(lambda: window.press("Control+1"), editor, "the file to have the focus")
        await review(window)
        await undo(window)
        await expect(window.page.locator(".notification-list-item .codicon-error")).to_have_count(0)
        await window.until(lambda: window.press("Control+1"), editor, "the file to have the focus")
        await window.reads(BROKEN)

        async def is_gone() -> bool:
            return not (stage.project / "made").exists()

        await window.comes_true(is_gone, "the file that the command made to be gone")
        await set_a_budget(window, Path(stage.environment["COTERIE_HOME"]) / "config.toml")


async def ask_and_allow(window: Window) -> None:
    """Say something in a chat, and answer its question."""
    await window.press("Control+k", "a")
    chat = await window.webview(".composer textarea")
    await window.until(lambda: window.press("Control+k", "a"), chat.locator("textarea:focus"), "the chat to have the focus")
    await expect(field(chat)).to_be_editable()
    await window.type("Make it add")
    await window.press("Enter")
    question = chat.get_by_role("region", name=re.compile("^Asks you: "))
    await expect(question).to_be_visible()
    await tab_to(window, question.get_by_role("button", name="Allow once"), "Shift+Tab")
    await window.press("Enter")
    await expect(chat.locator(".answer", has_text="It adds by now.")).to_have_count(1)


async def review(window: Window) -> None:
    """Reject one of two changes, and accept the other."""
    await lens(window, "Reject").nth(1).wait_for()
    await window.press("Control+Home", "Control+k", "x")
    await window.reads(FIXED)
    await window.status_item("1/3").wait_for()
    await window.press("Control+k", "n", "Control+k", "y")
    await window.status_item("2/3").wait_for()


async def undo(window: Window) -> None:
    """Undo the run from the menu of its row, as the menu key opens it."""
    tree = window.page.get_by_role("tree", name="Runs").and_(window.page.locator(":focus"))
    entry = window.page.get_by_role("menuitem", name=re.compile("^Undo the Run"))
    chosen = window.page.locator(".monaco-menu .action-item.focused", has_text="Undo the Run")
    asked = window.page.get_by_role("dialog").filter(has_text="Undo all changes of this run?")

    async def open_menu() -> None:
        # VS Code gives the focus to a list once it holds something, which this one does not when it is looked at first.
        await by_palette(window, ">Coterie: Focus on Runs View", "Coterie: Focus on Runs View", tree)
        await window.press("Home", "Shift+F10")
        await entry.wait_for()

    async def choose() -> None:
        if not await entry.is_visible():
            await open_menu()
        for _ in range(MOST_ITEMS):
            if await chosen.is_visible():
                break
            await window.press("ArrowDown")
        await window.press("Enter")

    await window.until(choose, asked, "the question whether all is to be undone")

    async def is_answered() -> bool:
        return not await asked.is_visible()

    await expect(asked.get_by_role("button", name="Undo the Run")).to_be_focused()
    await window.until(lambda: window.press("Enter"), is_answered, "the question to be answered")


async def set_a_budget(window: Window, settings: Path) -> None:
    """Change a number in the settings view."""
    tab = window.page.get_by_role("tab", name=re.compile("^Coterie Settings"))
    await by_palette(window, ">Coterie: Open Settings", "Coterie: Open Settings", tab)
    view = await window.webview(".sections")
    await tab_to(window, view.get_by_role("button", name="Budgets", exact=True), "Tab")
    await window.press("Enter")
    await tab_to(window, view.get_by_label("A run, in US dollars"), "Tab")
    await window.screenshot("settings", ("dark", "light", "contrast"))
    # VS Code selects all of a page in its own time, which may be in the middle of what is typed.
    await window.press("End", "Shift+Home")
    await window.type("2.5")
    await window.press("Enter")

    async def is_saved() -> bool:
        return "usd = 2.5" in settings.read_text(encoding="utf-8")

    await window.comes_true(is_saved, "the budget in the file of settings")
