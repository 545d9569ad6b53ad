"""One golden file for each ``agent/*`` method and command: the params sent, and the result that must come, literally.

For a notification: all that a run with one event of each kind sends.
A file is written by hand or, when a field was added on purpose, by running this test with ``COTERIE_WRITE_GOLDEN=1`` and reading the diff.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from coterie.domain.wire import to_wire
from coterie.lsp import commands, protocol
from coterie.lsp.handlers import AGENT
from lsp_client import BARE, RICH
from lsp_editor import editor

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
WRITE = "COTERIE_WRITE_GOLDEN" in os.environ


def load(name: str) -> Any:
    return json.loads((GOLDEN / f"{name.replace('/', '.')}.json").read_text(encoding="utf-8"))


def compare(name: str, golden: Any, key: str, got: Any) -> None:
    if WRITE:
        text = json.dumps({**golden, key: got}, indent=2, ensure_ascii=False)
        (GOLDEN / f"{name.replace('/', '.')}.json").write_text(text + "\n", encoding="utf-8")
    else:
        assert got == golden[key], name


def test_every_method_has_its_golden_file_and_its_handler() -> None:
    named = {*protocol.REQUESTS, *protocol.NOTIFICATIONS, *commands.COMMANDS}
    assert {path.stem.replace(".", "/") if path.stem.startswith("agent") else path.stem for path in GOLDEN.glob("*.json")} == named
    assert AGENT.keys() == protocol.REQUESTS.keys()


async def test_requests() -> None:
    async with editor() as client:
        await client.initialize()
        for method in protocol.REQUESTS:
            golden = load(method)
            compare(method, golden, "result", await client.request(method, golden["params"]))


async def test_commands() -> None:
    async with editor() as client:
        await client.initialize(BARE, workspaceFolders=[{"uri": "file:///w", "name": "w"}])
        for command in commands.COMMANDS:
            golden = load(command)
            result = await client.request("workspace/executeCommand", {"command": command, "arguments": golden["arguments"]})
            compare(command, golden, "result", result)
        for words in ("Claude Code", "Commit file:///w", "coterie keys set work"):  # asked for by a command
            await client.expect("window/showMessage", lambda params, words=words: words in params["message"])  # type: ignore[misc]


async def test_notifications() -> None:
    async with editor() as client:
        await client.initialize(RICH)
        await client.request("agent/run/start", {"prompt": "tell"})
        states = (protocol.CHANNEL_CHANGED, protocol.PROVIDER_CHANGED, protocol.STATUS_CHANGED, protocol.SETTINGS_CHANGED)
        heard = {method: [await client.expect(method)] for method in states}
        heard[protocol.EVENT] = [params for method, params in client.notifications if method == protocol.EVENT]
        for method in protocol.NOTIFICATIONS:
            compare(method, load(method), "params", heard[method])


@pytest.mark.parametrize("method", protocol.REQUESTS)
def test_results_survive_their_own_types(method: str) -> None:
    """What a client of the same version reads back is what was sent: the table's result types describe the golden results."""
    result = load(method)["result"]
    of = protocol.REQUESTS[method].result
    assert to_wire(TypeAdapter(of).validate_python(result)) == result


def test_the_reference_page_and_the_schema_are_fresh() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_protocol.py", "--check"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr
