"""What goes along with a gap from other files, found under a deadline: what is not there in time is left out.

``service`` asks it just before the model is asked: places where the person was just now, code in open documents that is like the cursor's,
definitions of the names around the cursor, and like code in closed files that the index finds for these names and what the person has
before them (`features.attention`). Which of it is shown, ``context.nearby`` decides. No secret and no ignored file is among it. What an
answer rested on is remembered with it (`reuse.Versions`): it is no answer any more when that changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Literal, Protocol

from coterie.base.errors import ModelMistakeError, RequestError
from coterie.base.tasks import side_by_side
from coterie.context.fill import Gap
from coterie.context.nearby import Piece, alike, chosen, definition, names_near, place
from coterie.context.tokens import Calibration
from coterie.domain.code_ports import Index
from coterie.domain.edits import FileRef
from coterie.domain.suggestions import Snippet, SnippetUsed, SuggestionRequest
from coterie.features.attention import Attention, Stop
from coterie.features.prediction import path_by_language
from coterie.features.suggestions.reuse import Versions
from coterie.workspace.documents import Buffer, Documents
from coterie.workspace.uris import path_in

WITHIN_S = 0.15
WITHIN_BY_HAND_S = 0.5
MOST_DOCUMENTS = 6
"""Open documents that are looked at, the latest changed first."""
MOST_FILES = 6
"""Files that are not open, those first that the index ranks first."""
LONGEST_FILE = 20_000
"""Tokens: a file that is larger is not looked at unless it is open."""
AT_ONCE = 20_000
"""Characters of a text that are compared on the event loop; a longer one would hold up the editor, and is compared in a thread."""
MOST_STOPS = 3
_CLOSEST = 3
_NOTEBOOK = ".ipynb"
"""The ending of files whose code stands in JSON: the cells of the cursor's own notebook are around it already."""

log = logging.getLogger(__name__)


class Files(Protocol):
    """The workspace, as far as snippets need it (implemented by ``workspace``)."""

    def locate(self, path: str, folder: str | None = None) -> FileRef:
        """Find a file; see `coterie.domain.workspace_ports.Workspace.locate`."""
        ...

    async def read(self, file: FileRef, *, exact: bool = False) -> str | None:
        """Return a text; see `coterie.domain.workspace_ports.Workspace.read`."""
        ...

    async def withheld(self, uri: str) -> Literal["secret", "ignored"] | None:
        """Say why a document is shown to no model, if it is not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found. ``path`` is what the gap's own file is called, ``project`` its folder."""

    path: str
    project: str = ""
    snippets: tuple[Snippet, ...] = ()
    used: tuple[SnippetUsed, ...] = ()
    versions: Versions


class SnippetSource:
    """Looks around in one editor's workspace."""

    def __init__(self, documents: Documents, files: Files, index: Index, attention: Attention) -> None:
        self._documents = documents
        self._files = files
        self._index = index
        self._attention = attention

    async def gather(self, asked: SuggestionRequest, gap: Gap, calibration: Calibration) -> Found:
        """Return what was found within the time that the person's request allows."""
        here = Stop(asked.uri, asked.text.count("\n", 0, asked.offset) + 1)
        own = self._located(asked.uri)
        search = _Search(self._documents, self._files, own, gap)
        stops = self._attention.been(here)
        try:
            async with asyncio.timeout(WITHIN_BY_HAND_S if asked.manual else WITHIN_S):
                await search.places(stops[:MOST_STOPS])
                await search.alike(here)
                await search.definitions(self._index)
                await search.alike_elsewhere(self._index, self._attention)
        except TimeoutError:
            log.debug("what goes along with a gap was not all there in time")
        pieces = chosen(search.found, gap, calibration)
        return Found(
            path=self._name_of(asked.uri) if own is None else own.path,
            project="" if own is None else PurePosixPath(_root(own)).name,
            snippets=tuple(Snippet(piece.path, piece.text) for piece in pieces),
            used=tuple(SnippetUsed(path=piece.path, start=piece.first, end=piece.last, reason=piece.reason) for piece in reversed(pieces)),
            versions={search.uris[piece.path]: search.hashes[piece.path] for piece in pieces},
        )

    async def are_current(self, versions: Versions) -> bool:
        """Say whether all those texts are still what they were."""
        return all([await self._hash(uri) == version for uri, version in versions.items()])

    async def _hash(self, uri: str) -> int | None:
        text = await _text_of(uri, self._located(uri), self._documents, self._files)
        return None if text is None else hash(text)

    def _name_of(self, uri: str) -> str:
        """Return what a document in no folder is called; by its ending the model, and who shows it other files, know its language."""
        buffer = self._documents.get(uri)
        name = PurePosixPath(path_in(uri)).name
        return name if buffer is None else path_by_language(name, buffer.language)

    def _located(self, uri: str) -> FileRef | None:
        uri = self._documents.notebooks.of(uri) or uri  # a cell is where its notebook is
        try:
            return self._files.locate(uri) if uri.startswith("file:") else None
        except ModelMistakeError:  # outside of the workspace
            return None


