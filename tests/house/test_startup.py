"""Starting stays light: what the editor waits for loads no HTTP client, no terminal front end, no database and nothing of the core.

Start-up is compared with an empty pygls server by `make bench`; this test names the culprit when that ratio grows.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from coterie.lsp.framing import encode

PROBE = """
import importlib, pkgutil, sys
import coterie
FIRST = ("base", "domain", "features", "lsp")
for module in pkgutil.walk_packages(coterie.__path__, "coterie."):
    if module.name.split(".")[1] in FIRST:
        importlib.import_module(module.name)
print(*sorted(name for name in sys.modules if name.partition(".")[0] in sys.argv[1:]))
"""
ANSWER = """
import asyncio, json, os, sys
import coterie.lsp.rpc as rpc
from coterie.__main__ import main

following = json.loads(sys.argv.pop(1))

def send(connection, data):
    if "id" not in data:
        return
    if "error" in data or not following:
        print("refused:" if "error" in data else "loaded:", *(data, *sorted(sys.modules)), sep="\\n", file=sys.stderr)
        os._exit("error" in data)
    for message in following:
        asyncio.get_running_loop().call_soon(connection.receive, json.dumps(message).encode())
    following.clear()

rpc.Connection._send_data = send
sys.argv = ["coterie", *sys.argv[1:]]
main()
"""
EVERYTHING = """
import asyncio, importlib, pathlib, pkgutil, sys
import coterie
for module in pkgutil.walk_packages(coterie.__path__, "coterie."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from coterie.providers.config import ProviderConfig
from coterie.providers.cost_map import CostMap
from coterie.providers.registry import ProviderRegistry

async def use():
    registry = ProviderRegistry([ProviderConfig(id="gemini", type="litellm")], cost_map=CostMap(pathlib.Path("cache")))
    await registry.models()
    assert registry.choose("gemini/gemini-2.5-pro").price is not None
    await registry.aclose()

asyncio.run(use())
print(*sorted(name for name in sys.modules if name.partition(".")[0] in ("litellm", "openai", "boto3")))
"""
HEAVY = ("aiosqlite", "anyio", "httpcore", "httpx", "litellm", "pathspec", "rich", "sqlite3", "websockets")
INITIALIZE = {
    "id": 1,
    "method": "initialize",
    "params": {
        "processId": None,
        "rootUri": None,
        "capabilities": {"experimental": {"coterie": True}, "workspace": {"textDocumentContent": {}}},
    },
}
ANSWERING = {
    "app": {"wiring"},
    "base": {"errors", "ids", "leftovers", "redaction", "tasks", "text"},
    "domain": {"client_ports", "schemes", "wire", "workspace_ports"},
    "features": {"attachment"},
    "lsp": {
        *("capabilities", "command_names", "convert", "echoes", "failures", "framing", "lifecycle", "params"),
        *("parent", "rpc", "server", "session", "transport", "wire"),
    },
}
"""Our modules that are there when the answer to ``initialize`` leaves, by their rooms. Each that is added makes every start longer."""
LATER = {"argparse", "importlib.metadata", "pydantic"}
FOR_WHO_ASKS = {
    *("coterie.agents.calls", "coterie.agents.compacting", "coterie.agents.loop", "coterie.agents.mustering", "coterie.agents.team"),
    *("coterie.tools.registry", "coterie.tools.shell", "coterie.workspace.aside"),
    *("coterie.features.suggestions.filters", "coterie.features.suggestions.sources"),
    *("coterie.features.application", "coterie.features.editor_faces", "coterie.features.protocol_faces"),
    *("coterie.agents.inspection", "coterie.context.showing", "coterie.features.commit_message"),
    *("coterie.lsp.bare", "coterie.lsp.questions", "argparse", "html.entities", *HEAVY),
}
"""What only a run, ghost text, a look into a conversation, a plain client or an annotation needs: each server would hold it in memory."""


def test_the_rooms_of_the_start_load_nothing_heavy(tmp_path: Path) -> None:
    loaded = subprocess.run([sys.executable, "-c", PROBE, *HEAVY], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == []


def test_no_module_of_the_server_loads_litellm_and_no_host_either(tmp_path: Path) -> None:
    loaded = subprocess.run([sys.executable, "-c", EVERYTHING], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == []


@pytest.mark.parametrize("line", [("serve",), ("serve", "--stdio")])
def test_what_answers_initialize_is_the_front_door_alone(tmp_path: Path, line: tuple[str, ...]) -> None:
    loaded = loaded_when_answered(tmp_path, line, INITIALIZE)
    ours = {name for name in loaded if name.count(".") == 2 and name.startswith("coterie.")}
    assert ours == {f"coterie.{room}.{module}" for room, those in ANSWERING.items() for module in those}
    assert not loaded & LATER


def test_a_core_is_built_without_what_only_some_of_its_clients_ask_for(tmp_path: Path) -> None:
    loaded = loaded_when_answered(tmp_path, ("serve",), INITIALIZE, {"method": "initialized"}, {"id": 2, "method": "agent/status"})
    assert "coterie.app.core" in loaded
    assert not loaded & FOR_WHO_ASKS
    assert [name for name in FOR_WHO_ASKS if name.startswith("coterie.") and importlib.util.find_spec(name) is None] == []


def loaded_when_answered(home: Path, line: Sequence[str], first: Mapping[str, object], *following: Mapping[str, object]) -> set[str]:
    """Start a server, say the first message and, when it is answered, the others; return the modules that are there at the last answer."""
    head, *rest = [{"jsonrpc": "2.0", **message} for message in (first, *following)]
    probe = [sys.executable, "-c", ANSWER, json.dumps(rest), *line]
    environment = os.environ | {"COTERIE_HOME": str(home)}
    with subprocess.Popen(
        probe, cwd=home, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as server:
        assert server.stdin is not None
        assert server.stderr is not None
        server.stdin.write(encode(json.dumps(head).encode()))
        server.stdin.flush()  # and stays open: an editor that leaves ends its server
        told = server.stderr.read().decode()
    assert server.returncode == 0, told
    return set(told.rpartition("loaded:")[2].split("\n"))
