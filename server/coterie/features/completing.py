"""Completes what a person attaches to a message: files and symbols of the workspace, as fast as they type.

Files come from a list that is kept for each folder and looked at anew in the background, symbols from the index where that runs; what does
not come in time is left out. Ignored files and secrets are in neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from time import monotonic

from coterie.base.errors import InvalidParamsError, RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.code_ports import Attention, Index
from coterie.domain.completion import AttachmentItem, AttachmentItems
from coterie.domain.edits import FileRef
from coterie.domain.runs import Position, Range
from coterie.domain.workspace_ports import Folder, Workspace

FRESH_S = 2.0
"""So long a list of files is good without another look."""
PATIENCE_S = 0.2
"""So long the index is waited for."""
MOST = 200
_SHORTEST_NAME = 2
_WORDS = {"selection": "what is selected in the editor", "diagnostics": "what the editor reports about the open file"}


class AttachmentCompleter:
    """Implements `coterie.features.protocol_faces.Completer`; ``clock`` gives seconds."""

    def __init__(
        self, workspace: Workspace, index: Index, attention: Attention, tasks: TaskSupervisor, clock: Callable[[], float] = monotonic
    ) -> None:
        self._workspace = workspace
        self._index = index
        self._attention = attention
        self._tasks = tasks
        self._clock = clock
        self._listed: dict[str, tuple[float, Sequence[FileRef]]] = {}
        self._looking: set[str] = set()

    async def complete(self, query: str, *, folder: str | None = None, limit: int = 20) -> AttachmentItems:
        """Return what fits, in one folder or in all. Raises `InvalidParamsError`."""
        if not 1 <= limit <= MOST:
            raise InvalidParamsError(f"limit: must be from 1 to {MOST}.")
        folders = [each for each in self._workspace.folders if folder is None or each.uri.rstrip("/") == folder.rstrip("/")]
        if folder is not None and not folders:
            raise InvalidParamsError(f"folder: {folder} is not a workspace folder.")
        wanted = query.strip().removeprefix("@").casefold()
        words = [AttachmentItem(kind=word, label=word, detail=text) for word, text in _WORDS.items() if word.startswith(wanted)]  # type: ignore[arg-type]
        found = await asyncio.gather(*(self._in_folder(each, wanted, limit) for each in folders))
        shown = [self._in_all(each, items) for each, (items, _) in zip(folders, found, strict=True)]
        # In turns: what is in the last of several folders is as likely meant as what is in the first.
        items = [*words, *(item for together in zip_longest(*shown) for item in together if item is not None)]
        return AttachmentItems(items=tuple(items[:limit]), complete=all(is_complete for _, is_complete in found))

    def _in_all(self, folder: Folder, items: Iterable[AttachmentItem]) -> Iterable[AttachmentItem]:
        """Return what was found in a folder with where it is among all folders."""
        others = [each for each in self._workspace.folders if each.uri != folder.uri]
        if not others:
            return items
        place = folder.absolute if any(each.name == folder.name for each in others) else folder.name
        return [replace(item, detail=f"{place}/{item.detail}") for item in items]

    async def _in_folder(self, folder: Folder, wanted: str, limit: int) -> tuple[tuple[AttachmentItem, ...], bool]:
        listed = await self._files(folder)
        at_hand = self._attention.about(folder.absolute, wanted)
        near = {path: place for place, path in enumerate((*at_hand.opened, *at_hand.recent))}
        best = await asyncio.to_thread(_best, listed, wanted, near, limit)
        files = tuple(AttachmentItem(kind="file", label=Path(each.path).name, detail=each.path, uri=each.uri) for each in best)
        symbols, is_complete = await self._symbols(folder, wanted, limit)
        # A file of that very name is meant before what it defines, and what is defined before a file that only somehow fits.
        named = sum(Path(each.detail).name.casefold().startswith(wanted) for each in files)
        return (*files[:named], *symbols, *files[named:]), is_complete

    async def _files(self, folder: Folder) -> Sequence[FileRef]:
        known = self._listed.get(folder.uri)
        if known is None:
            return await self._look(folder)
        if self._clock() - known[0] > FRESH_S and folder.uri not in self._looking and not self._tasks.closed:
            self._looking.add(folder.uri)
            self._tasks.spawn(self._look(folder), name=f"list the files of {folder.name}")
        return known[1]

    async def _look(self, folder: Folder) -> Sequence[FileRef]:
        try:
            files = await self._workspace.files(folder.uri)
            self._listed[folder.uri] = (self._clock(), files)
        finally:
            self._looking.discard(folder.uri)
        return files

    async def _symbols(self, folder: Folder, wanted: str, limit: int) -> tuple[tuple[AttachmentItem, ...], bool]:
        if len(wanted) < _SHORTEST_NAME or not wanted.isidentifier():
            return (), True
        if not self._index.is_running:
            return (), False
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._index.definitions(folder.absolute, wanted, limit)
        except (TimeoutError, RequestError):
            return (), False
        root = Path(folder.absolute)
        items = (
            AttachmentItem(
                kind="symbol",
                label=each.name,
                detail=f"{each.path}:{each.line}",
                uri=(root / each.path).as_uri(),
                range=Range(start=Position(line=each.line - 1, character=0), end=Position(line=each.end_line, character=0)),
                symbol_kind=each.kind,
            )
            for each in answer.found
        )
        return tuple(items), answer.complete


def _best(files: Iterable[FileRef], wanted: str, near: dict[str, int], limit: int) -> list[FileRef]:
    """Return the files that fit best: by their name's beginning, what is in it, what is in their path, or its letters in order."""
    ranked = [
        (rank, near.get(file.path, len(near)), len(file.path), file.path, file)
        for file in files
        if (rank := _rank(file.path.casefold(), wanted)) is not None
    ]
    return [file for *_, file in sorted(ranked, key=lambda each: each[:4])[:limit]]


def _rank(path: str, wanted: str) -> int | None:
    name = path.rpartition("/")[2]
    if name.startswith(wanted):
        return 0
    if wanted in name:
        return 1
    if wanted in path:
        return 2
    letters = iter(path)
    return 3 if all(letter in letters for letter in wanted) else None
