"""Lists the files of a folder that an agent may care about. Blocks; ``workspace`` calls it in a thread.

Symbolic links are not followed: what they lead to inside the folder is listed under its own name, and what lies outside is not ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from coterie.workspace.files import TEMPORARY_SUFFIX
from coterie.workspace.ignore import NEVER_LISTED, IgnoreRules, is_binary, is_secret

MAX_FILES = 50_000


def list_files(folder: str, under: str = "") -> list[str]:
    """Return POSIX paths relative to ``folder``, below ``under``, in no order; at most `MAX_FILES`."""
    root = Path(folder)
    start = root / under
    rules = IgnoreRules().inside(root)
    place = root
    for part in start.relative_to(root).parts:
        place /= part
        if place.is_symlink() or not place.is_dir() or not _wanted(place.name) or rules.ignores(place, is_folder=True):
            return []
        rules = rules.inside(place)
    found: list[str] = []
    for path in _walk(start, rules):
        found.append(path.relative_to(root).as_posix())
        if len(found) == MAX_FILES:
            break
    return found


def is_listed(folder: str, path: str) -> bool:
    """Say whether a file that may not be on disk yet would be listed."""
    place = root = Path(folder)
    rules = IgnoreRules().inside(root)
    *folders, name = Path(path).parts
    for part in folders:
        place /= part
        if not _wanted(part) or rules.ignores(place, is_folder=True):
            return False
        rules = rules.inside(place)
    return _wanted(name) and not rules.ignores(place / name, is_folder=False)


def _walk(folder: Path, rules: IgnoreRules) -> Iterator[Path]:
    waiting = [(folder, rules)]
    while waiting:
        here, in_force = waiting.pop()
        for path, is_folder in _entries(here):
            if not _wanted(path.name) or in_force.ignores(path, is_folder=is_folder):
                continue
            if not is_folder:
                if not is_binary(path):
                    yield path
            elif not (path / "pyvenv.cfg").exists():
                waiting.append((path, in_force.inside(path)))


def _entries(folder: Path) -> list[tuple[Path, bool]]:
    """Return the files and folders of a folder; nothing of one that may not be read or has just gone."""
    try:
        with os.scandir(folder) as entries:
            return [
                (Path(entry.path), entry.is_dir(follow_symlinks=False))
                for entry in entries
                if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            ]
    except OSError:
        return []


def _wanted(name: str) -> bool:
    return name not in NEVER_LISTED and not name.endswith(TEMPORARY_SUFFIX) and not is_secret(name)
