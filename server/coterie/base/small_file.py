"""Reads a small file whole. What a project brings may be a pipe, a device, or without end, if only by a link: nobody comes back from that.

``config`` reads settings with it, which are looked at as soon as a folder is opened.
"""

from __future__ import annotations

import stat
from errno import EFBIG, EINVAL
from pathlib import Path


def read_small(path: Path, limit: int) -> bytes:
    """Return a file's content. Raises `OSError`, also for what is no regular file or has more than ``limit`` bytes."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(EINVAL, "it is no regular file", str(path))
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(EFBIG, f"it has more than {limit:,} bytes", str(path))
    return content
