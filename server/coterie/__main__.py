"""The entry of ``coterie`` and of ``python -m coterie``: gives the command line what ``app`` wires."""

from __future__ import annotations

import sys


def main() -> int:
    """Do what the command line says and return the exit status."""
    no_daemon = None
    if sys.argv[1:] in (["attach"], ["attach", "--stdio"]):
        # A relay is as light as a process can be: it never gets as far as the imports below.
        from coterie.relay.attach import NoDaemonError, attach  # noqa: PLC0415

        try:
            return attach()
        except NoDaemonError as reason:
            no_daemon = str(reason)
    from coterie.app.wiring import Wiring  # noqa: PLC0415 - importing this module does nothing
    from coterie.cli.main import main as command  # noqa: PLC0415

    return command(sys.argv[1:], Wiring(no_daemon=no_daemon))


if __name__ == "__main__":
    sys.exit(main())
