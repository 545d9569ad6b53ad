"""Start a program that ends with the process that wanted it, also when that one is killed. Standard library only; Linux only.

`coterie.providers.claude_code.cli` runs this file by its path: the kernel is asked to kill this process when its parent dies, and the
program takes this process over, with that wish.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
_DIED_ALREADY = 3


def main(parent: int, argv: list[str]) -> NoReturn:
    """Tie this process to ``parent`` and become ``argv``."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit(_DIED_ALREADY)
    os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
