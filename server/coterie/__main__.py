"""The entry of ``coterie`` and of ``python -m coterie``: gives the command line what ``app`` wires.

What editors start is known by its exact words, and starts without the command line: there is nothing to read in them.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Do what the command line says and return the exit status."""
    match sys.argv[1:]:
        case ["attach"] | ["attach", "--stdio"]:
            return _attach()
        case ["serve"] | ["serve", "--stdio"]:
            return _serve()
        case line:
            from coterie.app.wiring import Wiring  # noqa: PLC0415 - importing this module does nothing
            from coterie.cli.main import main as command  # noqa: PLC0415

            return command(line, Wiring())


def _attach() -> int:
    # A relay is as light as a process can be.
    from coterie.relay.attach import NoDaemonError, attach  # noqa: PLC0415

    try:
        return attach()
    except NoDaemonError as reason:
        return _serve(no_daemon=str(reason))


def _serve(*, no_daemon: str | None = None) -> int:
    # An editor waits for this, and reading a command line would take a tenth of the time.
    from coterie.app.wiring import Wiring  # noqa: PLC0415

    return Wiring(no_daemon=no_daemon).serve_stdio()


if __name__ == "__main__":
    sys.exit(main())
