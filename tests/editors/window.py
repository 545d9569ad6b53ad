"""What a person does and sees in a window of VS Code (`editors.vscode` opens one).

The page is VS Code itself, so its class names are what there is to hold on to. Nothing sleeps: a wait looks again when the page changes.
Each verb repeats itself until it had its effect (`editors.watched` says why), but for `press` and `type`, which are for where the focus is
known: what has to come of a key is waited for, and where a key can be pressed again without harm, it is pressed `until` then. A file is
saved when it is saved (`press("Control+s")`); progress that takes less than a second is never shown by VS Code.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Error, Frame, Locator

from editors.watched import Watched
from repository import ROOT

SCREENS = ROOT / "build" / "screens"
THEMES = {
    "dark": ("Default Dark Modern", "vs-dark"),
    "light": ("Default Light Modern", "vs"),
    "contrast": ("Default High Contrast", "hc-black"),
    "contrast-light": ("Default High Contrast Light", "hc-light"),
}
DIFFS = ".monaco-diff-editor *, .multiDiffEditor *"
LOADED_S = 15.0
"""How long a window that is loaded may take to list its folders, before it is loaded again."""
LOOKS_BEFORE_A_KEY = 20
KEEPING_S = 20.0
"""How long a window whose story failed may take to show itself: less than what pytest leaves of the story's time."""
LINES = """(ghost) => {
  const cell = document.querySelector('.notebookOverlay .monaco-editor.focused[data-uri]');
  const editor = cell ?? document.querySelector('.editor-group-container.active .monaco-editor[data-uri]');
  if (!editor) return null;
  const isGhost = '[class*="ghost-text"], .suggest-preview-text';
  const top = (each) => each.getBoundingClientRect().top;
  const said = [...editor.querySelectorAll('.view-lines .view-line, .view-zones .suggest-preview-text .view-line')]
    .sort((one, other) => top(one) - top(other))
    .map((line) => {
      if (line.closest('.view-zones')) return ghost ? line.textContent : null;
      const parts = [...line.querySelectorAll(':scope > span > span')].filter((part) => ghost === part.matches(isGhost));
      return parts.map((part) => part.textContent).join('');
    })
    .filter((line) => line !== null);
  return said.join('\\n').replaceAll('\\u00a0', ' ').replaceAll('\\u200b', '');
}"""
"""The lines of the active editor, or of the cell that one types in, that are on the screen, or the ghost text in them."""


