"""The settings view of the VS Code extension, for the stories that go there."""

from __future__ import annotations

from playwright.async_api import Frame

from editors.window import Window


async def section(window: Window, name: str) -> Frame:
    """Open the view at a section, and return its page."""
    await window.command("Coterie: Open Settings")
    view = await window.webview(".sections")
    await turn_to(window, view, name)
    return view


async def turn_to(window: Window, view: Frame, name: str) -> None:
    """Open another section of the view."""
    link = view.get_by_role("button", name=name, exact=True)
    await window.until(link.click, view.get_by_role("heading", name=name, exact=True), f"the section {name!r}")
