"""What a confined command sees of the file system: an ordered list of mounts, worked out without touching anything but links.

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
_READ_OUTSIDE = (*_REPOSITORIES, *_SETTINGS)
"""What is read by programs outside of the sandbox: hooks, tasks, rules."""
_MOST_HOPS = 10


@dataclass(frozen=True, slots=True)
class Mount:
    """One change of what is seen at ``place``; everything else is the machine's own, read-only."""

    kind: MountKind
    place: str


def mounts(writable: Sequence[str], hidden: Iterable[str], *, home: str, path: str, repository: bool = False) -> tuple[Mount, ...]:
    """Return what a command of a project sees.

    ``hidden`` are further places to mask; ``home`` is the user's home folder and ``path`` the command's PATH; ``repository`` leaves the
    version control's own files writable.
    """
    roots = tuple(os.path.realpath(root) for root in writable)
    private = [os.path.realpath(place) for place in _PRIVATE]
    secret = [os.path.realpath(place) for place in (*(f"{home}/{name}" for name in _SECRET_PLACES), *hidden)]
    seen = [Mount("hide_folder" if Path(place).is_dir() else "hide_file", place) for place in (*private, *secret) if Path(place).exists()]
    needed = (os.path.realpath(place) for place in _interpreter_places(roots, path))
    seen += [Mount("read_only", place) for place in needed if _is_below(place, private) and not _is_below(place, (*secret, *roots))]
    seen += [Mount("writable", root) for root in roots]
    names = [name for name in _READ_OUTSIDE if not (repository and name in _REPOSITORIES)]
    outside = (os.path.realpath(f"{root}/{name}") for root in roots for name in names)
    seen += [Mount("read_only", place) for place in outside if Path(place).exists() and _is_below(place, roots)]
    return tuple(sorted(dict.fromkeys(seen), key=lambda mount: (mount.place.rstrip("/").count("/"), _RANKS[mount.kind])))


def settings_folders(writable: Sequence[str]) -> tuple[str, ...]:
    """Return the folders that hold settings of editors and of Coterie in a project, whether they are there or not.

    Those of version control are none of them: a tool takes the folder where it finds one, even an empty one, for the project's own.
    """
    return tuple(f"{os.path.realpath(root)}/{name}" for root in writable for name in _SETTINGS)


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
