"""The extension in the real VS Code: it is installed and found to work, is typed with, and survives its server and its window."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import psutil
import pytest
import pytest_asyncio

from editors.stage import BIN, EDIT, Stage, staged
from editors.vscode import CodeServer, code_server, shared
from editors.window import Window
from served import BROKEN, FIXED, fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio(loop_scope="module")]

BODY = "return a * b + c"
FILL = {"match": {"model": "fill-model"}, "response": {"content": BODY}}
BEFORE = f"{BROKEN}\ndef madd(a, b, c):\n    "


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def code(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodeServer]:
    """Return the one VS Code of these tests."""
    async with staged(tmp_path_factory.mktemp("vscode"), [FILL]) as stage, code_server(stage) as code:
        yield code


async def begin(window: Window) -> None:
    """Write the head of a function at the end of the file, with the cursor where its body is to be.

    In a young window VS Code may not know yet that a line is indented there, so what it made of that is replaced.
    """
    await window.press("Control+End")
    await window.type("\ndef madd(a, b, c):\n")
    await window.press("Shift+Home")
    await window.type("    ")


async def relays(stage: Stage) -> set[psutil.Process]:
    """Return the processes that stand between the windows and the shared server."""
    return {process for process in psutil.process_iter() if is_relay(process, stage)}


def is_relay(process: psutil.Process, stage: Stage) -> bool:
    """Say whether a process is a relay of this stage."""
    try:
        return process.cmdline()[-1:] == ["attach"] and process.environ().get("COTERIE_HOME") == stage.environment["COTERIE_HOME"]
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


async def test_it_is_installed_finds_its_server_and_shows_its_log(code: CodeServer) -> None:
    async with shared(code, "installed", [FILL]) as window:
        await window.logged("found by: settings")
        await window.command("Coterie: Show the Log")
        await window.shows("The server is", "found by: settings")
        await window.screenshot("log")


async def test_ghost_text_is_taken_by_word_and_as_a_whole_and_the_server_is_told(code: CodeServer) -> None:
    async with shared(code, "ghost", [FILL]) as window:
        await window.trace()
        await window.open("calc.py")
        await begin(window)
        await window.suggests(BODY)
        await window.screenshot("shown")
        assert await window.document() == BEFORE, "nothing of it is in the buffer"
        asked = len(await code.stage.host.journal())

        await window.press("Control+ArrowRight")
        await window.reads(f"{BEFORE}return")
        await window.suggests(BODY.removeprefix("return"))
        await window.screenshot("partly")
        await window.logged('"state": "partly_accepted"')
        await window.press("Tab")
        await window.reads(f"{BEFORE}{BODY}")
        await window.logged('"state": "accepted"')
        assert len(await code.stage.host.journal()) == asked, "what was taken in two steps is one suggestion"


async def test_a_run_edits_the_open_buffer_and_leaves_saving_to_the_person(code: CodeServer) -> None:
    fixtures = [fixture("chat-model", 0, calls=[("edit_file", EDIT)]), fixture("chat-model", 1, text="It adds now.")]
    async with shared(code, "action", fixtures) as window:
        await window.open("calc.py")
        await window.act("Document with Coterie")
        await window.reads(FIXED)
        await window.screenshot("edited")
        file = window.project / "calc.py"
        assert file.read_text(encoding="utf-8") == BROKEN

        async def is_saved() -> bool:
            return file.read_text(encoding="utf-8") == FIXED

        await window.until(lambda: window.press("Control+s"), is_saved, "the file to be saved")


@pytest.mark.parametrize("victim", ["server", "relay"])
async def test_a_killed_server_is_back_and_suggests(code: CodeServer, victim: str) -> None:
    async with shared(code, f"killed-{victim}", [FILL]) as window:
        await window.open("calc.py")
        [relay] = await relays(code.stage)
        killed = await code.stage.server() if victim == "server" else relay
        killed.kill()
        await window.comes_true(lambda: gone(killed), "the end of the process")

        await code.stage.told("Editors: 1.", "daemon", "status")
        await begin(window)
        await window.suggests(BODY)
        await window.press("Tab")
        await window.reads(f"{BEFORE}{BODY}")


async def gone(process: psutil.Process) -> bool:
    """Say whether a process has ended."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_a_window_is_loaded_again_beside_another_and_each_has_its_own_text(code: CodeServer) -> None:
    async with shared(code, "first", [FILL]) as first:
        await first.open("calc.py")
        async with code.window("second", await code.stage.another("second")) as second:
            await second.open("calc.py")
            await begin(second)
            await second.suggests(BODY)
            assert await first.ghost() == ""
            assert await first.document() == BROKEN

            await first.reload()
            await first.attached()
            await first.reads(BROKEN)
        await code.stage.told("Editors: 1.", "daemon", "status")


async def test_a_folder_that_is_not_trusted_does_not_say_which_server_is_started(code: CodeServer) -> None:
    project = await code.stage.another("untrusted")
    (project / ".vscode").mkdir()
    theirs = {"coterie.server.command": [str(project / "theirs")], "coterie.trace.server": "messages"}
    (project / ".vscode" / "settings.json").write_text(json.dumps(theirs), encoding="utf-8")
    code.profile.configure({"security.workspace.trust.enabled": True})
    try:
        async with code.window("untrusted", project) as window:
            await window.shows("Restricted Mode")
            await window.screenshot("restricted")
            assert str(BIN / "coterie") in window.log()
            assert "theirs" not in window.log()
    finally:
        code.profile.configure({"security.workspace.trust.enabled": False})
