"""The real server, which looks for hosts where a test says: ``python finding_server.py ADDRESS=KIND[,KIND] …``.

The usual ports belong to whoever runs the tests; nothing of theirs is to be found. What is there has to be found on the slowest
machine, so it looks for longer than the product does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial

from coterie.__main__ import main
from coterie.app import hosts
from coterie.config.addresses import UsualPlace
from coterie.providers.discovery import Discovery

PATIENT_S = 60.0


def places(environ: Mapping[str, str]) -> tuple[UsualPlace, ...]:
    """Return the places of the command line."""
    del environ
    pairs = (argument.split("=") for argument in ARGUMENTS)
    return tuple(UsualPlace(address, tuple(kinds.split(","))) for address, kinds in pairs)  # type: ignore[arg-type]


if __name__ == "__main__":
    ARGUMENTS = sys.argv[1:]
    hosts.usual_places = places  # type: ignore[attr-defined]
    hosts.Discovery = partial(Discovery, bound_s=PATIENT_S)  # type: ignore[assignment, attr-defined]
    sys.argv[1:] = ["serve", "--stdio"]
    sys.exit(main())
