"""Remembers what each editor announced when it came last and how its latest request for ghost text ended, for ``coterie doctor``.

That one runs in a process of its own, when no editor may be there to be asked and each may have another server: so all of them keep one
small file in the state folder. It is written whole, in a thread; where it cannot be written, nothing else suffers.
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from coterie.base.ids import now
from coterie.base.tasks import TaskSupervisor
from coterie.cli.wiring import SeenEditor
from coterie.domain.suggestions import SuggestionExplanation
from coterie.features.attachment import Introduction

FILE = "editors.json"
LOCK = "editors.lock"
KEPT = 8
PAUSE_S = 2.0
"""Between two writes for one editor: who types makes several decisions a second."""

log = logging.getLogger(__name__)


class EditorRecord:
    """What is remembered of one editor while it is here. ``tasks`` outlive the editor's last request."""

    def __init__(self, state: Path, introduction: Introduction, *, shared: bool, tasks: TaskSupervisor) -> None:
        self._state = state
        self._tasks = tasks
        self._seen = SeenEditor(at=now(), shared=shared, introduction=introduction)
        self._kept: SeenEditor | None = None
        self._writing = False

    async def keep(self) -> None:
        """Write down what is new, if anything is."""
        if self._kept is not self._seen:
            self._kept = self._seen
            await asyncio.to_thread(remember, self._state, self._seen)

    def decided(self, suggestion: SuggestionExplanation) -> None:
        """Note how a request for ghost text ended."""
        self._seen = replace(self._seen, suggestion=suggestion)
        if not self._writing and not self._tasks.closed:
            self._writing = True
            self._tasks.spawn(self._keep_up(), name="remember an editor")

    async def _keep_up(self) -> None:
        try:
            while self._kept is not self._seen:
                await self.keep()
                await asyncio.sleep(PAUSE_S)
        finally:
            self._writing = False
            await self.keep()


def remember(state: Path, seen: SeenEditor) -> None:
    """Keep an editor in place of its earlier self. Blocks."""
    file = state / FILE
    try:
        state.mkdir(parents=True, exist_ok=True)
        with _alone(state / LOCK):
            others = [editor for editor in seen_editors(state) if editor.introduction.name != seen.introduction.name]
            _replace(file, json.dumps([asdict(editor) for editor in (seen, *others)][:KEPT]))
    except OSError as reason:
        log.info("the editor is not remembered: %s", reason)


def seen_editors(state: Path) -> tuple[SeenEditor, ...]:
    """Return the editors that were here, the latest first; none where the file is missing or not ours. Blocks."""
    try:
        return tuple(map(_seen, json.loads((state / FILE).read_text(encoding="utf-8"))))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


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


def _seen(kept: Any) -> SeenEditor:
    said = kept.pop("suggestion", None)
    return SeenEditor(
        **{**kept, "introduction": Introduction(**kept["introduction"])},
        suggestion=None if said is None else SuggestionExplanation(**said),
    )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other servers, and other threads of this one, from writing at the same time."""
    import fcntl  # noqa: PLC0415 - not loaded at server start

    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
