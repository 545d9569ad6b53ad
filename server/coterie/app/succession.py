"""Notices that Coterie was installed anew, or removed, in the place that this server was started from.

Editors of another version meet at another place (``relay.places``), so the two never speak to each other. But what this server has not
loaded yet would come from the new files. So ``daemon`` takes no more editors then and ends with those that it has, and ``core`` tells them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TypeAlias

import coterie
from coterie.features.listener import Watched

EVERY_S = 60.0

_Stamp: TypeAlias = tuple[int, int] | None


class Succession(Watched):
    """Whether the files are others now, which stays so. ``marker`` is one that each installation writes; whoever watches is told once."""

    def __init__(self, marker: Path = Path(coterie.__file__)) -> None:
        super().__init__()
        self._marker = marker
        self._began = _stamp(marker)
        self.superseded = False

    async def look(self) -> bool:
        """Look at the files, and say whether they are others."""
        if not self.superseded and await asyncio.to_thread(_stamp, self._marker) != self._began and not self.superseded:
            self.superseded = True
            self._changed()
        return self.superseded

    async def watch_files(self) -> None:
        """Look once a minute, until they are others."""
        while True:
            await asyncio.sleep(EVERY_S)
            if await self.look():
                return


def _stamp(file: Path) -> _Stamp:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
