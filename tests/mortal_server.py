"""The real server, which kills itself at one of its journal records: ``python mortal_server.py COUNTS AT (before|after)``.

The death is a real one (SIGKILL) and comes at the ``AT``-th append of this process, before or after it is committed; it is put into the
product's journal here, in the entry of a test, and not there. COUNTS is a file that gets a byte for each append, for a test that needs to
know how many there are.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from coterie.__main__ import main
from coterie.domain.records import Entry
from coterie.storage.journal import Journal

append = Journal.append


def make_mortal(counts: Path, at: int, moment: str) -> None:
    """Let the journal kill this process."""

    async def append_or_die(
        self: Journal, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False
    ) -> None:
        with counts.open("ab") as file:
            file.write(b".")
            number = file.tell()
        if (number, moment) == (at, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        await append(self, run_id, entries, texts, durable=durable)
        if (number, moment) == (at, "after"):
            os.kill(os.getpid(), signal.SIGKILL)

    Journal.append = append_or_die  # type: ignore[method-assign]


if __name__ == "__main__":
    make_mortal(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    sys.argv[1:] = ["serve", "--stdio"]
    sys.exit(main())
