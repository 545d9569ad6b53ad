"""Reads what a request points at, once, before its first message is worded by ``task``.

``agents`` calls it when a run starts. Everything comes through the workspace: unsaved buffers are what the model sees, and what the
workspace refuses (outside, binary) is said in its place instead of failing the run. What the index adds (``project_map``, ``retrieved``) is
waited for a moment and no longer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeAlias, TypeVar

from coterie.base.errors import ModelMistakeError, RequestError
from coterie.base.legible import first_line
from coterie.context.cutting import bounded, enclosed
from coterie.context.project_map import MOST_LANDMARKS, project_map
from coterie.context.retrieved import fitting, within
from coterie.context.task import Excerpt, FolderFacts
from coterie.domain.code_ports import Index
from coterie.domain.events import Attached
from coterie.domain.retrieval import Found, Question
from coterie.domain.runs import Attachment, RunRequest, Selection
from coterie.domain.workspace_ports import Folder, Workspace
from coterie.workspace import uris
from coterie.workspace.walk import is_listed, is_too_wide

MAX_ENTRIES = 40
MAX_ATTACHMENT_CHARACTERS = 32_000
PATIENCE_S = 0.3
"""A conversation does not wait longer for the index to begin: it can ask later by itself."""
_CANDIDATES = 12
_SELECTED = 1_000
"""Characters of the selection that are asked about."""
_T = TypeVar("_T")
Ask: TypeAlias = Callable[[str, int, str], Question]
"""Makes a question of words, of how many files are wanted, and of the folder that is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be gathered from the index, and of which files."""

    tokens: int
    may_read: Callable[[str], bool]
    patience_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a folder, listed once for all that a conversation begins with: with 50,000 of them that takes a second."""

    folder: Folder
    paths: tuple[str, ...]


def attached(attachments: Iterable[Attachment]) -> tuple[Attached, ...]:
    """Return what goes along with a message as people are shown it."""
    return tuple(map(_attached, attachments))


def _attached(each: Attachment) -> Attached:
    said = first_line(each.text or "")
    if each.uri is None:
        return Attached(label=said)
    name = PurePosixPath(uris.path_in(each.uri)).name or each.uri
    # The text of a document that is no file is all of it: nobody else could read it.
    return Attached(label=name, uri=each.uri, excerpt=said if said and uris.path_of(each.uri) is not None else None)


async def listing_of(workspace: Workspace, folder: str | None = None) -> Listing | None:
    """List the folder of a request, the first one where it names none; None without any."""
    if (chosen := _chosen(workspace, folder)) is None:
        return None
    return Listing(chosen, tuple(file.path for file in await workspace.files(chosen.uri)))


def folder_facts(listing: Listing) -> FolderFacts:
    """Return the folder's name and its top-level entries."""
    counts: Counter[str] = Counter()
    for path in listing.paths:
        top, separator, _ = path.partition("/")
        counts[top + separator] += 1
    entries = [f"{name} ({count} files)" if name.endswith("/") else name for name, count in sorted(counts.items())]
    if (more := len(entries) - MAX_ENTRIES) > 0:
        entries[MAX_ENTRIES:] = [f"… {more} more"]
    return FolderFacts(listing.folder.name, tuple(entries))


async def have_at_hand(workspace: Workspace, index: Index, folder: str | None, wait_s: float | None) -> None:
    """Return when the index can be asked about a folder. Raises `RequestError` ``index_unavailable``, with the reason, where it cannot.

    ``wait_s`` is how long it is waited for it to be started and to have read what has changed; None: it only has to run, because somebody
    keeps it up to date.
    """
    if wait_s is None:
        if not index.is_running:
            raise _unavailable("The index does not run.")
        return
    if (chosen := _chosen(workspace, folder)) is None:
        raise _unavailable("There is no folder.")
    if is_too_wide(chosen.absolute):
        raise _unavailable(f"{chosen.absolute} is too wide to be indexed as a whole.")
    try:
        async with asyncio.timeout(wait_s):
            await index.refresh(chosen.absolute)
    except TimeoutError as late:
        text = f"The index has not read {chosen.name} within {wait_s:g} seconds; what it has read by the end serves the next time."
        raise _unavailable(text) from late


def _unavailable(text: str) -> RequestError:
    return RequestError(text, code="index_unavailable")


async def map_of(listing: Listing, index: Index, limits: Limits) -> str:
    """Return a map of a folder; empty when the index is not there, not whole, or takes too long."""
    if not limits.tokens:
        return ""
    overview = await _in_time(index.overview(listing.folder.absolute, MOST_LANDMARKS), limits)
    if overview is None or not overview.complete:
        return ""
    landmarks = [landmark for landmark in overview.landmarks if limits.may_read(landmark.path)]
    return await asyncio.to_thread(project_map, listing.paths, landmarks, limits.tokens)


