"""The offline predictor on a folder: reads its files, a group of languages at a time, and keeps what `coterie.predictor` made of them.

``cli.predict`` asks the `FolderPredictor`; `prediction_process` keeps what it makes of the same files up to date. Everything here blocks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, TypeAlias

from coterie.base.errors import ModelMistakeError
from coterie.features.namesakes import Namesakes
from coterie.workspace.files import decoded, read_bytes
from coterie.workspace.languages import usual_ending
from coterie.workspace.walk import is_listed, list_files

if TYPE_CHECKING:
    from coterie.predictor.corpus import Corpus
    from coterie.predictor.measures import Candidate
    from coterie.predictor.predictor import Prediction

LARGEST_FILE: Final = 400_000
"""In bytes; larger ones are generated, as a rule."""
MOST_BYTES: Final = 12_000_000
"""Of a group; three million tokens."""
_GROUPS: Final = (
    (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"),
    (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"),
    (".py", ".pyi"),
    (".java", ".kt", ".kts"),
    (".yml", ".yaml"),
    (".md", ".markdown"),
)
"""Endings of languages whose code is alike; any other ending is a group of its own."""

Stamps: TypeAlias = dict[str, str | tuple[int, int]]
"""By path, a buffer's text or a file's time and size."""


class FolderPredictor:
    """Predicts for files of one folder. What is on disk is read once, with the first question about a file of the group."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._corpora: dict[str, Corpus] = {}

    def predict(self, path: str, prefix: str, suffix: str) -> Prediction:
        """Predict the rest of the line at the cursor; ``path`` is absolute or below the folder, and need not exist.

        That of a file in the folder may also be as the working directory has it, or one that only its text shows to be its (`namesakes`).
        """
        from coterie.predictor.predictor import predict  # noqa: PLC0415 - numpy is loaded with the first question

        inside = self._inside(path, prefix, suffix)
        return predict(self.corpus(inside), inside, prefix, suffix)

    def candidates(self, path: str, prefix: str, suffix: str) -> list[Candidate]:
        """Return what `predict` judges, for ``benchmarks.prediction_gate`` to learn from."""
        from coterie.predictor.measures import candidates  # noqa: PLC0415
        from coterie.predictor.surroundings import surroundings  # noqa: PLC0415

        inside = self._inside(path, prefix, suffix)
        return candidates(surroundings(self.corpus(inside), inside, prefix, suffix), prefix, suffix)

    def _inside(self, path: str, prefix: str, suffix: str) -> str:
        places = (self._folder / path, Path(path))
        there = next((place for place in places if os.access(place, os.F_OK) and self._has(place)), places[0])
        inside = Path(os.path.relpath(os.path.realpath(there), self._folder)).as_posix()
        return inside if inside in self._listed else self._namesakes.meant(path, prefix, suffix) or inside

    def _has(self, place: Path) -> bool:
        return Path(os.path.realpath(place)).is_relative_to(self._folder)

    def corpus(self, path: str) -> Corpus:
        """Return what is known for a file, which is read and sorted with the first question."""
        group = group_of(path)
        if group not in self._corpora:
            from coterie.predictor.corpus import build  # noqa: PLC0415

            self._corpora[group] = build(list(self._texts(group)))
        return self._corpora[group]

    def _texts(self, group: str) -> Iterator[tuple[str, str]]:
        return group_texts(self._folder, [path for path in self._listed if group_of(path) == group], {}, limit=MOST_BYTES)

    @cached_property
    def _listed(self) -> dict[str, None]:
        return dict.fromkeys(sorted(list_files(str(self._folder))))

    @cached_property
    def _namesakes(self) -> Namesakes:
        def read(path: str) -> str:
            return next((text for _, text in group_texts(self._folder, (path,), {}, limit=LARGEST_FILE)), "")

        return Namesakes(self._listed, read)


def looked_at(folder: Path, group: str, buffers: Mapping[str, str]) -> Stamps:
    """Return what shows a change of each file that `group_texts` may read: first the buffers that a walk would list, then the others."""
    stamps: Stamps = {path: text for path, text in sorted(buffers.items()) if is_listed(str(folder), path)}
    for path in sorted(list_files(str(folder))):
        if path not in stamps and group_of(path) == group:
            try:
                found = (folder / path).stat()
            except OSError:
                continue  # it has just gone
            stamps[path] = (found.st_mtime_ns, found.st_size)
    return stamps


def group_texts(folder: Path, paths: Iterable[str], buffers: Mapping[str, str], *, limit: int) -> Iterator[tuple[str, str]]:
    """Yield paths and texts until they have ``limit`` characters together; a buffer stands for its file."""
    room = limit
    for path in paths:
        try:
            text = buffers[path][:LARGEST_FILE] if path in buffers else _text(folder, path)
        except ModelMistakeError:
            continue
        room -= len(text)
        if room < 0:
            return
        yield path, text


def _text(folder: Path, path: str) -> str:
    content = read_bytes(str(folder / path), limit=LARGEST_FILE)
    return "" if content is None else decoded(content, path)


def path_by_language(path: str, language: str) -> str:
    """Return the path of a document that is no file (a cell, an untitled one) as if it were one of its language."""
    ending = usual_ending(language)
    return path if ending is None or group_of(path) == group_of(f"x{ending}") else path + ending


def group_of(path: str) -> str:
    """Return the name of the group of languages that a file belongs to: the first ending of it."""
    ending = PurePosixPath(path).suffix.lower()
    return next((group[0] for group in _GROUPS if ending in group), ending)
