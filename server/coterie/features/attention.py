"""What the person has before them: which files they have open, touched lately, and have errors in, and at which lines they were.

One for each client. Whoever asks the index does so through `about`, so that all see the same: agents and the parts of a request that look
code up (by `coterie.domain.code_ports.Attention`), and ghost text, which also shows the model what stands at the latest places.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from coterie.context.nearby import changed_line
from coterie.domain.retrieval import Question
from coterie.domain.reviews import OpenFinding
from coterie.workspace.documents import Buffer, Documents, Happened
from coterie.workspace.uris import path_of

MOST_OPENED, MOST_RECENT, MOST_FAILING = 20, 10, 20
MOST_STOPS = 24
_NEAR = 20
"""Lines within which two places are one."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place in a document; the line counts from one."""

    uri: str
    line: int


class Attention:
    """Implements `coterie.domain.code_ports.Attention`. ``findings`` are those of reviews that nobody has dealt with."""

    def __init__(self, documents: Documents, findings: Callable[[], Sequence[OpenFinding]]) -> None:
        self._documents = documents
        self._findings = findings
        self._touched: dict[str, None] = {}  # the latest last
        self._failing: dict[str, None] = {}
        self._stops: list[Stop] = []  # the latest first
        self._seen: dict[str, Buffer] = {}  # as they were when the person was asked after last
        documents.listen(self._happened)

    def diagnosed(self, uri: str) -> None:
        """Note that the editor shows errors in a document; that holds until it is saved or closed."""
        if (path := path_of(uri)) is not None:
            _note(self._failing, os.path.realpath(path), MOST_FAILING)

    def been(self, here: Stop) -> tuple[Stop, ...]:
        """Note where the person is, and return the other places, the latest first, of files that are still open.

        A place is where the person was before, or where another file has changed since.
        """
        latest = sorted(self._documents.files(), key=lambda buffer: buffer.changed)
        for buffer in latest:
            seen = self._seen.get(buffer.uri)
            if seen is not None and seen.changed != buffer.changed and buffer.uri != here.uri:
                line = changed_line(seen.text, buffer.text)
                if line is not None:
                    self._stop(Stop(buffer.uri, line))
        self._seen = {buffer.uri: buffer for buffer in latest}
        self._stop(here)
        return tuple(stop for stop in self._stops if stop.uri in self._seen and not _is_near(stop, here))

    def about(self, folder: str, text: str, limit: int = 20) -> Question:
        """See the port."""
        root = os.path.realpath(folder)
        opened = sorted(self._documents.files(), key=lambda buffer: buffer.changed, reverse=True)
        found = (path for finding in self._findings() if (path := path_of(finding.uri)) is not None)
        return Question(
            text=text,
            limit=limit,
            opened=_below(root, (buffer.absolute or "" for buffer in opened), MOST_OPENED),
            recent=_below(root, reversed(self._touched), MOST_RECENT),
            failing=_below(root, (*reversed(self._failing), *map(os.path.realpath, found)), MOST_FAILING),
        )

    def _stop(self, stop: Stop) -> None:
        self._stops = [stop, *(other for other in self._stops if not _is_near(stop, other))][:MOST_STOPS]

    def _happened(self, buffer: Buffer, happened: Happened) -> None:
        if buffer.absolute is None:
            return
        if happened != "opened":
            _note(self._touched, buffer.absolute, 2 * MOST_RECENT)
        if happened in {"saved", "closed"}:
            self._failing.pop(buffer.absolute, None)


def _is_near(one: Stop, other: Stop) -> bool:
    return one.uri == other.uri and abs(one.line - other.line) < _NEAR


def _note(noted: dict[str, None], absolute: str, most: int) -> None:
    noted.pop(absolute, None)
    noted[absolute] = None
    while len(noted) > most:
        del noted[next(iter(noted))]


def _below(root: str, absolutes: Iterable[str], most: int) -> tuple[str, ...]:
    """Return the first paths that lie in a folder, relative to it."""
    prefix = root.rstrip(os.sep) + os.sep
    inside = dict.fromkeys(each.removeprefix(prefix).replace(os.sep, "/") for each in absolutes if each.startswith(prefix))
    return tuple(inside)[:most]