@dataclass(frozen=True)
class Profile:
    """What VS Code keeps of a person: settings and logs."""

    folder: Path

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change settings; open windows follow.

        Where VS Code runs on another machine than its window, as here, it watches the settings of that machine alone, and takes what is of
        scope `machine` from there only. The person's own file is read when a window loads.
        """
        for place in ("User", "Machine"):
            file = self.folder / place / "settings.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
            changed = file.with_suffix(".new")
            changed.write_text(json.dumps({**before, **settings}, indent=2), encoding="utf-8")
            changed.replace(file)

    def logs(self, pattern: str = "Coterie") -> Sequence[Path]:
        """Return VS Code's logs with names like that; by default the extension's, which has one for each load of a window."""
        return sorted((self.folder / "logs").rglob(f"{pattern}.log"))


@dataclass
class Window(Watched):
    """One window with one folder, or with several."""

    profile: Profile
    address: str
    name: str
    project: Path
    console: list[str] = field(default_factory=list)
    _before: frozenset[Path] = frozenset()

    # Coming and going

    async def load(self) -> None:
        """Go to the folder, or to the folders that a file `….code-workspace` names, and wait until VS Code shows it."""
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self._before = frozenset(self.profile.logs())
        kind = "workspace" if self.project.suffix == ".code-workspace" else "folder"
        await self.page.goto(f"{self.address}/?{urlencode({kind: str(self.project)})}", wait_until="domcontentloaded")
        await self._ready()
        if kind == "workspace":
            await self._have_folders()

    async def reload(self) -> None:
        """Load the window again, as `Developer: Reload Window` does."""
        self._before = frozenset(self.profile.logs())
        await self.page.reload(wait_until="domcontentloaded")
        await self._ready()

    async def _have_folders(self) -> None:
        """See that the folders of a workspace are there: a window that reads their file too early has none, and does not look again."""
        folders = self.page.locator(".explorer-folders-view .monaco-list-row").first
        if not await self.within(LOADED_S, folders.is_visible):
            await self.until(self.reload, folders, "the workspace's folders")

    async def _ready(self) -> None:
        await self.page.locator(".explorer-folders-view .monaco-list-row, .part.statusbar .statusbar-item").first.wait_for()

    async def attached(self) -> None:
        """Wait until the extension has found its server, since the window was loaded last."""
        await self.logged("found by: ")

    # Hands

    async def type(self, text: str) -> None:
        """Type into whatever has the focus, as a person does: brackets close themselves, lines are indented."""
        await self.page.keyboard.type(text)

    async def press(self, *keys: str) -> None:
        """Press keys by Playwright's names: `Enter`, `Tab`, `Control+ArrowRight`."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def open(self, path: str) -> None:
        """Open a file of the folder from the Explorer, with the cursor at its beginning, and wait until VS Code knows its language."""
        explorer = self.page.locator(".explorer-folders-view")
        await self.until(lambda: self.press("Control+Shift+e"), explorer, "the Explorer")
        *folders, file = path.split("/")
        for folder in folders:
            row = self.row(folder)
            await self.until(row.click, row.and_(self.page.locator("[aria-expanded=true]")), f"{folder} to be unfolded")
        # By its end: the whole name is a path. The same file may stand in a diff as well.
        editor = (
            f'.editor-group-container.active .monaco-editor.focused[data-uri$="/{path}"]:not(.monaco-diff-editor *, .multiDiffEditor *)'
        )
        await self.until(self.row(file).dblclick, self.page.locator(f"{editor} .view-line").first, f"{path} in an editor")
        if re.search(r"[()\[\]{}]", await self.document() or ""):
            # What a language's brackets and indentation are comes with the same file, some time after the text.
            await self.page.locator('.editor-group-container.active .monaco-editor [class*="bracket-highlighting"]').first.wait_for()

    async def command(self, title: str) -> None:
        """Run a command from the palette, by its whole title."""
        await self.palette(f">{title}", title)

    async def palette(self, typed: str, label: str) -> None:
        """Type into Quick Open, and choose what has this label."""
        row = self.offered(label)
        clicked = False

        async def shown() -> bool:
            return await self.given.is_visible() and await self.given.input_value() == typed

        async def choose() -> None:
            nonlocal clicked
            if not (await shown() and await row.is_visible()):
                # What an extension offers is listed once it runs, and not added to a list that is shown.
                if await self.given.is_visible():
                    await self.press("Escape")
                await self.press("F1")
                await self.given.fill(typed)
            await row.click()
            clicked = True

        async def chosen() -> bool:
            return clicked and not await shown()

        await self.until(choose, chosen, f"{label!r} in Quick Open")

    async def choose(self, label: str) -> None:
        """Choose from a list that Quick Open shows."""
        row = self.offered(label)
        await row.wait_for()

        async def chosen() -> bool:
            return not await row.is_visible()

        await self.until(row.click, chosen, f"{label!r} to be chosen")

    @property
    def given(self) -> Locator:
        """Where one types in Quick Open, and in the box that asks for a line."""
        return self.page.locator(".quick-input-widget .quick-input-box input")

    def offered(self, label: str) -> Locator:
        """Return the row of Quick Open's list that has a label."""
        # Playwright writes the pattern between slashes, and escapes none in it.
        escaped = re.escape(label).replace("/", r"\/")
        exact = re.compile(rf"^{escaped}(,.*)?$", re.DOTALL)
        rows = self.page.locator(".quick-input-list")
        return rows.get_by_role("option", name=exact).or_(rows.get_by_role("checkbox", name=exact)).first

    async def trace(self) -> None:
        """Let the extension log each message between it and the server, whole."""
        self.configure({"coterie.trace.server": "verbose"})
        await self.palette(">Developer: Set Log Level...", "Developer: Set Log Level...")
        await self.choose("Coterie")
        await self.choose("Trace")

    async def answer(self, text: str) -> None:
        """Write a line into the box that asks for one."""
        await self.given.wait_for()
        given = False

        async def answer() -> None:
            nonlocal given
            await self.given.fill(text)
            given = True
            await self.given.press("Enter")

        async def taken() -> bool:
            return given and not (await self.given.is_visible() and await self.given.input_value() == text)

        await self.until(answer, taken, f"{text!r} to be taken")

    async def push(self, label: str) -> None:
        """Push a button outside of webviews: of a notification, a dialog, a view's bar."""
        await self.click(self.page.get_by_role("button", name=label, exact=True).first)

    async def push_in(self, row: Locator, label: str) -> None:
        """Push a button in a row of a tree, which is there while the pointer is."""
        # The keys stand behind the label.
        await self.click(row.get_by_role("button", name=re.compile(rf"^{re.escape(label)}( \(|$)")), under=row)

    async def menu(self, row: Locator, item: str) -> None:
        """Choose from the menu of a row."""
        entry = self.page.get_by_role("menuitem", name=re.compile(rf"^{re.escape(item)}(\W|$)"))
        pressed = False

        async def choose() -> None:
            nonlocal pressed
            if not await entry.is_visible():
                if await self.page.get_by_role("menu").first.is_visible():
                    # Of a row that has moved under the pointer: it lies over all of the window until it is closed.
                    await self.press("Escape")
                await row.click(button="right")
            # Not a click: a menu that has just opened takes it for the end of the one that opened it.
            await entry.hover()
            await self.press("Enter")
            pressed = True

        async def chosen() -> bool:
            return pressed and not await entry.is_visible()

        await self.until(choose, chosen, f"{item!r} in a menu")

    async def select(self, row: Locator) -> None:
        """Select a row of a tree, so that keys are for it."""
        await self.until(row.click, row.and_(self.page.locator(".selected.focused")), "a selected row")

    def row(self, label: str) -> Locator:
        """Return the row of a tree whose label begins so."""
        return self.page.get_by_role("treeitem", name=re.compile(rf"^{re.escape(label)}(\W|$)")).first

    def status_item(self, text: str) -> Locator:
        """Return the item of the status bar that has a text."""
        return self.page.locator(".part.statusbar .statusbar-item", has_text=text).first

    def notification(self, text: str) -> Locator:
        """Return the notification that has a text."""
        return self.page.locator(".notification-list-item", has_text=text).first

    async def act(self, title: str) -> None:
        """Choose a code action at the cursor."""
        action = self.page.locator(".action-widget .monaco-list-row", has_text=title).first
        clicked = False

        async def choose() -> None:
            nonlocal clicked
            if not await action.is_visible():
                if await self.page.locator(".action-widget").is_visible():  # without it: other extensions' actions come late
                    await self.press("Escape")
                await self.press("Control+.")
            await action.click()
            clicked = True

        async def chosen() -> bool:
            return clicked and not await action.is_visible()

        await self.until(choose, chosen, f"the code action {title!r}")

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change the person's settings, as if in their file."""
        self.profile.configure(settings)

    # Eyes

    async def document(self) -> str | None:
        """Return the lines of the active editor, as far as they are on the screen and nobody's ghost."""
        return await self._lines(ghost=False)

    async def ghost(self) -> str:
        """Return the ghost text of the active editor."""
        return (await self._lines(ghost=True) or "").strip("\n")

    async def _lines(self, *, ghost: bool) -> str | None:
        said: str | None = await self.page.evaluate(LINES, ghost)
        return said

    async def reads(self, text: str) -> None:
        """Wait until the active editor holds exactly this."""

        async def ask() -> bool:
            return await self.document() == text

        await self.comes_true(ask, f"{text!r} in the editor")

    async def suggests(self, text: str) -> None:
        """Wait until the ghost text is this; "" waits until there is none.

        What comes too late for a person who types is not shown. On a busy machine that happens: a key more, and it is asked for again.
        """
        looks, key_at = 0, LOOKS_BEFORE_A_KEY

        async def ask() -> bool:
            nonlocal looks, key_at
            looks += 1
            if (shown := await self.ghost()) == text:
                return True
            if not shown and looks >= key_at:
                looks, key_at = 0, 2 * key_at  # each key asks anew, and a server that is slow answers none of them in time
                await self.press("x", "Backspace")
            return False

        await self.comes_true(ask, f"the ghost text {text!r}")

    async def webview(self, holds: str) -> Frame:
        """Return the page of the webview that holds an element (a CSS selector), once one does."""
        found: list[Frame] = []

        async def ask() -> bool:
            for frame in self.page.frames[1:]:
                try:
                    if await frame.locator(holds).count():
                        found.append(frame)
                except Error:
                    continue
            return bool(found)

        await self.comes_true(ask, f"a webview with {holds}")
        return found[0]

    def log(self) -> str:
        """Return what the extension has logged since the window was loaded last."""
        ours = [log for log in self.profile.logs() if log not in self._before]
        return "".join(log.read_text(encoding="utf-8", errors="replace") for log in ours)

    async def logged(self, text: str) -> None:
        """Wait until the extension has logged a text."""

        async def ask() -> bool:
            return text in self.log()

        await self.comes_true(ask, f"{text!r} in the extension's log")

    async def saved(self, file: Path, text: str) -> None:
        """Wait until a file on disk holds exactly this."""

        async def ask() -> bool:
            return file.exists() and file.read_text(encoding="utf-8") == text

        await self.comes_true(ask, f"{text!r} in {file.name}")

    async def color(self, theme: str) -> None:
        """Set the color theme by its name in the settings."""
        self.configure({"workbench.colorTheme": theme})

    async def screenshot(self, name: str, themes: Sequence[str] = ("dark", "light")) -> None:
        """Keep the window as it looks in each theme: build/screens/<window>-<name>-<theme>.png."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        for theme in themes:
            setting, kind = THEMES[theme]
            await self.until(partial(self.color, setting), self.page.locator(f".monaco-workbench.{kind}"), f"the {theme} theme")
            await self.page.screenshot(path=SCREENS / f"{self.name}-{name}-{theme}.png", animations="disabled")

    async def keep_failed(self) -> None:
        """Keep what there is to see in a window whose story failed: build/screens/failed/<window>.{txt,png}."""
        folder = SCREENS / "failed"
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(Error, TimeoutError):  # a page that has crashed has neither text nor screen
            async with asyncio.timeout(KEEPING_S):
                (folder / f"{self.name}.txt").write_text(await self.text(), encoding="utf-8")
                await self.page.screenshot(path=folder / f"{self.name}.png")
