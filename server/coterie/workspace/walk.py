"""Lists the files of a folder that an agent may care about. Blocks; ``workspace`` calls it in a thread.

Symbolic links are not followed: what they lead to inside the folder is listed under its own name, and what lies outside is not ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coterie.workspace.files import TEMPORARY_SUFFIX
from coterie.workspace.ignore import NEVER_LISTED, IgnoreRules, is_binary, is_secret

MAX_FILES = 50_000


@dataclass(frozen=True, slots=True)
class Tree:
    """POSIX paths relative to a folder, in no order: at most `MAX_FILES` files, and the folders that were looked into."""

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


def list_files(folder: str, under: str = "") -> list[str]:
    """Return the files below ``under``."""
    return list_tree(folder, under).files


def list_tree(folder: str, under: str = "") -> Tree:
    """Return the files and folders below ``under``, itself included."""
    root = Path(folder)
    start = root / under
    rules = IgnoreRules().inside(root)
    place = root
    for part in start.relative_to(root).parts:
        place /= part
        if place.is_symlink() or not place.is_dir() or not is_wanted(place.name) or rules.ignores(place, is_folder=True):
            return Tree()
        rules = rules.inside(place)
    found = Tree()
    for path, is_folder in _walk(start, rules):
        (found.folders if is_folder else found.files).append(path.relative_to(root).as_posix())
        if len(found.files) == MAX_FILES:
            break
    return found


def is_listed(folder: str, path: str) -> bool:
    """Say whether a file that may not be on disk yet would be listed."""
    place = root = Path(folder)
    rules = IgnoreRules().inside(root)
    *folders, name = Path(path).parts
    for part in folders:
        place /= part
        if not is_wanted(part) or rules.ignores(place, is_folder=True):
            return False
        rules = rules.inside(place)
    return is_wanted(name) and not rules.ignores(place / name, is_folder=False)


def _walk(folder: Path, rules: IgnoreRules) -> Iterator[tuple[Path, bool]]:
    waiting = [(folder, rules)]
    while waiting:
        here, in_force = waiting.pop()
        yield here, True
        for path, is_folder in _entries(here):
            if not is_wanted(path.name) or in_force.ignores(path, is_folder=is_folder):
                continue
            if not is_folder:
                if not is_binary(path):
                    yield path, False
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


def is_too_wide(root: str) -> bool:
    """Say whether a folder is somebody's home or all there is: whoever works there wants nothing known of all of it."""
    return root in {os.sep, os.path.realpath(Path.home())}


def is_wanted(name: str) -> bool:
    """Say whether an entry is listed at all, going by its name. Of one that is no UTF-8 nobody could be told."""
    return name not in NEVER_LISTED and not name.endswith(TEMPORARY_SUFFIX) and not is_secret(name) and _is_utf8(name)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
