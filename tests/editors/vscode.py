"""VS Code itself: its own server (code-server), and a headless browser in whose pages its windows are.

How to write a test of a view, whole:

    async def test_the_chat_answers(tmp_path: Path) -> None:
        async with staged(tmp_path, [fixture("chat-model", 0, text="It subtracts.")]) as stage, vscode(stage, "chat") as window:
            await window.command("Coterie: New Chat")            # the palette
            chat = await window.webview("textarea")              # the frame of the webview that holds such an element
            await chat.locator("textarea").fill("What does it do?")
            await window.press("Enter")
            await window.shows("It subtracts.")                  # anywhere, webviews too
            await window.screenshot("answered")                  # build/screens/chat-answered-{dark,light}.png

`vscode` is one VS Code with one window on the stage's project, attached to the server; with `file` that file is open. It takes ten
seconds to start, so tests share one where they can, as those of `test_vscode` do: a fixture of the module yields `code_server(stage)`, and
each test takes `shared(code, name, fixtures)`, a window on a project of its own and what the models answer in it. Two windows at once are
two of `code.window(name, project)`. `editors.window` has what can be done in a window. What it has no verb for is done `until` its effect
can be seen, and buttons of webviews by `click`, because a single click may be lost (`editors.watched`).

The extension is the one that `make vscode` built. Everything lives in the stage's home and is gone with it; neither the browser nor VS Code
can reach another machine. When a window's block fails, its screen and all that can be read in it are kept (build/screens/failed) and the
ends of all logs are told.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Browser, BrowserContext, ViewportSize, async_playwright

from editors.stage import BIN, Stage
from editors.terminal import BOUND_S, LOG_LINES, LOG_WIDTH, is_of_shared_server, output
from editors.window import Profile, Window
from repository import ROOT

EXTENSION = ROOT / "build" / "coterie.vsix"
SIZE = ViewportSize(width=1280, height=800)
QUIET = {
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",  # what is saved is what a person saved
    "git.openRepositoryInParentFolders": "never",
    "security.workspace.trust.enabled": False,
    "security.workspace.trust.startupPrompt": "never",
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "window.restoreWindows": "none",
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.enableExperiments": False,
    "workbench.hover.delay": 3_600_000,  # ms: the tooltip of a row lies over the rows below, on which a story acts next
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "chat.disableAIFeatures": True,  # VS Code's own, which ask for an account
}
"""A VS Code that says and asks nothing by itself."""
BROWSER = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
NOWHERE = json.dumps({"serviceUrl": "http://127.0.0.1:9"})
"""Instead of the gallery of extensions."""
GRACE_S = "10"
"""How long the extensions of a page that could not say that it goes wait for it; they are an editor of the server meanwhile."""
LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")


@dataclass
class CodeServer:
    """One running VS Code; its windows are pages of one browser, as they are one person's."""

    stage: Stage
    profile: Profile
    address: str
    process: asyncio.subprocess.Process
    browser: BrowserContext
    windows: list[Window] = field(default_factory=list)
    seen: set[psutil.Process] = field(default_factory=set)

    @asynccontextmanager
    async def window(self, name: str, project: Path | None = None, *, attached: bool = True) -> AsyncIterator[Window]:
        """Open a folder, by default the stage's project, in a window until the block ends.

        `name` begins the names of its kept screens. With `attached`, wait until the server counts it among its editors.
        """
        window = Window(await self.browser.new_page(), self.profile, self.address, name, project or self.stage.project)
        # A window with unsaved text asks before it goes.
        window.page.on("dialog", lambda dialog: dialog.accept())
        self.windows.append(window)
        try:
            await window.load()
            if attached:
                await window.attached()
                await self.stage.told(f"Editors: {len(self.windows)}.", "daemon", "status")
            yield window
        except BaseException as failure:
            await self._explain(failure, window)
            raise
        finally:
            self.family()
            self.windows.remove(window)
            await window.page.close()

    def family(self) -> set[psutil.Process]:
        """Return VS Code's processes as far as they were seen; the host of a window's extensions outlives the window."""
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.process.pid)
            self.seen |= {root, *root.children(recursive=True)}
        return self.seen

    async def stop(self) -> None:
        """End VS Code, and see that nothing of it is left."""
        # Asked kindly, the host of a window's extensions would wait for its window to come back.
        ours = [process for process in self.family() if not is_of_shared_server(process)]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for process in ours:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert self.process.stdout is not None
        await asyncio.wait_for(self.process.stdout.read(), BOUND_S)
        await asyncio.wait_for(self.process.wait(), BOUND_S)
        _, alive = await asyncio.to_thread(psutil.wait_procs, ours, BOUND_S)
        assert not alive, f"still running after VS Code is gone: {alive}"

    async def _explain(self, failure: BaseException, window: Window) -> None:
        await window.keep_failed()
        servers = [log for kept in ("COTERIE_HOME", "XDG_RUNTIME_DIR") for log in Path(self.stage.environment[kept]).rglob("*.log")]
        said = {log.name: log.read_text(encoding="utf-8", errors="replace").splitlines() for log in servers}
        for name, lines in {"the window's console": window.console, "the extension's log": window.log().splitlines(), **said}.items():
            failure.add_note("\n".join([f"the end of {name}:", *(line[:LOG_WIDTH] for line in lines[-LOG_LINES:])]))


