"""What git remembers: the commits that a checkout descends from, and the paths that each touched.

Bounded, and read without git's locks and without anything that the repository's settings would start. Only what is reachable from HEAD of
the folder counts, so a checkout of an old commit knows nothing of what came later. Blocks; `build` calls it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from coterie.index.cache import PastCommit
from coterie.index.query import parse
from coterie.workspace.git import QUIET, quiet_environment

MOST_COMMITS = 3_000
MOST_PATHS = 40
"""A commit that touches more is a renaming or a formatting: it says nothing of what belongs together."""
_PATIENCE_S = 60.0
_START, _END = "\x1e", "\x1f"


def reachable(folder: str) -> tuple[str, ...]:
    """Return the newest commits that HEAD of a folder descends from, the newest first; none where there is no git."""
    return tuple(_git(folder, ["rev-list", "--no-merges", f"--max-count={MOST_COMMITS}", "HEAD", "--"]).split())


def read(folder: str, shas: Sequence[str]) -> dict[str, PastCommit]:
    """Return what is known of these commits; paths are relative to ``folder``, others are left out."""
    if not shas:
        return {}
    arguments = [
        "log",
        "--no-walk=unsorted",
        "--stdin",
        "--no-renames",
        "--name-only",
        "-z",
        "--relative",
        f"--format={_START}%H%n%B{_END}",
    ]
    told = _git(folder, arguments, "\n".join(shas))
    commits = dict.fromkeys(shas, PastCommit())  # what git does not tell is not asked for again
    for entry in told.split(_START)[1:]:
        head, _, paths = entry.partition(_END)
        sha, _, message = head.partition("\n")
        touched = tuple(path for path in paths.strip("\0\n").split("\0") if path)
        if len(touched) <= MOST_PATHS:
            commits[sha] = PastCommit(tuple(term for term, _ in parse(message).terms), touched)
    return commits


def _git(folder: str, arguments: Sequence[str], asked: str = "") -> str:
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            ["git", *QUIET, *arguments],  # noqa: S607 - the person's own git
            cwd=folder,
            env=quiet_environment() | {"GIT_NO_LAZY_FETCH": "1"},  # a partial clone is not completed over the network for this
            input=asked.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else ""
