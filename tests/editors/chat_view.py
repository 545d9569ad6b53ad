"""The chat of the VS Code extension, for the stories that go there."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from playwright.async_api import Error, Frame, Locator, expect

from editors.window import Window


async def new_chat(window: Window) -> Frame:
    """Begin a chat, and return its page once one can write."""
    await window.command("Coterie: New Chat")
    chat = await window.webview(".composer textarea")
    await expect(chat.get_by_role("heading", name="What shall we do?")).to_be_visible()
    return chat


def field(chat: Frame) -> Locator:
    """Return where one writes."""
    return chat.get_by_role("combobox", name="Message")


async def written(window: Window) -> Sequence[str]:
    """Return what is being written in each page of a chat."""
    texts = []
    for page in window.page.frames:
        with contextlib.suppress(Error):  # a page that just went away
            if await page.locator(".composer textarea").count():
                texts.append(await field(page).input_value())
    return texts


async def say(window: Window, chat: Frame, text: str) -> None:
    """Write something, send it, and see it in the chat."""
    box = field(chat)
    sent = False

    async def send() -> None:
        nonlocal sent
        # While it is on its way nothing can be written.
        if await box.is_editable():
            await box.fill(text)
            await box.press("Enter")
            sent = True

    async def is_taken() -> bool:
        return sent and await box.input_value() == ""

    await window.until(send, is_taken, f"{text!r} to be sent")
    await chat.locator(".user", has_text=text).last.wait_for()


async def push_in(window: Window, row: Locator, button: str) -> None:
    """Push a button that a row shows while the pointer is there."""
    await window.click(row.get_by_role("button", name=button), under=row)


async def choose_who(window: Window, chat: Frame, name: str) -> None:
    """Choose who answers: an agent, or a workflow."""
    picker = chat.get_by_role("button", name=re.compile("^Who answers"))

    async def choose() -> None:
        if not await window.given.is_visible():
            await picker.click()
        await window.given.fill(name)
        await window.page.locator(".quick-input-list .monaco-list-row.focused", has_text=name).wait_for()
        await window.press("Enter")

    await window.until(choose, picker.filter(has_text=re.compile(name, re.IGNORECASE)), f"{name!r} to answer")
