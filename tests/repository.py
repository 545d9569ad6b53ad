"""The working tree as git knows it, for tests that look at the project's own files."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@cache
def tracked(pattern: str = "*") -> tuple[Path, ...]:
    """Return the files under this pathspec that git knows and that are still there."""
    # The checkout may belong to somebody else than who runs the tests; git would refuse to list it.
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z", pattern]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())
