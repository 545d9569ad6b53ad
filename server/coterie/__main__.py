"""The entry of ``coterie`` and of ``python -m coterie``: gives the command line what ``app`` wires."""

from __future__ import annotations

import sys


def main() -> int:
    """Do what the command line says and return the exit status."""
    if sys.argv[1:] == ["attach"]:
        # A relay is as light as a process can be: it never gets as far as the imports below.
        from coterie.relay.attach import attach  # noqa: PLC0415

        return attach()
    from coterie.app.wiring import Wiring  # noqa: PLC0415 - importing this module does nothing
    from coterie.cli.main import main as command  # noqa: PLC0415

    return command(sys.argv[1:], Wiring())


if __name__ == "__main__":
    sys.exit(main())
