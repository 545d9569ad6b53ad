"""Gathers what surrounds a request, once, before its first message is worded by ``task``: its folder from above, and what the index adds.

``agents`` calls it when a run starts. What the index adds (``project_map``, ``retrieved``) is waited for a moment and no longer. What the
person points at themselves is read by ``attaching``.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from coterie.base.errors import ModelMistakeError, RequestError
from coterie.context.attaching import shown_path
from coterie.context.project_map import MOST_LANDMARKS, project_map
from coterie.context.retrieved import fitting, within
from coterie.context.task import Excerpt, FolderFacts
from coterie.domain.code_ports import Index
from coterie.domain.retrieval import Found, Question
from coterie.domain.runs import RunRequest
from coterie.domain.workspace_ports import Folder, Workspace
from coterie.index.query import MOST_CHARACTERS
from coterie.workspace.walk import is_listed, is_too_wide

MAX_ENTRIES = 40
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
    """The files of a folder, listed once for all that a conversation begins with: with 50,000 of them that takes a second.

    ``beside`` are the workspace's folders that have no part of it.
    """

    folder: Folder
    paths: tuple[str, ...]
    beside: tuple[Folder, ...] = ()


async def listing_of(workspace: Workspace, folder: str | None = None) -> Listing | None:
    """List the folder of a request, the first one where it names none; None without any."""
    if (chosen := _chosen(workspace, folder)) is None:
        return None
    return Listing(chosen, tuple(file.path for file in await workspace.files(chosen.uri)), _beside(workspace, chosen))


def _beside(workspace: Workspace, chosen: Folder) -> tuple[Folder, ...]:
    """Return the folders that have no part of the chosen one, wherever links among them lead."""
    own = _place(chosen)
    places = ((each, _place(each)) for each in workspace.folders)
    return tuple(each for each, place in places if not (own.is_relative_to(place) or place.is_relative_to(own)))


def _place(folder: Folder) -> Path:
    return Path(os.path.realpath(folder.absolute))


def folder_facts(listing: Listing, left: str | None = None) -> FolderFacts:
    """Return the folder's name, its top-level entries, and the folders beside it; ``left`` as in `FolderFacts`."""
    counts: Counter[str] = Counter()
    for path in listing.paths:
        top, separator, _ = path.partition("/")
        counts[top + separator] += 1
    entries = [f"{name} ({count} files)" if name.endswith("/") else name for name, count in sorted(counts.items())]
    if (more := len(entries) - MAX_ENTRIES) > 0:
        entries[MAX_ENTRIES:] = [f"… {more} more"]
    return FolderFacts(listing.folder.name, tuple(entries), tuple(str(_place(each)) for each in listing.beside), left)


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
    # No more is read of it there, and a prompt of megabytes takes long to be told.
    asked = f"{request.prompt[:MOST_CHARACTERS]}\n{selected}"
    ranking = await _in_time(index.rank(chosen.absolute, ask(asked, _CANDIDATES, chosen.absolute)), limits)
    if ranking is None:
        return ()
    pointed = [request.selection.uri] if request.selection is not None else []
    pointed += [attachment.uri for attachment in request.attachments if attachment.uri is not None]
    known = {*shown, *(shown_path(workspace, uri, request.folder) for uri in pointed)}
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
