"""``coterie index``: builds the index of a folder; ``index rank`` answers questions on standard input with the files that they are about.

For a person who wants the first question of an editor to be quick, and for whoever measures how good the answers are. Each answer is of
the folder as it is then, also after a checkout in between. It needs no model and no core. Blocks: nothing else runs meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from coterie.base.errors import InvalidParamsError, RequestError
from coterie.cli import exits
from coterie.cli.answering import answer_lines
from coterie.cli.arguments import Arguments
from coterie.cli.terminal import Output, Streams, output_for
from coterie.cli.wording import Line
from coterie.config.paths import places
from coterie.domain.retrieval import Question
from coterie.domain.wire import Json
from coterie.index.disposable import DamagedCacheError
from coterie.index.folder import FolderIndex

_T = TypeVar("_T")
MOST_FILES = 100
"""Files in an answer."""


def index(arguments: Arguments, output: Output, streams: Streams) -> int:
    """Build, or build and answer until the input ends. Where the cache cannot be written, the index lasts as long as the command."""
    root = str(arguments.folder.resolve())
    if arguments.action == "rank":
        output = output_for(streams, machine=False)  # nothing but answers on standard output, which are JSON anyway

    def told(read: int, files: int) -> None:
        output.progress({"read": read, "files": files}, "indexing", read / files)

    with TemporaryDirectory(prefix="coterie-index-") as spare:
        kept = _Kept(root, (places(streams.environ).cache, Path(spare)), lambda words: output.line(Line(words, "warn")))
        try:
            done = kept.asked(lambda folder: folder.refresh(told))
            if arguments.action == "rank":
                answer_lines(streams, lambda asked: {"files": list(kept.asked(_paths(_question(asked))))})
            else:
                changed = f"{done.read} read, {done.gone} gone" if done.read or done.gone else "nothing had changed"
                value: Json = {"files": done.files, "read": done.read, "gone": done.gone}
                output.result(value, (Line(f"{done.files} files in the index: {changed}"),))
        finally:
            kept.close()
    return exits.OK


class _Kept:
    """An index in the first of some folders; in the next one from when that cannot be used, be it at once or in the middle."""

    def __init__(self, root: str, caches: Sequence[Path], warned: Callable[[str], None]) -> None:
        self._root = root
        self._caches = list(caches)
        self._warned = warned
        self._folder: FolderIndex | None = None

    def asked(self, look: Callable[[FolderIndex], _T]) -> _T:
        """Return what ``look`` finds. Raises `RequestError` when no folder is left."""
        while True:
            try:
                self._folder = self._folder or FolderIndex(self._root, self._caches[0])
                return look(self._folder)
            except (OSError, DamagedCacheError) as failure:
                self.close()
                if len(self._caches) == 1:
                    raise RequestError(f"There is no place for an index: {failure}.", code="index_unavailable") from failure
                self._warned(f"the index cannot be kept: {failure}")
                del self._caches[0]

    def close(self) -> None:
        """Close the index that is open."""
        if self._folder is not None:
            self._folder.close()
        self._folder = None


def _paths(question: Question) -> Callable[[FolderIndex], Sequence[str]]:
    def look(folder: FolderIndex) -> Sequence[str]:
        folder.follow()
        return folder.paths(question)

    return look


def _question(asked: dict[str, Any]) -> Question:
    query = asked.get("query")
    if not isinstance(query, str):
        raise InvalidParamsError('A line is an object with a text: {"query": "…"}.')
    return Question(text=query, limit=MOST_FILES)