class _Search:
    """One look around: what is found adds up, so that a deadline takes away only what is still missing."""

    def __init__(self, documents: Documents, files: Files, own: FileRef | None, gap: Gap) -> None:
        self.found: list[Piece] = []
        self.uris: dict[str, str] = {}
        self.hashes: dict[str, int] = {}
        if own is not None:  # so that its namesake of another folder is not taken for it
            self.uris[own.path] = own.uri
        self._documents = documents
        self._files = files
        self._own = own
        self._gap = gap

    async def places(self, stops: Sequence[Stop]) -> None:
        """Add what stands at places."""
        for age, stop in enumerate(stops):
            text = self._documents.text(stop.uri)
            if text is not None and (path := await self._shown_as(stop.uri, text)) is not None:
                self.found.append(place(path, _lines_fed(text), stop.line, age=age))

    async def alike(self, here: Stop) -> None:
        """Add what in other open documents of the language is like the cursor's code."""
        own = self._documents.get(here.uri)
        others = [each for each in self._documents.files() if own is not None and each.language == own.language and each.uri != here.uri]
        for buffer in sorted(others, key=_latest_first)[:MOST_DOCUMENTS]:
            path = await self._shown_as(buffer.uri, buffer.text)
            if path is not None:
                await self._compare(path, buffer.text)

    async def alike_elsewhere(self, index: Index, attention: Attention) -> None:
        """Add what is like the cursor's code in files that are not open, of those that the names around the cursor lead to."""
        names = names_near(self._gap)
        if self._own is None or not names:
            return
        root = _root(self._own)
        question = attention.about(root, " ".join(names), MOST_FILES + len(self._documents.files()))
        try:
            ranking = await index.rank(root, question)
        except RequestError:  # the index is not to be had now
            return
        new = [each for each in ranking.found if each.path not in question.opened and each.tokens <= LONGEST_FILE]
        code = [each.path for each in new if _same_kind(each.path, self._own.path) and not each.path.endswith(_NOTEBOOK)]
        for path in code[:MOST_FILES]:
            if (at := await self._whole(path)) is not None:
                await self._compare(at.path, at.text)

    async def _compare(self, path: str, text: str) -> None:
        compare = partial(alike, self._gap, path, _lines_fed(text))
        piece = compare() if len(text) <= AT_ONCE else await asyncio.to_thread(compare)
        if piece is not None:
            self.found.append(piece)

    async def definitions(self, index: Index) -> None:
        """Add the definitions of the names around the cursor."""
        if self._own is None:
            return
        await side_by_side(*(self._definition(index, name, rank) for rank, name in enumerate(names_near(self._gap))))

    async def _definition(self, index: Index, name: str, rank: int) -> None:
        if self._own is None:
            return
        try:
            answer = await index.definitions(_root(self._own), name, _CLOSEST)
        except RequestError:  # the index is not to be had now
            return
        for each in answer.found:
            if each.name != name or not _same_kind(each.path, self._own.path):
                continue
            at = await self._whole(each.path)
            if at is not None and (piece := definition(at.path, at.text, name, (each.line, each.end_line), rank=rank)):
                self.found.append(piece)
                return

    async def _whole(self, path: str) -> Snippet | None:
        """Return a file that the index names as the model is shown it, whole; None for one that it is not shown."""
        if self._own is None:
            return None
        try:
            file = self._files.locate(path, self._own.folder)
        except ModelMistakeError:
            return None
        text = await _text_of(file.uri, file, self._documents, self._files)
        shown = None if text is None else await self._shown_as(file.uri, text)
        return None if text is None or shown is None else Snippet(shown, _lines_fed(text))

    async def _shown_as(self, uri: str, text: str) -> str | None:
        """Return what a file is called to the model; None for one that no model is shown."""
        if await self._files.withheld(uri) is not None:
            return None
        try:
            file = self._files.locate(uri)
        except ModelMistakeError:
            return None
        path = file.path
        if self.uris.setdefault(path, uri) != uri:  # of another folder
            path = f"{PurePosixPath(_root(file)).name}/{path}"
        self.uris[path], self.hashes[path] = uri, hash(text)
        return path


async def _text_of(uri: str, file: FileRef | None, documents: Documents, files: Files) -> str | None:
    """Return the text of a document that is open, or of a file; None where there is none to be had."""
    if (text := documents.text(uri)) is not None or file is None:
        return text
    try:
        return await files.read(file)
    except (ModelMistakeError, OSError):
        return None


def _lines_fed(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _root(file: FileRef) -> str:
    return file.absolute.removesuffix(file.path).rstrip("/") or "/"


def _same_kind(path: str, own: str) -> bool:
    """Say whether two files are likely of languages that know each other's names."""
    return _kind(path) == _kind(own)


def _kind(path: str) -> str:
    ending = path.rpartition(".")[2].casefold()
    return next((kind for kind in _KINDS if ending in kind.split()), ending)


_KINDS = ("py pyi ipynb", "js jsx mjs cjs ts tsx mts cts vue svelte", "c h cc cpp cxx hh hpp hxx ipp inl", "java kt kts scala groovy")


def _latest_first(buffer: Buffer) -> int:
    return -buffer.changed
