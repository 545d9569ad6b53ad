"""What a person does in VS Code who has no pointer: goes to elements of a page by Tab, and runs commands by typing their titles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Locator

from editors.window import Window

MOST_STOPS = 30
"""How many elements of a page may come before the one that is meant."""
UNMARKED = """(element) => {
  const now = element.ownerDocument.activeElement;
  const marked = now.matches('textarea') ? now.closest('.box') : now;
  const { outlineStyle, borderColor } = getComputedStyle(marked);
  const focus = Object.assign(document.createElement('i'), { style: 'border: 1px solid var(--vscode-focusBorder)' });
  document.body.append(focus);
  const isMarked = outlineStyle !== 'none' || borderColor === getComputedStyle(focus).borderColor;
  focus.remove();
  return now === document.body || isMarked ? null : now.outerHTML.slice(0, 200);
}"""
"""What has the focus, where nobody can see that it has."""


async def tab_to(window: Window, element: Locator, key: str) -> None:
    """Go to an element by Tab or Shift+Tab: it has to come before all that can have the focus was passed, and each says that it has it."""

    async def has_focus() -> bool:
        return bool(await element.evaluate("(element) => element === document.activeElement"))

    for _ in range(MOST_STOPS):
        assert not (unmarked := await element.evaluate(UNMARKED)), f"nothing shows that this has the focus: {unmarked}"
        if await has_focus():
            return
        await window.press(key)
    raise AssertionError(f"{element} is not reached by {MOST_STOPS} times {key}")


async def by_palette(window: Window, typed: str, label: str, effect: Locator | Callable[[], Awaitable[bool]]) -> None:
    """Type into Quick Open until what has this label is chosen by Enter and has had its effect; a command is typed behind a `>`."""
    chosen = window.page.locator(".quick-input-list .monaco-list-row.focused", has_text=label)

    async def run() -> None:
        if not await window.given.is_visible():
            await window.press("F1")
            await window.given.wait_for()
        await window.press("Control+a")
        await window.type(typed)
        await chosen.wait_for()
        await window.press("Enter")

    await window.until(run, effect, f"the effect of {label!r}")
