"""What git remembers: the commits that a checkout descends from, and the paths that each touched.

Bounded, and read without git's locks and without anything that the repository's settings would start. Only what is reachable from HEAD of
the folder counts, so a checkout of an old commit knows nothing of what came later. Blocks; `build` calls it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from coterie.index.known import PastCommit
from coterie.index.query import parse
from coterie.workspace.git import QUIET, quiet_environment

MOST_COMMITS = 3_000
MOST_PATHS = 40
"""A commit that touches more is a renaming or a formatting: it says nothing of what belongs together."""
_PATIENCE_S = 60.0
_FORMAT = "%x00%H%x00%B"
"""With ``-z``: an empty field, the commit, its message, its paths. Only NUL can stand in none of them, and no path is empty."""


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
        "--encoding=UTF-8",
        f"--format={_FORMAT}",
    ]
    told = _git(folder, arguments, "\n".join(shas))
    commits = dict.fromkeys(shas, PastCommit())  # what git does not tell is not asked for again
    fields, start = told.split("\0"), 1
    while start + 1 < len(fields):
        sha, message = fields[start : start + 2]
        end = fields.index("", start + 2)
        touched = tuple(fields[start + 2 : end])
        if len(touched) <= MOST_PATHS:
            # git parts the message from the paths by a line feed, where there are any.
            paths = tuple(path.removeprefix("\n") for path in touched[:1]) + touched[1:]
            commits[sha] = PastCommit(tuple(term for term, _ in parse(message).terms), paths)
        start = end + 1
    return commits


def _git(folder: str, arguments: Sequence[str], asked: str = "") -> str:
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            ["git", *QUIET, *arguments],  # noqa: S607 - the person's own git
            cwd=folder,
            env=quiet_environment(),
            input=asked.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else ""
