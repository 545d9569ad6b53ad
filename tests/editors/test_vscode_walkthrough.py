"""The first start in the real VS Code: a walkthrough that says what this machine has, and leads to a chat that answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from editors.chat_view import field, say
from editors.ollama import ANSWER, ollama
from editors.settings_view import section
from editors.stage import staged
from editors.terminal import BOUND_S
from editors.vscode import code_server
from editors.window import THEMES, Window
from raw_http_server import raw_http_server
from served import fixture

pytestmark = pytest.mark.editors
expect.set_options(timeout=1000 * BOUND_S)


async def test_the_walkthrough_finds_what_this_machine_has_and_leads_to_a_first_chat(tmp_path: Path) -> None:
    async with raw_http_server(ollama()) as box, staged(tmp_path, [fixture("nobody", 0, text="Never asked.")]) as stage:
        file = Path(stage.environment["COTERIE_HOME"]) / "config.toml"
        file.write_text("discovery = false\n", encoding="utf-8")
        stage.environment["OLLAMA_HOST"] = box.url
        async with code_server(stage) as code, code.window("walkthrough") as window:
            page = window.page.locator(".gettingStartedContainer")
            done = page.locator(".codicon-getting-started-step-checked")
            await window.palette(">Welcome: Open Walkthrough...", "Welcome: Open Walkthrough...")
            await window.choose("Get Started with Coterie")
            await step(window, page, "Find a First Model", "Enter a Key")
            await window.screenshot("without", themes=tuple(THEMES))
            assert await done.count() == 0

            # A chat says what is missing, and leads there.
            await window.command("Coterie: New Chat")
            chat = await window.webview(".composer textarea")
            await chat.get_by_role("heading", name="Choose a model to begin").wait_for()
            await expect(field(chat)).to_have_attribute("placeholder", "Choose a model first")
            await expect(chat.get_by_role("button", name="Send")).to_be_disabled()
            await window.screenshot("no-model", themes=tuple(THEMES))
            await window.click(chat.get_by_role("button", name="Set Up a Model"))
            await (await window.webview(".sections")).get_by_role("heading", name="Providers").wait_for()

            # The person lets Coterie look around; what it finds is told in the walkthrough, which is still open.
            view = await section(window, "Providers")
            await view.get_by_text("None yet.").wait_for()
            await window.screenshot("no-providers")
            await window.click(view.get_by_role("checkbox", name="Discovery"))
            await view.get_by_role("region", name="ollama").get_by_text("from the environment").wait_for()
            await window.until(window.page.locator(".tab", has_text="Welcome").click, page, "the walkthrough again")
            await step(window, page, "See What This Machine Has", "Show Providers")
            await done.first.wait_for()
            look = page.get_by_role("button", name="Find Models on This Machine")
            found = window.notification("ollama answers.")
            await window.until(look.click, found, "what was found")
            await window.screenshot("found", themes=tuple(THEMES))

            await window.click(found.get_by_role("button", name="Start a Chat"))
            chat = await window.webview(".composer textarea")
            await chat.get_by_role("heading", name="What shall we do?").wait_for()
            await say(window, chat, "What is missing?")
            await window.shows(ANSWER)
            await done.nth(1).wait_for()
            await window.screenshot("begun")


async def step(window: Window, page: Locator, title: str, link: str) -> None:
    """Open a step that has a link."""
    await window.until(page.get_by_text(title, exact=True).first.click, page.get_by_role("button", name=link), f"the step {title!r}")