async def code_for(
    workspace: Workspace, index: Index, request: RunRequest, limits: Limits, *, ask: Ask, shown: Collection[str] = ()
) -> tuple[Excerpt, ...]:
    """Return what fits a request in files that it does not point at and that are not ``shown`` already; empty as for `map_of`.

    ``ask`` makes the question to the index.
    """
    if (chosen := _chosen(workspace, request.folder)) is None or not limits.tokens:
        return ()
    selected = "" if request.selection is None else (request.selection.text or "")[:_SELECTED]
    asked = f"{request.prompt}\n{selected}"
    ranking = await _in_time(index.rank(chosen.absolute, ask(asked, _CANDIDATES, chosen.absolute)), limits)
    if ranking is None:
        return ()
    pointed = [request.selection.uri] if request.selection is not None else []
    pointed += [attachment.uri for attachment in request.attachments if attachment.uri is not None]
    known = {*shown, *(shown_path(workspace, uri) for uri in pointed)}
    texts: list[tuple[Found, str]] = []
    for found in ranking.found:
        if found.path in known or not limits.may_read(found.path):
            continue
        with suppress(ModelMistakeError):  # a binary or far too large file
            text = await workspace.read(workspace.locate(found.path, chosen.uri))
            if text is not None:
                texts.append((found, text))

    def fitted() -> list[Excerpt]:
        # The index may be older than an ignore file. A look at each is no walk through all of a large folder.
        excerpts = [fitting(asked, found, text) for found, text in texts if is_listed(chosen.absolute, found.path)]
        return [excerpt for excerpt in excerpts if excerpt is not None]

    # A large file takes a tenth of a second to judge.
    return within(await asyncio.to_thread(fitted), limits.tokens)


def _chosen(workspace: Workspace, folder: str | None) -> Folder | None:
    return workspace.folder(folder or "") or next(iter(workspace.folders), None)


async def _in_time(answer: Coroutine[None, None, _T], limits: Limits) -> _T | None:
    """Wait for the index as long as nobody minds."""
    try:
        async with asyncio.timeout(limits.patience_s):
            return await answer
    except (TimeoutError, RequestError):
        return None


async def attachments_of(workspace: Workspace, request: RunRequest) -> tuple[Excerpt, ...]:
    """Read the request's attachments in their order, of each what may be sent at most."""
    return tuple([await _attachment(workspace, attachment) for attachment in request.attachments])


async def selection_of(workspace: Workspace, request: RunRequest) -> Excerpt | None:
    """Return what is selected; a selection without text stands for its whole file."""
    if (selection := request.selection) is None:
        return None
    if selection.text is None:
        return await _file(workspace, selection.uri)
    return Excerpt(_sendable(selection.text), shown_path(workspace, selection.uri), _lines(selection))


async def _attachment(workspace: Workspace, attachment: Attachment) -> Excerpt:
    if attachment.text is not None:
        path = None if attachment.uri is None else shown_path(workspace, attachment.uri)
        return Excerpt(_sendable(attachment.text), path)
    return await _file(workspace, attachment.uri or "")


async def _file(workspace: Workspace, uri: str) -> Excerpt:
    path = path_of(uri)
    try:
        file = workspace.locate(path)
        text = await workspace.read(file)
    except ModelMistakeError as refusal:
        return Excerpt(f"[not attached: {refusal.message}]", path)
    return Excerpt("[there is no such file]" if text is None else _sendable(text), file.path)


def shown_path(workspace: Workspace, uri: str) -> str:
    """Return how a model is told of the file at a URI: its path in the workspace, or where it lies."""
    try:
        return workspace.locate(path_of(uri)).path
    except ModelMistakeError:
        return path_of(uri)


def path_of(uri: str) -> str:
    """Return the path of a ``file:`` URI; anything else stands for itself, for example an unsaved ``untitled:`` document."""
    return uris.path_of(uri) or uri


def _lines(selection: Selection) -> tuple[int, int] | None:
    if selection.range is None:
        return None
    start, end = selection.range.start, selection.range.end
    # A selection that ends before a line's first character does not hold that line.
    last = end.line - 1 if end.character == 0 and end.line > start.line else end.line
    return start.line + 1, last + 1


def _sendable(text: str) -> str:
    # Enclosed here already, so that it can be compared with what stands in a message.
    return bounded(enclosed(text, "attachment", "selection"), MAX_ATTACHMENT_CHARACTERS)
