"""What a commit would hold, as git tells it: for whoever writes its message. Blocks; ``features.commit_message`` calls it in a thread.

Only what is staged is compared without the folder's files: comparing those would start filters that the repository names.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Timer

from coterie.base.errors import RequestError
from coterie.workspace.git import PATIENCE_S, QUIET, quiet_environment

MOST_BYTES = 2_000_000
"""Of what git says so much is read; a message needs less by far."""
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "-M")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's folder; what differs is what is ``staged``, or everything that is not committed."""

    root: str
    staged: bool

    @property
    def _compared(self) -> tuple[str, ...]:
        return ("diff", *_PLAIN, *(("--cached",) if self.staged else ("HEAD",)))

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
    return Repository(folder, staged)


def _git(folder: str, *words: str) -> str:
    try:
        with subprocess.Popen(  # noqa: S603 - no shell
            ["git", *QUIET, *words],  # noqa: S607 - the person's own git
            cwd=folder,
            env={**quiet_environment(), "GIT_NO_LAZY_FETCH": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as asked:
            too_long = Timer(PATIENCE_S, asked.kill)
            too_long.start()
            said = b"" if asked.stdout is None else asked.stdout.read(MOST_BYTES)
            is_cut = len(said) == MOST_BYTES
            if is_cut:
                asked.kill()
            status = asked.wait()
            too_long.cancel()
    except FileNotFoundError as failure:
        raise RequestError("git is not installed here, or the folder is gone.", code="no_git") from failure
    text = said.decode("utf-8", "replace")
    if status and not is_cut:
        raise RequestError(text.strip().splitlines()[0] if text.strip() else "git failed.", code="git_failed")
    return text
