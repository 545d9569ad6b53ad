"""Find the command that runs a project's tests, from the files that its tools read.

Called by ``run_tests`` and, for the baseline of a run, by ``agents``. Looks at a few names in the project's folder and at no other.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

_NPM_DEFAULT = "no test specified"


def discover_tests(root: Path) -> str | None:
    """Return the test command of the project in ``root``; None when nothing says how it is tested."""
    return next((command for find in _FINDERS if (command := find(root)) is not None), None)


def with_paths(command: str, paths: Sequence[str]) -> str:
    """Return ``command`` for some paths only, in the way of its runner."""
    if not paths:
        return command
    words = [shlex.quote(f"./{path}" if command.startswith("go ") and not path.startswith((".", "/")) else path) for path in paths]
    separator = ["--"] if re.match(r"(npm|pnpm|cargo)\b", command) and " -- " not in command else []
    if command.startswith("go "):
        command = command.removesuffix(" ./...")
    return " ".join([command, *separator, *words])


def _pytest(root: Path) -> str | None:
    configured = (root / "pytest.ini").is_file() or any(
        section in _text(root / name)
        for name, section in (("pyproject.toml", "[tool.pytest"), ("setup.cfg", "[tool:pytest]"), ("tox.ini", "[pytest]"))
    )
    found = next((file for folder in (root, root / "tests", root / "test") for file in _test_files(folder)), None)
    if not configured and found is None and not (root / "conftest.py").is_file():
        return None
    if (
        found is not None
        and not configured
        and "import pytest" not in (text := _text(found))
        and "unittest" in text
        and not _has_pytest(root)
    ):
        return "python3 -m unittest discover -s tests -t ." if found.parent != root else "python3 -m unittest discover"
    return "python3 -m pytest"


def _test_files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("test_*.py"), *folder.glob("*_test.py")]) if folder.is_dir() else []


def _has_pytest(root: Path) -> bool:
    """Whether the project's own environment has pytest."""
    return any((root / venv / "bin" / "pytest").exists() for venv in (".venv", "venv"))


def _npm(root: Path) -> str | None:
    try:
        scripts = json.loads(_text(root / "package.json") or "{}").get("scripts", {})
        script = scripts.get("test", "")
    except (ValueError, AttributeError):
        return None
    if not script or _NPM_DEFAULT in script:
        return None
    runners = {"pnpm-lock.yaml": "pnpm test", "yarn.lock": "yarn test", "bun.lockb": "bun run test"}
    return next((command for lock, command in runners.items() if (root / lock).exists()), "npm test")


def _make(root: Path) -> str | None:
    has_target = re.search(r"^test\s*:(?!=)", _text(root / "Makefile"), re.MULTILINE)
    return "make test" if has_target else None


def _marked(name: str, command: str) -> Callable[[Path], str | None]:
    """Return a finder for runners whose project file says enough by being there."""
    return lambda root: command if (root / name).is_file() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:200_000]
    except OSError:
        return ""


_FINDERS: tuple[Callable[[Path], str | None], ...] = (
    _pytest,
    _marked("Cargo.toml", "cargo test"),
    _marked("go.mod", "go test ./..."),
    _npm,
    _marked("mix.exs", "mix test"),
    _marked("pom.xml", "mvn -q test"),
    _marked("gradlew", "./gradlew test"),
    _make,
)
"""Asked in this order: a runner's own file says more than a Makefile, which may do anything."""
