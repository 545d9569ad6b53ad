"""``coterie index``: builds the index of a folder; ``index rank`` answers questions on standard input with the files that they are about.

For a person who wants the first question of an editor to be quick, and for whoever measures how good the answers are. It needs no model and
no core. Blocks: nothing else runs meanwhile.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coterie.base.errors import InvalidParamsError
from coterie.cli import exits
from coterie.cli.answering import answer_lines
from coterie.cli.arguments import Arguments
from coterie.cli.terminal import Output, Streams
from coterie.cli.wording import Line
from coterie.config.paths import places
from coterie.domain.retrieval import Question
from coterie.domain.wire import Json
from coterie.index.build import Progress, Refreshed
from coterie.index.cache import DamagedCacheError
from coterie.index.folder import FolderIndex

MOST_FILES = 100
"""Files in an answer."""


def index(arguments: Arguments, output: Output, streams: Streams) -> int:
    """Build, or build and answer until the input ends. Where the cache cannot be written, the index lasts as long as the command."""
    root = str(arguments.folder.resolve())

    def told(read: int, files: int) -> None:
        output.progress({"read": read, "files": files}, "indexing", read / files)

    with TemporaryDirectory(prefix="coterie-index-") as spare:
        try:
            folder, done = _built(root, places(streams.environ).cache, told)
        except (OSError, DamagedCacheError) as failure:
            output.line(Line(f"the index cannot be kept: {failure}", "warn"))
            folder, done = _built(root, Path(spare), told)
        try:
            if arguments.action == "rank":
                answer_lines(streams, lambda asked: {"files": [found.path for found in folder.ask(_question(asked))]})
            else:
                changed = f"{done.read} read, {done.gone} gone" if done.read or done.gone else "nothing had changed"
                value: Json = {"files": done.files, "read": done.read, "gone": done.gone}
                output.result(value, (Line(f"{done.files} files in the index: {changed}"),))
        finally:
            folder.close()
    return exits.OK


def _built(root: str, caches: Path, told: Progress) -> tuple[FolderIndex, Refreshed]:
    folder = FolderIndex(root, caches)
    try:
        return folder, folder.refresh(told)
    except BaseException:
        folder.close()
        raise


def _question(asked: dict[str, Any]) -> Question:
    query = asked.get("query")
    if not isinstance(query, str):
        raise InvalidParamsError('A line is an object with a text: {"query": "…"}.')
    return Question(text=query, limit=MOST_FILES)
