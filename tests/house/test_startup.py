"""Starting stays light: what the editor waits for loads no HTTP client, no terminal front end, no database and nothing of the core.

Start-up is compared with an empty pygls server by `make bench`; this test names the culprit when that ratio grows.
"""

import json
import subprocess
import sys
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
import os, sys
import coterie.lsp.rpc as rpc
from coterie.__main__ import main

def send(connection, data):
    print(*sorted(sys.modules), file=sys.stderr)
    os._exit(0)

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
HEAVY = ("aiosqlite", "anyio", "httpcore", "httpx", "litellm", "pathspec", "rich", "sqlite3", "websockets")


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
    capabilities = {"experimental": {"coterie": True}, "workspace": {"textDocumentContent": {}}}
    params = {"processId": None, "rootUri": None, "capabilities": capabilities}
    initialize = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    probe = [sys.executable, "-c", ANSWER, *line]
    loaded = subprocess.run(probe, cwd=tmp_path, input=encode(json.dumps(initialize).encode()), capture_output=True, check=False)
    assert loaded.returncode == 0, loaded.stderr.decode()
    modules = set(loaded.stderr.decode().split())
    ours = {name for name in modules if name.count(".") == 2 and name.startswith("coterie.")}
    assert ours == {f"coterie.{room}.{module}" for room, those in ANSWERING.items() for module in those}
    assert not modules & LATER