def program(name: str) -> str:
    """Return the path of an installed program."""
    folder = os.environ.get("COTERIE_VSCODE_BIN")
    assert folder, "VS Code is not installed: run `make test-editors`"
    return str(Path(folder) / name)


@asynccontextmanager
async def code_server(
    stage: Stage, settings: Mapping[str, Any] | None = None, *, extension: Path | None = EXTENSION, beside: Sequence[Path] = ()
) -> AsyncIterator[CodeServer]:
    """Run VS Code with the extension, and others beside it, until the block ends; `settings` are the person's, over the quiet ones."""
    assert extension is None or extension.exists(), "the extension is not built: run `make vscode`"
    folder = stage.home / ("vscode" if extension is not None else "vscode-bare")
    folder.mkdir()
    (folder / "code-server.yaml").write_text("auth: none\n", encoding="utf-8")
    environment = {**stage.environment, "EXTENSIONS_GALLERY": NOWHERE}
    argv = [program("code-server"), "--config", f"{folder}/code-server.yaml"]
    argv += ["--user-data-dir", f"{folder}/data", "--extensions-dir", f"{folder}/extensions"]
    for each in (*([extension] if extension is not None else []), *beside):
        await output([*argv, "--install-extension", str(each)], environment)
    quiet = ("--disable-telemetry", "--disable-update-check", "--disable-getting-started-override", "--reconnection-grace-time", GRACE_S)
    async with browser() as chromium:
        process = await asyncio.create_subprocess_exec(
            *(*argv, "--bind-addr", "127.0.0.1:0", *quiet),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            cwd=stage.home,
            start_new_session=True,
            limit=1 << 24,  # read by nobody once it listens
        )
        context = await chromium.new_context(viewport=SIZE)
        context.set_default_timeout(1000 * BOUND_S)
        code = CodeServer(stage, Profile(folder / "data"), "", process, context)
        try:
            code.address = await asyncio.wait_for(listening(process), BOUND_S)
            code.profile.configure({**QUIET, "coterie.server.command": [str(BIN / "coterie")], **(settings or {})})
            yield code
        finally:
            await context.close()
            await code.stop()


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Run the machine's browser without a screen."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program("chromium"), args=list(BROWSER))
        try:
            yield chromium
        finally:
            await chromium.close()


async def listening(process: asyncio.subprocess.Process) -> str:
    """Return where VS Code listens, as it says."""
    assert process.stdout is not None
    said = []
    async for line in process.stdout:
        said.append(line.decode(errors="replace"))
        if found := LISTENING.search(said[-1]):
            return found[1]
    raise AssertionError("code-server did not start:\n" + "".join(said))


@asynccontextmanager
async def vscode(stage: Stage, name: str, file: str | None = None, settings: Mapping[str, Any] | None = None) -> AsyncIterator[Window]:
    """Run one VS Code with one window on the stage's project, attached to the server, until the block ends."""
    async with code_server(stage, settings) as code, code.window(name) as window:
        if file:
            await window.open(file)
        yield window


@asynccontextmanager
async def shared(code: CodeServer, name: str, fixtures: Sequence[Mapping[str, Any]]) -> AsyncIterator[Window]:
    """Open a window on a new project in a VS Code that others have used, and let the models answer from these fixtures."""
    await code.stage.host.answer_with(fixtures)
    async with code.window(name, await code.stage.another(name)) as window:
        yield window
