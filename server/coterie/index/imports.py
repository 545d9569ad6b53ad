"""Who imports whom: finds the files that the imports of all languages name. Pure; `snapshot` calls it.

An import is taken for a path whose separators are ``/``, ``.`` or ``::``. Relative ones start at the importing file, others may begin at
any folder: the longest end of a file's path that matches counts, so no language's search path need be known.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

_SEPARATORS = re.compile(r"::|[./]")
_ENDING = re.compile(r"\{.*|\.h$|\.hpp$", re.DOTALL)
_FOLDER_FILES = ("__init__", "index", "mod", "lib")
_MOST_TARGETS = 4
"""What fits more files names none of them in particular."""


def importers(files: Mapping[int, tuple[str, tuple[str, ...]]]) -> Mapping[int, Mapping[int, float]]:
    """Return for each file its neighbours, both ways; ``files`` maps an id to a path and its imports.

    A file that half of the project imports is little of a neighbour to each of them.
    """
    near: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for target, by in imported_by(files).items():
        for file in by:
            near[file][target] = near[target][file] = 1 / (1 + len(by)) ** 0.5
    return near


def imported_by(files: Mapping[int, tuple[str, tuple[str, ...]]]) -> Mapping[int, set[int]]:
    """Return for each file that is imported those that import it; ``files`` as for `importers`."""
    places = _Places({file: path for file, (path, _) in files.items()})
    imported: defaultdict[int, set[int]] = defaultdict(set)
    for file, (path, named) in files.items():
        folder = posixpath.dirname(path)
        for name in named:
            for target in places.named(name, folder):
                if target != file:
                    imported[target].add(file)
    return imported


class _Places:
    """Files by the ends of their paths."""

    def __init__(self, paths: Mapping[int, str]) -> None:
        self._whole = {_module(path): file for file, path in paths.items()}
        self._found: dict[str | tuple[str, str], tuple[int, ...]] = {}
        self._ends: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
        for file, path in paths.items():
            parts = _module(path)
            for start in range(len(parts)):
                self._ends[parts[start:]].add(file)
            for start in range(len(parts) - 1):
                self._ends[parts[start:-1]].add(file)

    def named(self, name: str, folder: str) -> tuple[int, ...]:
        """Return the files that an import in a file of ``folder`` means."""
        # Neighbours import the same: in a large project most names were looked for before.
        key = (name, folder) if name.startswith(".") else name
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._beside(name, folder) if name.startswith(".") else tuple(self._anywhere(name))
        return found

    def _beside(self, name: str, folder: str) -> tuple[int, ...]:
        found = self._whole.get(_relative(name, folder))
        return () if found is None else (found,)

    def _anywhere(self, name: str) -> Iterator[int]:
        parts = tuple(part for part in _SEPARATORS.split(_ENDING.sub("", name)) if part)
        parts = parts[1:] if parts[:1] in {("crate",), ("super",), ("self",)} else parts
        for length in range(len(parts), 0, -1):
            # One name alone, in the middle of an import, is rather a name in a file than a file.
            for start in range(len(parts) - length + 1 if length > 1 else 1):
                targets = self._ends.get(parts[start : start + length])
                if targets is not None and len(targets) <= _MOST_TARGETS:
                    yield from targets
                    return


def _module(path: str) -> tuple[str, ...]:
    """Return a path's folders and its name without an ending; of a file that stands for its folder, the folders alone."""
    folder, _, name = path.rpartition("/")
    folders = tuple(folder.split("/")) if folder else ()
    stem = name.split(".")[0]
    return folders if stem in _FOLDER_FILES and folders else (*folders, stem)


def _relative(name: str, folder: str) -> tuple[str, ...]:
    if "/" in name or name in {".", ".."}:  # a path, as in JavaScript
        return _module(posixpath.normpath(posixpath.join(folder, name)))
    dots = len(name) - len(name.lstrip("."))  # Python's, where one dot is the own package
    for _ in range(dots - 1):
        folder = posixpath.dirname(folder)
    return _module(posixpath.join(folder, name.lstrip(".").replace(".", "/")))
