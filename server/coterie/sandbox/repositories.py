"""Where git keeps what it obeys, its settings and hooks: in the folders of a project, and outside where a ``.git`` file leads there.

``mounts`` shuts these places to commands, and opens those of the folders themselves to an operation of git that was allowed; ``bubblewrap``
looks before and after. It only looks.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from coterie.base.legible import in_one_line, visible

MOST_FOLDERS = 2000
"""How many folders are looked through for repositories within a project, the nearest first: this is done around every command."""
_NOT_LOOKED_INTO = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__"})
_LONGEST = 4096
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Repositories:
    """What a look through folders has found, and whether it came to the end.

    The ``.git`` of each repository, submodule and worktree, and each bare repository below these folders: git that is used in one obeys it.
    """

    places: tuple[str, ...]
    all_seen: bool

    @classmethod
    def within(cls, roots: Iterable[str]) -> Repositories:
        """Look through these folders, of each the nearest first."""
        looks = [_look(os.path.realpath(root)) for root in roots]
        return cls(tuple(place for places, _ in looks for place in places), all(ended for _, ended in looks))

    def note(self, later: Repositories) -> str:
        """Return what is to be said with a command's output: what it was not kept from, and may have made until ``later``."""
        if not self.all_seen:
            return f"[Repositories beyond the nearest {MOST_FOLDERS:,} folders of the workspace are not kept from being written here.]\n"
        if not (made := [in_one_line(visible(place)) for place in later.places if place not in self.places]):
            return ""
        more = f" and {len(made) - _MOST_TOLD} more" if len(made) > _MOST_TOLD else ""
        told = ", ".join(made[:_MOST_TOLD])
        return f"[New while this ran, to be looked at before git is used there, which obeys what they say: {told}{more}]\n"


def _look(root: str) -> tuple[list[str], bool]:
    """Return what is found below a folder, and in it, and whether all of it was looked through."""
    places, waiting, looked = list[str](), deque([root]), 0
    while waiting and looked < MOST_FOLDERS:
        folder, looked = waiting.popleft(), looked + 1
        try:
            with os.scandir(folder) as entries:
                names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError:
            continue
        if any(name == ".git" for name, _ in names):
            places.append(f"{folder}/.git")
        if folder != root and _is_bare({name for name, _ in names}):
            places.append(folder)
            continue
        waiting.extend(f"{folder}/{name}" for name, is_folder in sorted(names) if is_folder and name not in _NOT_LOOKED_INTO)
    return places, not waiting


def _is_bare(names: Container[str]) -> bool:
    """Say whether git takes a folder with such entries for a repository, by what `gitrepository-layout` says that it must have."""
    return "HEAD" in names and ("commondir" in names or ("objects" in names and "refs" in names))


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
