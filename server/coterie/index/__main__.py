"""The command line of the index's processes: ``serve CACHES`` keeps indexes (`process`), ``read FOLDER`` reads for a build (`readers`).

Started by the index itself and by nobody else.
"""

from __future__ import annotations

import signal
import sys


def main(arguments: list[str]) -> int:
    """Do what the parent asked for; returns the exit status."""
    # A terminal sends it to the whole group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    match arguments:
        case ["read", folder]:
            from coterie.index.readers import serve  # noqa: PLC0415 - the other command needs none of it

            serve(folder, sys.stdin.buffer, sys.stdout.buffer)
            return 0
        case ["serve", caches]:
            from coterie.index.process import serve as serve_indexes  # noqa: PLC0415 - the other command needs none of it

            serve_indexes(caches, sys.stdin.buffer, sys.stdout.buffer)
            return 0
        case _:
            sys.stderr.write("usage: python -m coterie.index serve CACHES | read FOLDER\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
