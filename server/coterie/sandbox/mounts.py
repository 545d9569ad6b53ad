"""What a confined command sees of the file system: an ordered list of mounts, worked out by looking, without changing anything.

``bubblewrap`` turns it into arguments. The deeper of two places wins, so the workspace below a masked folder is there, and a masked
folder below the workspace is not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coterie.sandbox.environment import virtual_environments
from coterie.sandbox.repositories import is_within_repository, led_to, worktree_folders

MountKind = Literal["hide_folder", "hide_file", "read_only", "writable"]

_SECRET_PLACES = (
    *(".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker", ".claude", ".claude.json", ".codex", ".gemini"),
    *(".netrc", ".npmrc", ".yarnrc.yml", ".pypirc", ".pgpass", ".my.cnf", ".git-credentials", ".password-store", ".vault-token"),
    *(".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml", ".gradle/gradle.properties"),
    *(".config/gh", ".config/glab-cli", ".config/gcloud", ".config/op", ".config/pip", ".config/hub", ".config/rclone"),
    *(".config/git/credentials", ".config/github-copilot", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware"),
    *(".config/Code", ".config/JetBrains", ".mozilla", ".thunderbird", ".local/share/keyrings", ".local/share/kwalletd"),
    *(".bash_history", ".zsh_history", ".python_history", ".local/share/fish"),
)
_PRIVATE = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - what others keep here, sockets too, is what is hidden
_REPOSITORIES = (".git", ".hg", ".svn")
_SETTINGS = (".vscode", ".idea", ".coterie")
"""Both are read by programs outside of the sandbox: hooks, tasks, rules."""
_MOST_HOPS = 10


@dataclass(frozen=True, slots=True)
class Mount:
    """One change of what is seen at ``place``; everything else is the machine's own, read-only."""

    kind: MountKind
    place: str


def mounts(
    writable: Sequence[str],
    hidden: Iterable[str],
    *,
    home: str,
    path: str,
    repositories: Iterable[str] = (),
    repository: bool = False,
) -> tuple[Mount, ...]:
    """Return what a command of a project sees.

    ``hidden`` are further places to mask; ``home`` is the user's home folder and ``path`` the command's PATH; ``repositories`` are the
    ``.git`` of those within the project. ``repository`` leaves the version control's own files writable, and makes those writable that a
    worktree has elsewhere.
    """
    roots = tuple(os.path.realpath(root) for root in writable)
    private = [os.path.realpath(place) for place in _PRIVATE]
    secret = [os.path.realpath(place) for place in (*(f"{home}/{name}" for name in _SECRET_PLACES), *hidden)]
    seen = [Mount("hide_folder" if Path(place).is_dir() else "hide_file", place) for place in (*private, *secret) if Path(place).exists()]
    needed = (os.path.realpath(place) for place in _interpreter_places(roots, path))
    seen += [Mount("read_only", place) for place in needed if _is_below(place, private) and not _is_below(place, (*secret, *roots))]
    seen += [Mount("writable", root) for root in roots]
    git_files = [f"{root}/.git" for root in roots]
    elsewhere = [place for file in git_files for place in worktree_folders(file) if not _is_below(place, (*secret, *roots))]
    seen += [Mount("writable" if repository else "read_only", place) for place in elsewhere if repository or _is_below(place, private)]
    outside = [f"{root}/{name}" for root in roots for name in _SETTINGS]
    if not repository:
        outside += [f"{root}/{name}" for root in roots for name in _REPOSITORIES]
        git_files += repositories
        outside += [*git_files, *filter(None, map(led_to, git_files))]
    places = (os.path.realpath(place) for place in outside)
    seen += [Mount("read_only", place) for place in places if Path(place).exists() and _is_below(place, roots)]
    return tuple(sorted(dict.fromkeys(seen), key=lambda mount: (mount.place.rstrip("/").count("/"), _RANKS[mount.kind])))


def shut_folders(writable: Sequence[str], *, repository: bool = False) -> tuple[str, ...]:
    """Return the folders that no command may make in a project: of settings of editors and of Coterie, and that of git.

    Git takes an empty folder for none of its own. Other programs do not, and would look past it for nothing: for which files a repository
    ignores, or for settings. So there is none in a folder of a repository. Nor is anybody to find an empty one of other version control.
    """
    shut = []
    for root in map(os.path.realpath, writable):
        shut += [f"{root}/{name}" for name in _SETTINGS]
        if not repository and (Path(root, ".git").exists() or not is_within_repository(root)):
            shut.append(f"{root}/.git")
    return tuple(shut)


_RANKS: dict[MountKind, int] = {"hide_folder": 0, "hide_file": 0, "writable": 1, "read_only": 2}
"""Of two mounts at one place the later covers the other."""


def _interpreter_places(roots: Sequence[str], path: str) -> Iterator[str]:
    """Yield the folders that the project's interpreters and the tools on PATH live in, links followed hop by hop."""
    for entry in path.split(os.pathsep):
        yield str(Path(entry).parent) if Path(entry, "python3").exists() and Path(entry).name == "bin" else entry
    for environment in virtual_environments(roots):
        yield str(environment)
        link = environment / "bin" / "python"
        for _ in range(_MOST_HOPS):
            if not link.is_symlink():
                break
            link = link.parent / link.readlink()
            yield str(link.parent.parent)


def _is_below(place: str, folders: Iterable[str]) -> bool:
    return any(place != folder and Path(place).is_relative_to(folder) for folder in folders)
