"""Where git keeps what it obeys, its settings and hooks: in the folders of a project, and outside where a ``.git`` file leads there.

``mounts`` shuts these places to commands, and opens those of the folders themselves to an operation of git that was allowed. It only looks.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

_MOST_FOLDERS = 2000
"""How many folders are looked through for repositories within a project, the nearest first: this is done for every command."""
_NOT_LOOKED_INTO = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__"})
_LONGEST = 4096


def inner_repositories(root: str) -> Iterator[str]:
    """Yield the ``.git`` of each repository, submodule and worktree below ``root``, but not its own."""
    waiting, looked = deque([root]), 0
    while waiting and looked < _MOST_FOLDERS:
        folder, looked = waiting.popleft(), looked + 1
        try:
            with os.scandir(folder) as entries:
                names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError:
            continue
        if folder != root and any(name == ".git" for name, _ in names):
            yield f"{folder}/.git"
        waiting.extend(f"{folder}/{name}" for name, is_folder in sorted(names) if is_folder and name not in _NOT_LOOKED_INTO)


def is_within_repository(folder: str) -> bool:
    """Say whether a folder above this one has a ``.git``."""
    return any(Path(above, ".git").exists() for above in Path(folder).parents)


def led_to(git_file: str) -> str | None:
    """Return the folder that a ``.git`` file says that it stands for; None where it is a folder itself, or nothing."""
    first = _line(Path(git_file))
    if first is None or not first.startswith("gitdir:"):
        return None
    return _joined(str(Path(git_file).parent), first.removeprefix("gitdir:").strip())


def worktree_folders(git_file: str) -> tuple[str, ...]:
    """Return the folders that git needs of a worktree with this ``.git`` file: its own, and that of its repository.

    None where they do not know of the file in turn, and lie as git lays them: a project could bring a file that leads to anything.
    """
    if (own := led_to(git_file)) is None:
        return ()
    back, common = _line(Path(own, "gitdir")), str(Path(own).parent.parent)
    known = back is not None and _joined(own, back) == os.path.realpath(git_file) and Path(own).parent.name == "worktrees"
    return (own, common) if known and Path(common, "HEAD").is_file() else ()


def _joined(folder: str, path: str) -> str:
    return os.path.realpath(Path(folder, path))


def _line(file: Path) -> str | None:
    """Return the first line of a small file; None where there is none."""
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as opened:
            line = opened.read(_LONGEST).partition("\n")[0].strip()
    except OSError:
        return None
    return None if "\0" in line else line
