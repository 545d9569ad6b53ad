"""Reads what a request points at, once, before its first message is worded by ``task``.

``agents`` calls it when a run starts. Everything comes through the workspace: unsaved buffers are what the model sees, and what the
workspace refuses (outside, binary) is said in its place instead of failing the run.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import unquote, urlsplit

from coterie.base.errors import ModelMistakeError
from coterie.context.rules import cut_at_line
from coterie.context.task import Excerpt, FolderFacts
from coterie.domain.ports import Workspace
from coterie.domain.runs import Attachment, RunRequest, Selection

MAX_ENTRIES = 40
MAX_ATTACHMENT_CHARACTERS = 32_000


async def folder_facts(workspace: Workspace, folder: str | None = None) -> FolderFacts | None:
    """Return the folder's name and its top-level entries; None without any folder."""
    if not workspace.folders:
        return None
    chosen = workspace.folder(folder or "") or workspace.folders[0]
    counts: Counter[str] = Counter()
    for file in await workspace.files(chosen.uri):
        top, separator, _ = file.path.partition("/")
        counts[top + separator] += 1
    entries = [f"{name} ({count} files)" if name.endswith("/") else name for name, count in sorted(counts.items())]
    if (more := len(entries) - MAX_ENTRIES) > 0:
        entries[MAX_ENTRIES:] = [f"… {more} more"]
    return FolderFacts(chosen.name, tuple(entries))


async def attachments_of(workspace: Workspace, request: RunRequest) -> tuple[Excerpt, ...]:
    """Read the request's attachments in their order."""
    return tuple([await _attachment(workspace, attachment) for attachment in request.attachments])


async def selection_of(workspace: Workspace, request: RunRequest) -> Excerpt | None:
    """Return what is selected; a selection without text stands for its whole file."""
    if (selection := request.selection) is None:
        return None
    if selection.text is None:
        return await _file(workspace, selection.uri)
    return Excerpt(_bounded(selection.text), _path(workspace, selection.uri), _lines(selection))


async def _attachment(workspace: Workspace, attachment: Attachment) -> Excerpt:
    if attachment.text is not None:
        path = None if attachment.uri is None else _path(workspace, attachment.uri)
        return Excerpt(_bounded(attachment.text), path)
    return await _file(workspace, attachment.uri or "")


async def _file(workspace: Workspace, uri: str) -> Excerpt:
    path = path_of(uri)
    try:
        file = workspace.locate(path)
        text = await workspace.read(file)
    except ModelMistakeError as refusal:
        return Excerpt(f"[not attached: {refusal.message}]", path)
    return Excerpt("[there is no such file]" if text is None else _bounded(text), file.path)


def _path(workspace: Workspace, uri: str) -> str:
    try:
        return workspace.locate(path_of(uri)).path
    except ModelMistakeError:
        return path_of(uri)


def path_of(uri: str) -> str:
    """Return the path of a ``file:`` URI; anything else stands for itself, for example an unsaved ``untitled:`` document."""
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else uri


def _lines(selection: Selection) -> tuple[int, int] | None:
    if selection.range is None:
        return None
    start, end = selection.range.start, selection.range.end
    # A selection that ends before a line's first character does not hold that line.
    last = end.line - 1 if end.character == 0 and end.line > start.line else end.line
    return start.line + 1, last + 1


def _bounded(text: str) -> str:
    kept = cut_at_line(text, MAX_ATTACHMENT_CHARACTERS)
    return text if kept == text else f"{kept}[… cut here: {len(kept)} of {len(text)} characters; read_file has the rest]"
