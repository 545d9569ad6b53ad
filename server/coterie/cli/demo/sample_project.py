"""The sample project: a copy of ``sample/`` in a folder of its own, and what is proven about its files.

A small package that splits a bill and loses a cent, with the test that fails because of it. ``story`` compares fingerprints.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Mapping
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from coterie.base.errors import CoterieError

BUGGY_FILE = "tally/bill.py"
CHAT_PROMPT = "Why does splitting 10.00 among three people lose a cent?"
TEAM_PROMPT = (
    "Make the shares of a bill add up to the bill: test_shares_add_up_to_the_bill fails. "
    "Nobody should pay more than one cent more than anybody else."
)


def copy_to(folder: Path) -> Path:
    """Copy the project below ``folder`` and return its root."""
    with resources.as_file(resources.files("coterie.cli.demo").joinpath("sample")) as sample:
        return Path(shutil.copytree(sample, folder / "tally", ignore=shutil.ignore_patterns("__pycache__")))


def fingerprints(root: Path) -> Mapping[str, str]:
    """Return the SHA-256 of every file below ``root``, whatever made it, by its path."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def pytest_command() -> tuple[str, ...]:
    """Return how the project's tests run: with the interpreter of this process; ``-B`` leaves no bytecode behind.

    Raises `CoterieError` when it has no pytest.
    """
    if find_spec("pytest") is None:
        raise CoterieError(f"The demo runs the sample project's tests with {sys.executable}, which has no pytest: install it there.")
    return (sys.executable, "-B", "-m", "pytest")
