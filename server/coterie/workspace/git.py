"""Facts that only git knows. Asked without its locks and without anything that a repository's own settings would start."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PATIENCE_S = 10.0
_NO_PROGRAM = ("core.fsmonitor=false", "core.hooksPath=/dev/null", *(f"gpg.{kind}program=false" for kind in ("", "ssh.", "x509.")))
QUIET = ("--no-optional-locks", "--no-pager", *(word for setting in _NO_PROGRAM for word in ("-c", setting)))
"""Options before an operation that only looks: no lock of the person's index, no program that the repository's settings name."""
_NO_FETCH = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""Older versions of git know the second alone."""


def quiet_environment() -> dict[str, str]:
    """Return the environment of a git that asks nobody, follows no settings of the person's, and fetches nothing.

    A partial clone is not completed for a look: what fetches is named by the repository's settings, and would be a program of its choice.
    """
    return {"PATH": os.environ.get("PATH", os.defpath), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", **_NO_FETCH}


def is_tracked(absolute: str) -> bool:
    """Say whether a file is in its repository's index, so that git can bring some state of it back. Blocks."""
    path = Path(absolute)
    return told_by_git(path.parent, "ls-files", "--error-unmatch", "--", path.name) is not None


def told_by_git(folder: str | Path, *words: str, patience_s: float = PATIENCE_S) -> str | None:
    """Return what git says in a folder, but for the end of its last line; None when it refuses, takes too long, or is not there. Blocks."""
    try:
        asked = subprocess.run(  # noqa: S603 - no shell
            ["git", *QUIET, *words],  # noqa: S607 - the person's own git
            cwd=folder,
            env=quiet_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.decode(errors="surrogateescape").removesuffix("\n") if asked.returncode == 0 else None
