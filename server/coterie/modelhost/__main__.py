"""The command line of the process: ``serve DESCRIPTOR`` is the host, ``cost-map FILE`` writes prices and limits and ends.

Both are started by ``providers`` and by nobody else.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Do what the server asked for; returns the exit status."""
    match arguments:
        case ["serve", descriptor]:
            from coterie.modelhost.host import serve  # noqa: PLC0415 - the other command needs none of it

            return serve(int(descriptor))
        case ["cost-map", target]:
            from coterie.modelhost.cost_map import write  # noqa: PLC0415 - the other command needs none of it

            write(Path(target))
            return 0
        case _:
            sys.stderr.write("usage: python -m coterie.modelhost serve DESCRIPTOR | cost-map FILE\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
