"""The file of patterns that a person has git ignore in all repositories: ``core.excludesFile`` of their own settings, or its default.

``ignore`` asks for each checkout. Git itself reads its settings, away from any repository, and only where a file of the person's speaks of
the key or includes another file; what a repository's own settings name is not asked for. Blocks.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import TypeAlias

from coterie.base.small_file import read_small
from coterie.workspace.git import PATIENCE_S

_SYSTEM = "/etc/gitconfig"
_LARGEST = 1024 * 1024
_TELLING = (b"excludesfile", b"[include")
"""What stands, in whatever case, in settings of git's that may name the file."""
_VARIABLES = ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")

_Mark: TypeAlias = tuple[object, ...]
_latest: dict[_Mark, str | None] = {}
"""What git said last, with the environment and the states of the files of which it said that."""


def personal_excludes(top: str) -> str | None:
    """Return where the person's file of patterns would lie for the checkout whose top this is; None where there is none."""
    environ = os.environ
    mark = (*(environ.get(name) for name in _VARIABLES), *map(_state, _settings(environ)))
    try:
        found = _latest[mark]
    except KeyError:  # asked for in one step: other threads may forget it meanwhile
        named = _named(environ) if any(map(_may_name, _settings(environ))) else None
        found = _default(environ) if named is None else named or None
        _latest.clear()
        _latest[mark] = found
    return None if found is None else os.path.join(top, found)  # noqa: PTH118 - a Path for each folder takes long


def _settings(environ: Mapping[str, str]) -> list[str]:
    """Return the files of settings that hold for all repositories of a person."""
    system = [] if environ.get("GIT_CONFIG_NOSYSTEM") else [environ.get("GIT_CONFIG_SYSTEM") or _SYSTEM]
    if "GIT_CONFIG_GLOBAL" in environ:
        return [*system, environ["GIT_CONFIG_GLOBAL"]]
    return [*system, *(f"{folder}/git/config" for folder in _folder(environ)), *(f"{home}/.gitconfig" for home in _home(environ))]


def _default(environ: Mapping[str, str]) -> str | None:
    return next((f"{folder}/git/ignore" for folder in _folder(environ)), None)


def _folder(environ: Mapping[str, str]) -> list[str]:
    return [environ["XDG_CONFIG_HOME"]] if environ.get("XDG_CONFIG_HOME") else [f"{home}/.config" for home in _home(environ)]


def _home(environ: Mapping[str, str]) -> list[str]:
    return [environ["HOME"]] if environ.get("HOME") else []


def _state(file: str) -> tuple[int, ...]:
    try:
        found = os.stat(file)  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _may_name(file: str) -> bool:
    try:
        said = read_small(file, _LARGEST).lower()
    except (OSError, ValueError):
        return False
    return any(word in said for word in _TELLING)


def _named(environ: Mapping[str, str]) -> str | None:
    """Return what the settings name, an empty word where they name none on purpose; None where they say nothing, or git is not there."""
    own = {name: environ[name] for name in _VARIABLES if name in environ}
    try:
        asked = subprocess.run(
            ["git", "config", "--type=path", "--null", "--get", "core.excludesFile"],  # noqa: S607 - the person's own git
            cwd=os.sep,
            env={**own, "PATH": environ.get("PATH", os.defpath), "GIT_DIR": os.devnull},  # no repository's settings
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(asked.stdout.partition(b"\0")[0]) if asked.returncode == 0 else None
