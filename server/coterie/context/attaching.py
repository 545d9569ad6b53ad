"""Reads what the person attached to their words or selected beside them, each file once, and says what of it cannot be read.

``agents.beginning`` reads for a run's first message, ``features.runs`` for what is posted while a run goes on. Everything comes through the
workspace: unsaved buffers are what the model sees. What the workspace refuses (outside, binary) is said in its place instead of failing the
run, and `unread_in` finds it again, for the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from coterie.base.errors import ModelMistakeError
from coterie.base.legible import first_line
from coterie.context.cutting import bounded, enclosed
from coterie.context.elements import elements_of
from coterie.context.task import PART, UNREAD, Excerpt
from coterie.domain.edits import FileRef
from coterie.domain.events import Attached
from coterie.domain.messages import UserMessage
from coterie.domain.runs import Attachment, RunRequest, Selection
from coterie.domain.workspace_ports import Workspace
from coterie.workspace import uris

MAX_ATTACHMENT_CHARACTERS = 32_000


@dataclass(frozen=True, slots=True)
class Unread:
    """A file of which nothing could be read, and a sentence that says why."""

    name: str
    why: str


def attached(attachments: Iterable[Attachment]) -> tuple[Attached, ...]:
    """Return what goes along with a message as people are shown it, nothing twice."""
    return tuple(map(_attached, dict.fromkeys(attachments)))


def _attached(each: Attachment) -> Attached:
    said = first_line(each.text or "")
    if each.uri is None:
        return Attached(label=said)
    name = PurePosixPath(uris.path_in(each.uri)).name or each.uri
    # The text of a document that is no file is all of it: nobody else could read it.
    return Attached(label=name, uri=each.uri, excerpt=said if said and uris.path_of(each.uri) is not None else None)


async def attachments_of(workspace: Workspace, request: RunRequest) -> tuple[Excerpt, ...]:
    """Read the request's attachments in their order, of each what may be sent at most, and nothing twice."""
    return _distinct([await _attachment(workspace, attachment, request.folder) for attachment in dict.fromkeys(request.attachments)])


async def pinned_files(workspace: Workspace, uris: Iterable[str], folder: str | None) -> Mapping[str, Excerpt]:
    """Read the files that are to stay, by their URIs; of several that lead to one file the first one stands for all.

    ``folder`` is the URI of the folder that the agent works in.
    """
    first: dict[Excerpt, str] = {}
    for uri in uris:
        first.setdefault(await _file(workspace, uri, folder), uri)
    return {uri: excerpt for excerpt, uri in first.items()}


def _distinct(excerpts: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    """Return excerpts without those of which all stands in another one of the same file: many ways lead to one file."""
    kept: dict[int, Excerpt] = {}
    for number, each in sorted(enumerate(excerpts), key=lambda numbered: -len(numbered[1].text)):
        if not any(_holds(other, each) for other in kept.values()):
            kept[number] = each
    return tuple(kept[number] for number in sorted(kept))


def _holds(excerpt: Excerpt, other: Excerpt) -> bool:
    if excerpt.path != other.path:
        return False
    is_file = excerpt.path is not None and excerpt.reason != UNREAD  # why it could not be read is no text of it
    return excerpt.text == other.text or (is_file and other.reason == PART and other.text in excerpt.text)


def unread_in(messages: Iterable[UserMessage]) -> tuple[Unread, ...]:
    """Return the files that messages point at and of which nothing could be read."""
    elements = (element for message in messages for element in elements_of(message.text))
    unread = (each for each in elements if each.kind in {"attachment", "selection"} and each.attributes.get("reason") == UNREAD)
    return tuple(dict.fromkeys(Unread(each.attributes.get("path", ""), each.shown) for each in unread))


async def selection_of(workspace: Workspace, request: RunRequest) -> Excerpt | None:
    """Return what is selected; a selection without text stands for its whole file."""
    if (selection := request.selection) is None:
        return None
    if selection.text is None:
        return await _file(workspace, selection.uri, request.folder)
    return Excerpt(_sendable(selection.text), shown_path(workspace, selection.uri, request.folder), _lines(selection))


async def _attachment(workspace: Workspace, attachment: Attachment, folder: str | None) -> Excerpt:
    if attachment.text is not None:
        path = None if attachment.uri is None else shown_path(workspace, attachment.uri, folder)
        is_part = uris.path_of(attachment.uri or "") is not None  # of a document that is no file it is all that there is
        return Excerpt(_sendable(attachment.text), path, reason=PART if is_part else None)
    return await _file(workspace, attachment.uri or "", folder)


async def _file(workspace: Workspace, uri: str, folder: str | None) -> Excerpt:
    path = path_of(uri)
    try:
        file = _located(workspace, uri, folder)
        path = _named(workspace, file, folder)
        text = await workspace.read(file)
    except ModelMistakeError as refusal:
        return Excerpt(refusal.message, path, reason=UNREAD)
    return Excerpt("There is no such file.", path, reason=UNREAD) if text is None else Excerpt(_sendable(text), path)


def shown_path(workspace: Workspace, uri: str, folder: str | None) -> str:
    """Return how a model that works in a folder is told of the file at a URI: its path there, or where it lies."""
    try:
        return _named(workspace, _located(workspace, uri, folder), folder)
    except ModelMistakeError:
        return path_of(uri)


def _located(workspace: Workspace, uri: str, folder: str | None) -> FileRef:
    """Find a file, also where the folder that the agent works in is open elsewhere only, or no more."""
    return workspace.locate(path_of(uri), folder if folder is None or workspace.folder(folder) is not None else None)


def _named(workspace: Workspace, file: FileRef, folder: str | None) -> str:
    return file.seen_from(folder or next((each.uri for each in workspace.folders), None))


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
