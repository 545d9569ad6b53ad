"""Facts that only git knows. Asked without its locks and without anything that a repository's own settings would start."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PATIENCE_S = 10.0
_NO_PROGRAM = ("core.fsmonitor=false", "core.hooksPath=/dev/null", *(f"gpg.{kind}program=false" for kind in ("", "ssh.", "x509.")))
QUIET = ("--no-optional-locks", "--no-pager", *(word for setting in _NO_PROGRAM for word in ("-c", setting)))
"""Options before an operation that only looks: no lock of the person's index, no program that the repository's settings name."""


def quiet_environment() -> dict[str, str]:
    """Return the environment of a git that asks nobody and follows no settings of the person's."""
    return {"PATH": os.environ.get("PATH", os.defpath), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}


def is_tracked(absolute: str) -> bool:
    """Say whether a file is in its repository's index, so that git can bring some state of it back. Blocks."""
    path = Path(absolute)
    try:
        asked = subprocess.run(  # noqa: S603 - no shell
            ["git", *QUIET, "ls-files", "--error-unmatch", "--", path.name],  # noqa: S607 - the person's own git
            cwd=path.parent,
            env=quiet_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
