"""A small JSON file that several servers keep together: read whole, written whole, and by one of them at a time.

``app.editors`` keeps who was here in one; by `kept_soon` ``features.suggestions.outcomes`` keeps what became of ghost text, and
``agents.lessons`` what hosts have shown. ``agents.effects`` holds the same lock (`alone`) around notes, which are no JSON. Everything here
blocks.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ETIMEDOUT
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
"""How long somebody waits who has to write; a writer needs the time of one file."""
_PAUSE_S = 0.005


def kept(file: Path) -> Any:
    """Return what the file holds; None where it is missing or is no JSON."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def keep(file: Path, change: Callable[[Any], Any]) -> Any:
    """Put in the file's place what ``change`` makes of its content (None: there is none), and return it. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with alone(file.with_suffix(".lock")):
        content = change(kept(file))
        _replace(file, json.dumps(content))
        return content


def _replace(file: Path, text: str) -> None:
    """Put a new file in the place of one. Nobody else writes into the temporary one, whatever is left of others lies there."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, prefix=f"{file.stem}.", suffix=".tmp", delete=False) as made:
        try:
            made.write(text)
            made.close()
            Path(made.name).replace(file)
        except OSError:
            Path(made.name).unlink(missing_ok=True)
            raise


@contextmanager
def alone(lock: Path, within_s: float = PATIENCE_S) -> Iterator[None]:
    """Keep other servers, and other threads of this one, from writing at the same time.

    Raises `OSError` where one that was stopped does not let go of the lock.
    """
    import fcntl  # noqa: PLC0415 - not loaded at server start

    end = time.monotonic() + within_s
    with lock.open("wb") as held:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as taken:
                if time.monotonic() >= end:
                    raise TimeoutError(ETIMEDOUT, "something else holds its lock all the time") from taken
                time.sleep(_PAUSE_S)
        yield
