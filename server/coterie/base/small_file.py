"""Reads a small file whole. What a project brings may be a pipe, a device, or without end, if only by a link: nobody comes back from that.

``config`` reads settings with it, and ``workspace`` ignore files and git's own, which are looked at as soon as a folder is opened.
"""

from __future__ import annotations

import os
import stat
from errno import EFBIG, EINVAL
from pathlib import Path


def read_small(path: Path | str, limit: int) -> bytes:
    """Return a file's content. Raises `OSError`, also for what is no regular file or has more than ``limit`` bytes."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - asked for three names in each folder of a project, of which hardly one is there
        raise OSError(EINVAL, "it is no regular file", str(path))
    with open(path, "rb") as file:  # noqa: PTH123 - it may be no Path
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(EFBIG, f"it has more than {limit:,} bytes", str(path))
    return content
