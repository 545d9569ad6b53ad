"""When a small file that several servers keep together (`kept_file`) is written: a while after something came, and at the end.

``features.suggestions.outcomes`` and ``agents.lessons`` keep what they count and learn in such a file each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from coterie.base.kept_file import keep, kept
from coterie.base.tasks import TaskSupervisor

PAUSE_S: Final = 10.0
"""Between two writes."""

Change: TypeAlias = Callable[[Any], Any]
"""Makes a file's new content of its content; None: it has none."""

log = logging.getLogger(__name__)


class Owner(Protocol):
    """Who has something kept."""

    def news(self) -> Change | None:
        """Hand over what is not in the file yet, once; None where there is nothing."""
        ...

    def take(self, content: Any) -> None:
        """Know what the file holds; it may be anything."""
        ...


class KeptSoon:
    """Keeps what its owner has. Without a ``file`` it keeps nothing, and does nothing."""

    def __init__(self, file: Path | None, owner: Owner, *, pause_s: float = PAUSE_S) -> None:
        self._file = file
        self._owner = owner
        self._pause_s = pause_s
        self._tasks = TaskSupervisor("kept files")
        self._has_begun = False
        self._is_writing = False

    def begin(self) -> None:
        """Have the file read in the background, the first time that this is called."""
        if not self._has_begun and self._file is not None and not self._tasks.closed:
            self._has_begun = True
            self._tasks.spawn(self.read(), name=f"read {self._file.name}")

    async def read(self) -> None:
        """Read the file."""
        if self._file is not None:
            self._owner.take(await asyncio.to_thread(kept, self._file))

    def soon(self) -> None:
        """Have what is new written before long."""
        if self._file is not None and not self._is_writing and not self._tasks.closed:
            self._is_writing = True
            self._tasks.spawn(self._write_soon(), name=f"write {self._file.name}")

    async def aclose(self) -> None:
        """Write what is not written yet."""
        await self._tasks.aclose()
        await self._write()

    async def _write_soon(self) -> None:
        await asyncio.sleep(self._pause_s)
        self._is_writing = False
        await self._write()

    async def _write(self) -> None:
        if self._file is None or (change := self._owner.news()) is None:
            return
        try:
            self._owner.take(await asyncio.to_thread(keep, self._file, change))
        except OSError as reason:
            log.info("%s is not written, and what it was to hold is forgotten with this server: %s", self._file.name, reason)
