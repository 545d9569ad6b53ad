"""One state of the workspace's files, as ``snapshots`` knows it and writes it down: which they are, and where their texts are kept.

``comparing`` says what is different between two of them. Reading a text blocks.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from coterie.base.errors import StorageError
from coterie.domain.wire import Json
from coterie.workspace.pack import Span, content_of
from coterie.workspace.survey import Kind, Stamp


@dataclass(frozen=True, slots=True)
class Entry:
    """A file at one moment. ``digest`` tells contents apart, ``pack`` and ``span`` say where a text lies.

    ``is_certain`` is False where the stamp does not tell whether the file was written again, because it had just been written.
    """

    root: str
    path: str
    kind: Kind
    digest: str
    stamp: Stamp
    pack: str = ""
    span: Span | None = None
    is_certain: bool = True

    @property
    def absolute(self) -> str:
        """Its place on the disk."""
        return f"{self.root}{os.sep}{self.path}"

    @property
    def mode(self) -> int:
        """Its permission bits."""
        return self.stamp.mode & 0o7777

    @property
    def text(self) -> str | None:
        """Its text; None for what is none. Raises `StorageError` where what was kept is not there any more."""
        if self.span is None:
            return None
        try:
            return content_of(Path(self.pack), self.span).decode("utf-8")
        except OSError as failure:
            raise unusable(failure) from failure


View: TypeAlias = Mapping[str, Entry]
"""The files at one moment, by their places."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot of whatever process: the URIs of its folders by their places, and what was there.

    ``seen_alive`` is when that process was last known to live, by the clock of the disk, in nanoseconds.
    """

    folders: Mapping[str, str]
    view: View
    seen_alive: int


def json_of(folders: Mapping[str, str], view: View) -> str:
    """Return a view as it is written down, with the URIs of its folders by their places."""
    return json.dumps({"folders": dict(folders), "entries": [_as_json(entry) for entry in view.values()]})


def kept_in(content: bytes, seen_alive: int) -> Kept:
    """Return what `json_of` has written. Raises `ValueError`."""
    kept = json.loads(content)
    entries = [_from_json(each) for each in kept["entries"]]
    return Kept(kept["folders"], {entry.absolute: entry for entry in entries}, seen_alive)


def _as_json(entry: Entry) -> list[object]:
    span = [] if entry.span is None else [entry.pack, entry.span.start, entry.span.length]
    return [entry.root, entry.path, entry.kind, entry.digest, list(entry.stamp), *span]


def _from_json(kept: Json) -> Entry:
    root, path, kind, digest, stamp, *rest = kept
    entry = Entry(root, path, kind, digest, Stamp(*stamp))
    return replace(entry, pack=rest[0], span=Span(*rest[1:])) if rest else entry


def unusable(failure: OSError) -> StorageError:
    """Return what the person is told when nothing can be kept, or read again."""
    code = "storage_full" if failure.errno in {errno.ENOSPC, errno.EDQUOT} else "storage_unwritable"
    return StorageError(
        "What the workspace holds cannot be kept before a command, so that its changes could not be undone: "
        f"{failure.strerror or failure} ({failure.filename or 'the data folder'}).",
        code=code,
    )
