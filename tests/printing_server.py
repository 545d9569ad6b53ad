"""The real server with a library that prints: ``python printing_server.py``. Every journal record is announced on standard output."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from coterie.__main__ import main
from coterie.domain.records import Entry
from coterie.storage.journal import Journal

NOISE = "noise of a library"
append = Journal.append


async def append_aloud(self: Journal, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
    """Append, and print in every way that there is."""
    print(NOISE, flush=True)  # noqa: T201 - the very thing
    os.write(1, f"{NOISE}\n".encode())
    subprocess.run(["echo", NOISE], check=True)  # noqa: ASYNC221 - a library that prints may as well block
    await append(self, run_id, entries, texts, durable=durable)


if __name__ == "__main__":
    Journal.append = append_aloud  # type: ignore[method-assign]
    sys.argv[1:] = ["serve", "--stdio"]
    sys.exit(main())
