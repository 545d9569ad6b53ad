"""Which open documents no model is shown without being told to: secrets by their names, and what the workspace ignores. Blocks.

Ghost text shows a model the document without any agent or person having decided to, at every pause between two keys: so `Privacy` looks
in a thread, and again only after a while.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Literal, TypeAlias

from coterie.workspace.ignore import is_secret
from coterie.workspace.uris import path_in
from coterie.workspace.walk import is_listed

Withheld: TypeAlias = Literal["secret", "ignored"]
KEPT_S = 1.0
"""A person who has just had a file ignored expects it to be kept back; looking takes half a millisecond."""
MOST_DOCUMENTS = 250


class Privacy:
    """Remembers what `withheld` said of each document, for a moment; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, frozenset[str]], tuple[float, Withheld | None]] = {}

    async def withheld(self, uri: str, roots: frozenset[str]) -> Withheld | None:
        """Say why a document is kept back; see the function of this name."""
        now = self._clock()
        seen, verdict = self._known.get((uri, roots), (float("-inf"), None))
        if now - seen < KEPT_S:
            return verdict
        # Nothing is changed there, so a request that is given up need not wait for the thread's end.
        verdict = await asyncio.to_thread(withheld, uri, roots)
        if len(self._known) >= MOST_DOCUMENTS:
            self._known.clear()
        self._known[uri, roots] = (now, verdict)
        return verdict


def withheld(uri: str, roots: Iterable[str]) -> Withheld | None:
    """Say why a document is kept back. ``roots`` are the workspace folders, links resolved.

    A cell is as private as its notebook, whose path is in its URI whatever the scheme. Inside of a folder of the workspace only the names
    below it count, elsewhere all of them; a link is as private as what it leads to.
    """
    path = path_in(uri)
    names = {path, os.path.realpath(path)} if path.startswith("/") and "\0" not in path else {path}
    reasons = {_reason(Path(name), roots) for name in names}
    return "secret" if "secret" in reasons else "ignored" if "ignored" in reasons else None


def _reason(path: Path, roots: Iterable[str]) -> Withheld | None:
    root = max((root for root in roots if path.is_relative_to(root)), key=len, default=None)
    inside = path if root is None else path.relative_to(root)
    if any(map(is_secret, inside.parts)):
        return "secret"
    return None if root is None or is_listed(root, inside.as_posix()) else "ignored"
