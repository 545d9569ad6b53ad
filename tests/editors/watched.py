"""A page that is watched: what can be read in it, waits for what comes true, and acts that are repeated until they had their effect.

`editors.window` makes a window of VS Code of it. VS Code draws rows, menus and bars anew under the pointer, and a click or a key that falls
between two drawings is lost; so no story acts once and hopes: it acts `until` the effect can be seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.async_api import Error, Locator, Page

from editors.terminal import BOUND_S

PATIENCE_S = 3.0
"""How long the effect of an act is waited for before the act is repeated; twice as long each time, for a machine that is slow."""
MOST_PATIENCE_S = 4 * PATIENCE_S
"""No longer than this, so that what was missed a few times is tried again."""
CHANGED = """() => new Promise((resolve) => {
  const done = () => { observer.disconnect(); resolve(); };
  const observer = new MutationObserver(() => setTimeout(done, 50));
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  setTimeout(done, 250);
})"""
"""Ends soon after something changes on the page (not at once: a spinner changes it all the time), or after a quarter of a second, because
what a webview shows is a page of its own."""

LISTEN = """(element) => {
  const names = (each) => [each.tagName, each.getAttribute('aria-label'), each.textContent].join();
  const wanted = names(element);
  const listener = { heard: false };
  const listen = (event) => { listener.heard ||= event.composedPath().some((each) => each instanceof Element && names(each) === wanted); };
  element.ownerDocument.defaultView.addEventListener('click', listen, { capture: true });
  return listener;
}"""
"""Listens for a click on an element, or on one of the same name that was drawn in its place."""


@dataclass
class Watched:
    """One page, with the pages of the webviews in it."""

    page: Page
    _waits_s: float = field(default=BOUND_S, init=False, kw_only=True)
    """How long Playwright waits for an element."""

    async def text(self) -> str:
        """Return all that can be read in the window, webviews too."""
        parts = []
        for frame in self.page.frames:
            if "webWorkerExtensionHost" in frame.url:  # shows nothing; its script would count as text
                continue
            try:
                parts.append(await frame.evaluate("document.body ? document.body.innerText : ''"))
            except Error:  # a frame that just went away
                continue
        return "\n".join(parts).replace("\u00a0", " ")

    async def shows(self, *texts: str) -> None:
        """Wait until all these texts can be read somewhere in the window."""

        async def ask() -> bool:
            everything = await self.text()
            return all(text in everything for text in texts)

        await self.comes_true(ask, f"{texts} in the window")

    async def hides(self, *texts: str) -> None:
        """Wait until none of these texts can be read in the window."""

        async def ask() -> bool:
            everything = await self.text()
            return not any(text in everything for text in texts)

        await self.comes_true(ask, f"no {texts} in the window")

    async def comes_true(self, ask: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait until the answer to a question is yes; it is asked again after each change of the page."""
        try:
            async with asyncio.timeout(BOUND_S):
                while not await ask():
                    await self.next_change()
        except TimeoutError:
            raise AssertionError(f"waited {BOUND_S:.0f} s for {what}; the window:\n{await self.text()}") from None

    async def until(self, act: Callable[[], Awaitable[object]], effect: Locator | Callable[[], Awaitable[bool]], what: str) -> None:
        """Act until the effect can be seen: something is visible, or the answer to a question is yes.

        The act must be one that does no harm when it is done again, because an effect may come after it was waited for. Nothing is done
        where the effect is there already. Within an act Playwright waits for an element for a moment alone: the act is done again anyway.
        """
        seen = effect.is_visible if isinstance(effect, Locator) else effect
        trouble = "each act was done"
        try:
            async with asyncio.timeout(BOUND_S):
                if await seen():
                    return
                for attempt in itertools.count():
                    try:
                        with self.impatient():
                            await act()
                    except Error as error:
                        trouble = f"an act failed: {error.message}"
                    if await self.within(min(PATIENCE_S * 2**attempt, MOST_PATIENCE_S), seen):
                        return
        except TimeoutError:
            raise AssertionError(f"acted for {BOUND_S:.0f} s for {what}; {trouble}; the window:\n{await self.text()}") from None

    async def click(self, element: Locator, *, under: Locator | None = None) -> None:
        """Click on what can be seen no effect of by this click alone, or may be clicked on once only, and see that it heard.

        Playwright presses the button of the mouse on the element and lets it go at the same place, where another element may be by then.

        Args:
            element: What is clicked on.
            under: What the pointer must be over for the element to be there. The pointer is moved there at each try: what is under it may
                have moved on since.
        """
        heard = False

        async def click() -> None:
            nonlocal heard
            if under:
                await under.hover()
            listener = await element.evaluate_handle(LISTEN)
            await element.click()
            heard = await listener.evaluate("(listener) => listener.heard")

        async def has_heard() -> bool:
            return heard

        await self.until(click, has_heard, f"a click on {element}")

    async def within(self, bound_s: float, ask: Callable[[], Awaitable[bool]]) -> bool:
        """Wait for a time until the answer to a question is yes, and return whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(bound_s):
                while not await ask():
                    await self.next_change()
                return True
        return await ask()

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """Let Playwright give up an element soon, in a block that is done again, also where such a block is in another."""
        before, self._waits_s = self._waits_s, PATIENCE_S
        self.page.set_default_timeout(1000 * self._waits_s)
        try:
            yield
        finally:
            self._waits_s = before
            self.page.set_default_timeout(1000 * self._waits_s)

    async def next_change(self) -> None:
        """Wait until something changes on the page, or for a moment."""
        try:
            await self.page.evaluate(CHANGED)
        except Error:
            # The page that was watched is gone; while it is loaded again there is another.
            if self.page.is_closed():
                raise
