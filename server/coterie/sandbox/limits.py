"""Limits of a command's processes, set by the shell that then becomes the command: nothing runs between fork and exec here."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

_MEMORY_KIB = 8 * 1024 * 1024
_FILE_BLOCKS = 8 * 1024 * 1024
"""4 GiB in the shell's unit, blocks of 512 bytes."""
_PROCESSES = 8192
"""A bound for fork bombs. It counts every process of the user on older kernels, so it cannot be small."""


def limited(argv: Sequence[str], timeout_s: float) -> tuple[str, ...]:
    """Return ``argv`` behind a shell that limits CPU, memory, file size and processes. A limit that cannot be set is left out."""
    cpu_s = math.ceil(timeout_s) * (os.cpu_count() or 1) + 1
    processes = "p" if os.path.realpath("/bin/sh").endswith("dash") else "u"
    limits = {"t": cpu_s, "d": _MEMORY_KIB, "f": _FILE_BLOCKS, processes: _PROCESSES, "c": 0}
    script = "; ".join(f"ulimit -{option} {value} 2>/dev/null" for option, value in limits.items())
    return ("/bin/sh", "-c", f'{script}; exec "$@"', "sh", *argv)
