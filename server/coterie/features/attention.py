"""What the person has before them: which files they have open, touched lately, and have errors in.

One for each client; whoever asks the index gets at it by `coterie.domain.code_ports.Attention`: agents, ghost text and the parts of a
request that look code up ask through `about`, so that they see the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from coterie.domain.retrieval import Question
from coterie.domain.reviews import OpenFinding
from coterie.workspace.documents import Buffer, Documents, Happened
from coterie.workspace.uris import path_of

MOST_OPENED, MOST_RECENT, MOST_FAILING = 20, 10, 20


class Attention:
    """Implements `coterie.domain.code_ports.Attention`. ``findings`` are those of reviews that nobody has dealt with."""

    def __init__(self, documents: Documents, findings: Callable[[], Sequence[OpenFinding]]) -> None:
        self._documents = documents
        self._findings = findings
        self._touched: dict[str, None] = {}  # the latest last
        self._failing: dict[str, None] = {}
        documents.listen(self._happened)

    def diagnosed(self, uri: str) -> None:
        """Note that the editor shows errors in a document; that holds until it is saved or closed."""
        if (path := path_of(uri)) is not None:
            _note(self._failing, os.path.realpath(path), MOST_FAILING)

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

    def _happened(self, buffer: Buffer, happened: Happened) -> None:
        if buffer.absolute is None:
            return
        if happened != "opened":
            _note(self._touched, buffer.absolute, 2 * MOST_RECENT)
        if happened in {"saved", "closed"}:
            self._failing.pop(buffer.absolute, None)


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
