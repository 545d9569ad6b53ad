"""The server of the extension in the real VS Code: found in the active environment and by uvx, or installed once a person has said so."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from editors.installing import PYTHON, bare, python_extension, tool, wheels
from editors.stage import BIN, Stage, staged
from editors.terminal import BOUND_S, output
from editors.vscode import code_server
from editors.window import Window
from served import fixture

pytestmark = pytest.mark.editors

ANSWER = fixture("chat-model", 0, text="Nobody asked.")
UNNAMED: Mapping[str, object] = {"coterie.server.command": []}
"""Nobody has said which server it is."""
UNTRUSTED: Mapping[str, object] = {"security.workspace.trust.enabled": True}
"""A folder is not trusted before a person says so."""


@dataclass
class Found:
    """The servers that the extension found. What they are made of is their own, and so is the process that windows share."""

    machine: Stage
    programs: list[list[str]] = field(default_factory=list)

    async def by(self, how: str, window: Window) -> str:
        """Wait until one is found in one of the ways and the window is attached to it, and return its program as the log says it."""
        await window.logged(f"found by: {how}.")
        said: str = re.findall(rf"The server is (.*), found by: {how}\.", window.log())[-1]
        self.programs.append(said.split())
        await window.comes_true(self._attached, f"a window at the server by {how}")
        return said

    async def _attached(self) -> bool:
        return "Editors: 1." in await self._ask("status")

    async def stop(self) -> None:
        """End them."""
        while self.programs:
            await self._ask("stop")
            self.programs.pop()

    async def _ask(self, verb: str) -> str:
        return await output([*self.programs[-1], "daemon", verb], self.machine.environment, cwd=self.machine.project)


@asynccontextmanager
async def without_server(stage: Stage, **more: str) -> AsyncIterator[tuple[Found, Path]]:
    """Make of the stage a machine that has no server on its PATH, with the folder of tools that comes first there."""
    tools = stage.home / "tools"
    found = Found(dataclasses.replace(stage, environment={**bare(stage.environment, tools), **more}))
    try:
        yield found, tools
    finally:
        await found.stop()


async def notified(window: Window, text: str) -> None:
    """Wait for a notification, which VS Code puts away after a while."""
    shown = window.notification(text)
    if not await window.within(BOUND_S / 10, shown.is_visible):
        await window.until(lambda: window.command("Notifications: Show Notifications"), shown, f"the notification {text!r}")


async def push(window: Window, label: str) -> None:
    """Push a button of a notification."""
    button = window.page.locator(".notification-list-item").get_by_role("button", name=label, exact=True).first
    if not await button.is_visible():
        await window.command("Notifications: Show Notifications")
    await button.click()


async def trust(window: Window) -> None:
    """Trust the window's folder."""
    button = window.page.locator(".workspace-trust-editor").get_by_role("button", name="Trust", exact=True)
    await window.until(lambda: window.command("Workspaces: Manage Workspace Trust"), button, "the editor of the folder's trust")

    async def trusted() -> bool:
        return not await window.status_item("Restricted Mode").is_visible()

    await window.until(button.click, trusted, "a trusted folder")


async def test_the_server_is_installed_from_the_extension_once_a_person_says_so(tmp_path: Path) -> None:
    async with staged(tmp_path, [ANSWER]) as stage:
        # pip is told where packages come from as a person tells it.
        pip = stage.home / "pip.conf"
        pip.write_text(f"[global]\nno-index = true\nfind-links = {wheels(stage.home / 'wheels')}\n", encoding="utf-8")
        os.mkfifo(stage.home / "never")
        async with (
            without_server(stage, PIP_CONFIG_FILE=str(pip)) as (found, tools),
            code_server(found.machine, UNNAMED) as code,
            code.window("install", attached=False) as window,
        ):
            await notified(window, "Install it into the extension's own folder?")
            await window.screenshot("asked")
            refused = window.notification("on the PATH there is 3.9")
            await window.until(lambda: push(window, "Install"), refused, "the refusal of a Python that is too old")
            await window.screenshot("too-old", themes=("dark",))

            # This one begins with an environment, and a program of its own goes on writing into it until that is ended, too.
            writes = 'i=0; while :; do i=$((i+1)); echo > "$3/$i"; sleep 0.01; done'
            tool(tools, "python3", f'case "$1" in -c) echo 3 12 ;; *) ({writes}) & exec cat "{stage.home / "never"}" ;; esac')
            await window.push("Try Again")
            store = code.profile.folder / "User" / "globalStorage" / "coterie.coterie" / "server"

            async def begun() -> bool:
                return any(store.glob("env-*/1"))

            async def cleared() -> bool:
                return not any(store.glob("env-*"))

            await window.comes_true(begun, "an environment")
            await notified(window, "making an environment")
            await window.screenshot("installing", themes=("dark",))
            await window.until(lambda: push(window, "Cancel"), cleared, "the end of the half-made environment")
            assert await window.page.locator(".notification-list-item .codicon-error").count() == 0, "who cancels is not told of a failure"

            tool(tools, "python3", f'exec "{PYTHON}" "$@"')
            await window.command("Coterie: Install the Server")

            async def installed() -> bool:
                return "found by: own." in window.log()

            assert await window.within(2 * BOUND_S, installed), "pip installs it"
            [environment] = store.glob("env-*")
            assert await found.by("own", window) == str(environment / "bin" / "coterie")


async def test_the_server_is_that_of_the_active_environment_once_trusted_or_of_uvx_or_what_the_setting_names(tmp_path: Path) -> None:
    async with staged(tmp_path, [ANSWER]) as stage:
        uv = {"UV_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_PYTHON": str(PYTHON), "UV_FIND_LINKS": str(wheels(stage.home / "wheels"))}
        active = stage.home / "active"
        active.write_text(sys.executable, encoding="utf-8")
        async with (
            without_server(stage, **uv) as (found, tools),
            code_server(found.machine, {**UNNAMED, **UNTRUSTED}, beside=[python_extension(stage.home, active)]) as code,
            code.window("found", attached=False) as window,
        ):
            # An environment may be the folder's own; once the folder is trusted it is looked at without being asked again.
            await notified(window, "Install it into the extension's own folder?")
            await window.shows("Restricted Mode")
            await trust(window)
            assert await found.by("environment", window) == f"{sys.executable} -m coterie"

            tool(tools, "uvx", f'exec "{BIN / "uvx"}" "$@"')
            active.unlink()
            await window.command("Coterie: Restart the Server")
            [wheel] = (code.profile.folder.parent / "extensions").glob("coterie.*/server/*.whl")
            assert await found.by("uvx", window) == f"{tools / 'uvx'} --from {wheel} coterie"

            # What the setting names is started once it is said, and one that never answers does not keep the next one from it.
            never, answers, number = stage.home / "never", BIN / "coterie", stage.home / "silent.pid"
            os.mkfifo(never)
            tool(tools, "silent", f'echo $$ > "{number}.new"; mv "{number}.new" "{number}"; exec cat "{never}"')
            window.configure({"coterie.server.command": [str(tools / "silent")]})

            async def starts() -> bool:
                return number.exists()

            await window.comes_true(starts, "a server that never answers")
            silent = psutil.Process(int(number.read_text(encoding="utf-8")))
            window.configure({"coterie.server.command": [str(answers)]})
            await window.logged(f"The server is {answers}, found by: settings.")
            assert await found.by("settings", window) == str(answers)
            assert not silent.is_running(), "it was ended"
