"""Starting stays light: what the editor waits for loads no HTTP client, no terminal front end, no database and nothing of the core.

Start-up is compared with an empty pygls server by `make bench`; this test names the culprit when that ratio grows.
"""

import subprocess
import sys
from pathlib import Path

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
import sys
import coterie.app.wiring, coterie.cli.main, coterie.lsp.server
print(*sorted({".".join(name.split(".")[:2]) for name in sys.modules if name.startswith(("coterie.", "pydantic"))}))
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
ANSWERING = {f"coterie.{room}" for room in ("app", "base", "cli", "domain", "features", "lsp")}
HEAVY = ("aiosqlite", "anyio", "httpcore", "httpx", "litellm", "pathspec", "rich", "sqlite3", "websockets")


def test_the_rooms_of_the_start_load_nothing_heavy(tmp_path: Path) -> None:
    loaded = subprocess.run([sys.executable, "-c", PROBE, *HEAVY], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == []


def test_no_module_of_the_server_loads_litellm_and_no_host_either(tmp_path: Path) -> None:
    loaded = subprocess.run([sys.executable, "-c", EVERYTHING], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == []


def test_what_answers_initialize_loads_neither_the_core_nor_pydantic(tmp_path: Path) -> None:
    loaded = subprocess.run([sys.executable, "-c", ANSWER], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
    assert set(loaded.stdout.split()) == ANSWERING
