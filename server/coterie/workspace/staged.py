"""What a commit would hold, as git tells it: for whoever writes its message. Blocks; ``features.commit_message`` calls it in a thread.

Only what is staged is compared without the folder's files: comparing those would start filters that the repository names. Nor is a
repository inside of it looked into: git would do that by its settings, which are not ours.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from threading import Timer

from coterie.base.errors import RequestError
from coterie.workspace.git import PATIENCE_S, QUIET, quiet_environment

MOST_BYTES = 2_000_000
"""Of what git says so much is read; a message needs less by far."""
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short", "--ignore-submodules=dirty", "-M")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's folder; what differs is compared with ``against``: the index with the latest commit, or the files with that."""

    root: str
    against: str

    @property
    def _compared(self) -> tuple[str, ...]:
        return ("diff", *_PLAIN, self.against)

    def paths(self) -> tuple[str, ...]:
        """Return the files that differ, relative to the folder; those that are gone, too."""
        said = _git(self.root, *self._compared, "--no-renames", "--relative", "--name-only", "-z")
        return tuple(path for path in said.split("\0") if path)

    def differences(self, paths: Sequence[str]) -> str:
        """Return what differs in these files, all of it or as much as can be read."""
        return _git(self.root, *self._compared, "--relative", "--", *(f":(literal){path}" for path in paths)) if paths else ""

    def subjects(self, count: int) -> str:
        """Return the first lines of the latest messages; nothing where none was committed yet."""
        try:
            return _git(self.root, "log", f"-{count}", "--no-show-signature", "--format=%s").strip()
        except RequestError:
            return ""


def repository(folder: str, *, staged: bool) -> Repository:
    """Return the repository that a folder is in. Raises `RequestError` ``no_repository``."""
    try:
        _git(folder, "rev-parse", "--is-inside-work-tree")
    except RequestError as failure:
        if failure.code == "git_failed":
            raise RequestError(f"{folder} is in no git repository that can be read: {failure.message}", code="no_repository") from failure
        raise
    return Repository(folder, "--cached" if staged else _latest(folder))


def _latest(folder: str) -> str:
    """Return the latest commit; where there is none yet, what holds no file."""
    try:
        return _git(folder, "rev-parse", "--verify", "HEAD^{commit}").strip()
    except RequestError:
        return _git(folder, "hash-object", "-t", "tree", "--stdin").strip()


def _git(folder: str, *words: str) -> str:
    try:
        with (
            TemporaryFile() as remarks,  # which are no names of files, though git may go on behind them
            subprocess.Popen(  # noqa: S603 - no shell
                ["git", *QUIET, *words],  # noqa: S607 - the person's own git
                cwd=folder,
                env=quiet_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=remarks,
            ) as asked,
        ):
            too_long = Timer(PATIENCE_S, asked.kill)
            too_long.start()
            said = b"" if asked.stdout is None else asked.stdout.read(MOST_BYTES)
            is_cut = len(said) == MOST_BYTES
            if is_cut:
                asked.kill()
            status = asked.wait()
            too_long.cancel()
            remarks.seek(0)
            why = remarks.read(MOST_BYTES).decode("utf-8", "replace").strip()
    except OSError as failure:
        raise RequestError("git is not installed here, or the folder is gone.", code="no_git") from failure
    if status and not is_cut:
        raise RequestError(why.splitlines()[0] if why else "git failed.", code="git_failed")
    return said.decode("utf-8", "replace")
