"""Reading in the real VS Code: endless words in a side bar as narrow as it gets, all at twice the size, and text from right to left."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from playwright.async_api import Error, ViewportSize, expect

from editors.chat_view import new_chat, say
from editors.settings_view import turn_to
from editors.stage import staged
from editors.terminal import BOUND_S
from editors.vscode import SIZE, vscode
from editors.window import Window
from served import fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio]
expect.set_options(timeout=1000 * BOUND_S)

NARROW = 200
TWICE = ViewportSize(width=SIZE["width"] // 2, height=SIZE["height"] // 2)
"""What a person has on the screen who enlarges all of it to 200 %."""
ENDLESS = "rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 3
TOUCH = ("execute_command", {"command": f"touch {ENDLESS}"})
ANSWER = f"""## {ENDLESS}

In `{ENDLESS}` and [{ENDLESS}](https://example.org/{ENDLESS}) it is so.

הקוד מחסר, אבל נקרא `add`.

- ראשון
- שני

> כך זה כתוב

| {ENDLESS} | b |
|---|---|
| 1 | {ENDLESS} |

```python
{ENDLESS} = 1
```
"""
ASKED = "למה add מחסר?"
DIRECTION = "(element) => getComputedStyle(element).direction"
WIDER = """() => [document.scrollingElement, ...document.querySelectorAll('main, .transcript, .row, .composer, .sections, section')]
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => `${each.tagName}.${each.className}: ${each.scrollWidth} in ${each.clientWidth}`)"""
"""What of a page can be seen by going sideways alone, in which no person would look for it. Code and tables have bars of their own."""


async def narrow(window: Window) -> None:
    """Draw the edge of the side bar to the left, as far as it goes."""
    bar, mouse = window.page.locator(".part.sidebar"), window.page.mouse

    async def width() -> tuple[float, float, float]:
        box = await bar.bounding_box()
        assert box is not None
        return box["x"], box["width"], box["y"] + box["height"] / 2

    async def draw() -> None:
        left, wide, middle = await width()
        await mouse.move(left + wide, middle)
        await mouse.down()
        await mouse.move(left + wide - 40, middle)
        await mouse.move(left + NARROW, middle)
        await mouse.up()

    async def is_narrow() -> bool:
        return (await width())[1] <= NARROW

    await window.until(draw, is_narrow, "a narrow side bar")


async def fits(window: Window, holds: str, what: str) -> None:
    """See that nothing lies beside what can be seen of a page, the one that holds an element."""
    found: list[object] = ["nothing yet"]

    async def all_is_there() -> bool:
        with contextlib.suppress(Error):  # a page that just went away
            found[:] = await (await window.webview(holds)).evaluate(WIDER)
        return not found

    assert await window.within(BOUND_S, all_is_there), f"{what} is wider than its place: {found}"


async def test_all_can_be_read_in_a_narrow_side_bar_and_at_twice_the_size_and_from_the_right(tmp_path: Path) -> None:
    fixtures = [fixture("chat-model", 0, calls=[TOUCH]), fixture("chat-model", 1, text=ANSWER)]
    async with staged(tmp_path, fixtures) as stage, vscode(stage, "reading") as window:
        chat = await new_chat(window)
        await narrow(window)
        await fits(window, ".composer", "a new chat")
        await window.screenshot("new")
        await say(window, chat, ASKED)
        question = chat.locator(".approval[data-state=pending]")
        await expect(question.get_by_role("button", name="Reject always")).to_be_visible()
        await fits(window, ".approval", "a question")
        await window.screenshot("asked", ("dark", "light", "contrast", "contrast-light"))
        await window.click(question.get_by_role("button", name="Allow once"))

        prose = chat.locator(".answer .prose").last
        await expect(prose.locator("table")).to_be_attached()
        for block in ("p >> nth=1", "ul", "blockquote"):
            assert await prose.locator(block).evaluate(DIRECTION) == "rtl", block
        for block in ("h2", "p >> nth=0", "table", "p code >> nth=1", "pre"):
            assert await prose.locator(block).evaluate(DIRECTION) == "ltr", block
        await fits(window, ".answer", "an answer")
        await window.screenshot("answered", ("dark", "light", "contrast", "contrast-light"))

        await window.command("Coterie: Open the Chat in an Editor")
        await window.command("View: Toggle Primary Side Bar Visibility")
        await window.page.set_viewport_size(TWICE)
        await fits(window, ".answer", "a chat in an editor at twice the size")
        await window.screenshot("twice", ("dark", "contrast"))
        await window.command("Coterie: Open Settings")
        view = await window.webview(".sections")
        for name in ("Providers", "Models", "Agents", "Budgets", "Permissions", "Workspaces", "Ghost Text", "More"):
            await turn_to(window, view, name)
            await fits(window, ".sections", f"the section {name}")
        await window.screenshot("settings")
