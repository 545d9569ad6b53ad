"""Remembers what each editor announced when it came last and how its latest request for ghost text ended, for ``coterie doctor``.

That one runs in a process of its own, when no editor may be there to be asked and each may have another server: so all of them keep one
small file in the state folder. It is written whole, in a thread; where it cannot be written, nothing else suffers.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from coterie.base.ids import now
from coterie.base.kept_file import keep, kept
from coterie.base.tasks import TaskSupervisor
from coterie.cli.wiring import SeenEditor
from coterie.domain.suggestions import SuggestionExplanation
from coterie.features.attachment import Introduction

FILE = "editors.json"
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

    def with_it(content: Any) -> Any:
        others = [editor for editor in _editors(content) if editor.introduction.name != seen.introduction.name]
        return [asdict(editor) for editor in (seen, *others)][:KEPT]

    try:
        keep(state / FILE, with_it)
    except OSError as reason:
        log.info("the editor is not remembered: %s", reason)


def seen_editors(state: Path) -> tuple[SeenEditor, ...]:
    """Return the editors that were here, the latest first; none where the file is missing or not ours. Blocks."""
    return _editors(kept(state / FILE))


def _editors(content: Any) -> tuple[SeenEditor, ...]:
    try:
        return tuple(map(_seen, content or ()))
    except (AttributeError, KeyError, TypeError):
        return ()


def _seen(kept_editor: Any) -> SeenEditor:
    said = kept_editor.pop("suggestion", None)
    return SeenEditor(
        **{**kept_editor, "introduction": Introduction(**kept_editor["introduction"])},
        suggestion=None if said is None else SuggestionExplanation(**said),
    )
