"""What a command did to the files of the workspace, found by looking at them before and after it.

`agents.effects` looks around git operations that change something, so that what git did to files is told and taken back like any edit. What
it did to its own store (commits, branches, the index) is git's, and stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from coterie.base.errors import ModelMistakeError
from coterie.domain.edits import Draft, FileRef
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.files import decoded, in_thread, mode_of, read_bytes

MOST_BYTES = 64 * 1024 * 1024
"""More text than this is not kept in memory for the length of a command."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file on the disk: its exact text and its permission bits."""

    file: FileRef
    text: str
    mode: int | None


@dataclass(frozen=True, slots=True)
class FoundChange:
    """A file that is not as it was; ``moved_from`` is the URI of the one whose text it has."""

    draft: Draft
    moved_from: str | None = None


async def look(workspace: Workspace) -> Mapping[str, Kept] | None:
    """Return the text files of all folders by their place on the disk; None when they are too large to keep."""
    files = [file for folder in workspace.folders for file in await workspace.files(folder.uri)]
    return await in_thread(_read, files)


def changes(before: Mapping[str, Kept], after: Mapping[str, Kept]) -> tuple[FoundChange, ...]:
    """Return what is different. A file that is gone and one that came with the same text are one that was moved."""
    came = {place: kept for place, kept in after.items() if place not in before}
    gone = {place: kept for place, kept in before.items() if place not in after}
    origins = dict(_moves(gone, came))
    found = [
        FoundChange(Draft(kept.file, before[place].text, kept.text))
        for place, kept in after.items()
        if place in before and before[place].text != kept.text
    ]
    found += [FoundChange(Draft(kept.file, None, kept.text, kept.mode), origins.get(place)) for place, kept in came.items()]
    found += [FoundChange(Draft(kept.file, kept.text, None, kept.mode)) for kept in gone.values()]
    return tuple(found)


def _moves(gone: Mapping[str, Kept], came: Mapping[str, Kept]) -> Iterator[tuple[str, str]]:
    """Yield each place to which a text went, with the URI where it was."""
    sources = {kept.text: kept.file.uri for kept in gone.values() if kept.text}
    for place, kept in came.items():
        if (source := sources.pop(kept.text, None)) is not None:
            yield place, source


def _read(files: Sequence[FileRef]) -> Mapping[str, Kept] | None:
    kept: dict[str, Kept] = {}
    size = 0
    for file in files:
        try:
            content = read_bytes(file.absolute)
            text = None if content is None else decoded(content, file.path)
        except ModelMistakeError:
            continue  # no text
        if content is not None and text is not None:
            size += len(content)
            if size > MOST_BYTES:
                return None
            kept[file.absolute] = Kept(file, text, mode_of(file.absolute))
    return kept
