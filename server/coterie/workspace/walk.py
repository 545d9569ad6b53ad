"""Lists the files of a folder that an agent may care about. Blocks; ``workspace`` calls it in a thread.

Symbolic links are not followed: what they lead to inside the folder is listed under its own name, and what lies outside is not ours.
`entries_below` is the walk itself, for whoever wants to know more of an entry than its name: ``survey`` looks at their stamps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coterie.workspace.files import TEMPORARY_SUFFIX
from coterie.workspace.ignore import NEVER_LISTED, IgnoreRules, is_binary, is_secret, rules_of

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
    rules = rules_of(root)
    place = root
    for part in start.relative_to(root).parts:
        place /= part
        is_open = is_wanted(place.name) and place.is_dir() and not place.is_symlink()
        if not is_open or (inner := _rules_inside(rules, str(place))) is None:
            return Tree()
        rules = inner
    found = Tree(folders=[_relative(root, start)])
    for entry in entries_below(str(start), rules):
        if entry.is_symlink() or is_secret(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            found.folders.append(_relative(root, Path(entry.path)))
        elif not is_binary(Path(entry.path)):
            found.files.append(_relative(root, Path(entry.path)))
            if len(found.files) == MAX_FILES:
                break
    return found


def _relative(root: Path, place: Path) -> str:
    return place.relative_to(root).as_posix()


def is_listed(folder: str, path: str) -> bool:
    """Say whether a file that may not be on disk yet would be listed."""
    place = root = Path(folder)
    rules = rules_of(root)
    *folders, name = Path(path).parts
    for part in folders:
        place /= part
        if not is_wanted(part) or (inner := _rules_inside(rules, str(place))) is None:
            return False
        rules = inner
    return is_wanted(name) and not rules.ignores(place / name, is_folder=False)


def entries_below(
    folder: str, rules: IgnoreRules, closed: Container[str] = (), *, hidden: Callable[[str], None] = lambda _: None
) -> Iterator[os.DirEntry[str]]:
    """Yield the folders, regular files and symbolic links below a folder, a folder before what is in it, but for what is ignored.

    ``rules`` are those in force in the folder. Secrets are among them, and what lies in folders that have the name of one is not, nor what
    lies in the ``closed`` folders. ``hidden`` is told the places of what is left out and need not be the next time: the names and the
    folders that count are always the same, but rules change, and so do permissions.
    """
    waiting = [(folder, rules)]
    while waiting:
        here, in_force = waiting.pop()
        for entry in _entries(here, hidden):
            if not _is_named_well(entry.name) or entry.path in closed:
                continue
            if not entry.is_dir(follow_symlinks=False):
                if in_force.ignores(entry.path, is_folder=False):
                    hidden(entry.path)
                else:
                    yield entry
            elif (inner := _rules_inside(in_force, entry.path)) is None:
                hidden(entry.path)
            else:
                yield entry
                if not is_secret(entry.name):
                    waiting.append((entry.path, inner))


def _rules_inside(rules: IgnoreRules, folder: str) -> IgnoreRules | None:
    """Return the rules that hold in a folder of one where these do; None where nobody looks into it: it is ignored, or an environment."""
    inner = rules.inside(folder)
    return None if inner is None or os.path.exists(f"{folder}{os.sep}pyvenv.cfg") else inner  # noqa: PTH110 - a Path for each takes as long as the rest


def _entries(folder: str, hidden: Callable[[str], None]) -> list[os.DirEntry[str]]:
    """Return the files, folders and links of a folder; nothing of one that may not be read or has just gone."""
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_symlink() or entry.is_dir() or entry.is_file()]
    except PermissionError:
        hidden(folder)
        return []
    except OSError:
        return []


def is_too_wide(root: str) -> bool:
    """Say whether a folder is somebody's home or all there is: whoever works there wants nothing known of all of it."""
    return root in {os.sep, os.path.realpath(Path.home())}


def is_wanted(name: str) -> bool:
    """Say whether an entry is listed at all, going by its name. Of one that is no UTF-8 nobody could be told."""
    return _is_named_well(name) and not is_secret(name)


def _is_named_well(name: str) -> bool:
    return name not in NEVER_LISTED and not name.endswith(TEMPORARY_SUFFIX) and _is_utf8(name)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
