"""The views of runs and of reviews of the VS Code extension, for the stories that go there."""

from __future__ import annotations

import re

from playwright.async_api import Locator

from editors.window import Window


async def run_agent(window: Window, agent: str, prompt: str, limit: str = "As the Settings Say") -> None:
    """Let an agent do something, from the palette."""
    await window.command("Coterie: Run an Agent…")
    await window.choose(agent)
    await window.shows("What is to be done?")
    await window.answer(prompt)
    await window.choose(limit)


async def make_room(window: Window, *views: str) -> None:
    """Fold views beside that of the runs, by default those above it: what is not on the screen is no row."""
    for view in views or ("Chat", "Chats"):
        header = window.page.locator(".pane-header", has=window.page.locator(f'h3.title:text-is("{view}")')).first
        await header.wait_for()
        if await header.get_attribute("aria-expanded") == "true":
            await window.until(header.click, header.and_(window.page.locator("[aria-expanded=false]")), f"{view} to be folded")


def run_row(window: Window, label: str) -> Locator:
    """Return the row of the view of runs whose label begins so."""
    return window.page.get_by_role("tree", name="Runs").get_by_role("treeitem", name=re.compile(rf"^{re.escape(label)}(\W|$)")).first


async def unfold(window: Window, label: str) -> None:
    """Unfold a row of the view of runs by its arrow: a click on its label would show what it is about."""
    row = run_row(window, label)
    arrow = row.locator(".monaco-tl-twistie")
    await window.until(arrow.click, row.and_(window.page.locator("[aria-expanded=true]")), f"{label!r} to be unfolded")


def lens(window: Window, title: str) -> Locator:
    """Return the lenses with a title, from above to below."""
    return window.page.locator(".editor-group-container.active .codelens-decoration a:visible", has_text=re.compile(rf"^\s*{title}$"))
