"""Notices that a file of settings has changed, so that a person's edit holds without a restart.

It looks at a handful of files once a second, beside the event loop. The system's own watch, which the index uses for whole folders, would
be more to do and less safe here: it watches what is there, and most of these files and some of their folders are not, so that it would have
to follow each folder above them as they come and go; and it hears nothing of what another machine writes to a folder of the network.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeAlias

_EVERY_S = 1.0

log = logging.getLogger(__name__)

_Stamp: TypeAlias = tuple[int, int, int] | None


class SettingsWatch:
    """Looks at the files that ``files`` names and calls ``changed`` after any of them came, went or changed."""

    def __init__(
        self,
        files: Callable[[], Iterable[Path]],
        changed: Callable[[], None],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._files = files
        self._changed = changed
        self._pause = pause
        self._seen = _stamps(files())

    def while_read(self, read: Callable[[], None]) -> None:
        """Have the files read, so that no look tells of them as they are now; what is written meanwhile the next one does tell of."""
        self._seen = _stamps(self._files())
        read()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._pause(_EVERY_S)
            found = await asyncio.to_thread(_stamps, tuple(self._files()))
            if found == self._seen:
                continue
            self._seen = found
            try:
                self._changed()
            except Exception:
                log.exception("the changed settings could not be taken over")


def _stamps(files: Iterable[Path]) -> dict[Path, _Stamp]:
    return {file: _stamp(file) for file in files}


def _stamp(file: Path) -> _Stamp:
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino
