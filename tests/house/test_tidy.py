"""The tidy test: rules about the tree that no linter knows."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from repository import ROOT, tracked

PACKAGE = ROOT / "server" / "coterie"
LONGEST_MODULE = 600
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
# A path or a package mirror of the machine where a file was written means nothing anywhere else.
MACHINE_TRACES = re.compile(r"(?<![\w.])/(?:root|work)/|(?:index-url|registry|find-links)\s*=\s*http")
# Taken apart so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def modules() -> list[Path]:
    """Return every Python file of the product, its tests and its tools."""
    return sorted(tracked("*.py"))


def name(path: Path) -> str:
    """Name a file the way a failure should show it."""
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    """Return a file's text, or nothing for a picture."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_there_is_something_to_look_at() -> None:
    assert PACKAGE / "__init__.py" in modules()
    assert len(LOCKS) >= 3


@pytest.mark.parametrize("path", modules(), ids=name)
def test_module_is_short_named_for_what_it_does_and_says_what_it_is_for(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LONGEST_MODULE, "split it: past 400 lines a module has two subjects"
    assert not {*path.relative_to(ROOT).with_suffix("").parts} & VAGUE_NAMES, "name it in the field's own terms"
    docstring = ast.get_docstring(ast.parse(source))
    assert docstring, "a module's docstring is its map"


def test_no_file_names_the_machine_it_was_written_on() -> None:
    traces = {name(path): found.group() for path in tracked() if (found := MACHINE_TRACES.search(text_of(path)))}
    assert traces == {}


def test_nothing_is_left_for_later() -> None:
    left = [name(path) for path in modules() if UNFINISHED.search(text_of(path))]
    assert left == []


@pytest.mark.parametrize("lock", LOCKS, ids=name)
def test_python_lock_pins_everything_by_hash_and_names_no_address(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in line and line.endswith("\\") for line in pins), "every requirement is pinned and followed by hashes"
    assert not [line for line in lines if "://" in line]


def test_npm_lock_has_integrity_and_names_no_address() -> None:
    for lock in tracked("*package-lock.json"):
        text = lock.read_text(encoding="utf-8")
        assert '"integrity": "sha512-' in text
        assert '"resolved"' not in text, "npm's omit-lockfile-registry-resolved was not in force"


def test_every_ignored_lint_rule_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    rules = [*lint["ignore"], *(rule for rules in lint["per-file-ignores"].values() for rule in rules)]
    reasonless = [rule for rule in rules if not re.search(rf'"{rule}".*#|#.*\n.*"{rule}"\]', text)]
    assert reasonless == []
