"""Importing a module of the product defines things and does nothing else (invariant 7).

Two ways to see it: a walk over module bodies, which knows what each statement may be, and one subprocess that imports
every module in an empty environment and looks at what changed.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "server"
# Calls that touch the world; a call of anything else in a module body builds a constant.
WORLDLY_FUNCTIONS = {"open", "print", "input", "exec", "eval", "__import__"}
WORLDLY_MODULES = {
    "asyncio",
    "atexit",
    "httpx",
    "os",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
}
WORLDLY_METHODS = {
    "addHandler",
    "basicConfig",
    "create_task",
    "cwd",
    "exists",
    "glob",
    "home",
    "is_dir",
    "is_file",
    "iterdir",
    "mkdir",
    "read_bytes",
    "read_text",
    "resolve",
    "run_until_complete",
    "write_bytes",
    "write_text",
}
WORLDLY_VALUES = {"os.environ", "sys.argv", "sys.stdin"}

PROBE = """
import importlib, os, pkgutil, sys, threading
before = dict(os.environ)
import coterie
for module in pkgutil.walk_packages(coterie.__path__, "coterie."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
assert dict(os.environ) == before, "the environment was changed"
assert threading.active_count() == 1, threading.enumerate()
assert os.listdir(".") == [], os.listdir(".")
print(sum(name.partition(".")[0] == "coterie" for name in sys.modules))
"""


def module_body(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """Walk what runs at import: class bodies, decorators and defaults too, function bodies not."""
    todo: list[ast.AST] = [*statements]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += [*node.decorator_list, *node.args.defaults, *(default for default in node.args.kw_defaults if default)]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            continue
        elif not isinstance(node, ast.Lambda):
            todo += ast.iter_child_nodes(node)


def deeds(source: str) -> list[str]:
    """Return the calls and look-ups in a module body that touch the world."""
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in module_body(ast.parse(source).body)
        if (isinstance(node, ast.Call) and is_worldly(ast.unparse(node.func)))
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in WORLDLY_VALUES)
    ]


def is_worldly(called: str) -> bool:
    """Say whether calling this expression does something beyond building a value."""
    owner, _, method = called.rpartition(".")
    if not owner:
        return called in WORLDLY_FUNCTIONS
    return owner.partition(".")[0] in WORLDLY_MODULES or method in WORLDLY_METHODS


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_module_body_only_defines(path: Path) -> None:
    assert deeds(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "deed",
    [
        "import os\nHOME = os.environ['HOME']",
        "from pathlib import Path\nTEXT = Path('x').read_text()",
        "import subprocess\nclass A:\n    version = subprocess.run(['git'])",
        "import time\ndef f(now=time.time()): ...",
        "print('hello')",
    ],
)
def test_the_walk_sees_what_a_module_does(deed: str) -> None:
    assert deeds(deed) != []


def test_importing_every_module_changes_nothing(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)}
    probe = [sys.executable, "-W", "error", "-c", PROBE]
    result = subprocess.run(probe, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) >= len(list((SOURCE / "coterie").glob("*.py"))) - 1, "nothing but the count was written"
