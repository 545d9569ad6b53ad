"""Which file of a folder is meant by a path that leads to none of them: its bare name, another case, a path of another checkout.

`prediction.FolderPredictor` asks, for a file's own text is not what others wrote, whatever it is called. A path alone does not tell: it
may be that of a new file. So a file is meant only where it has the text around the cursor, too. Blocks, and keeps what it has read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

Parts: TypeAlias = tuple[str, ...]

_BETWEEN: Final = re.compile(r"[/\\]+")
_COMPARED: Final = 400
"""Characters of the text before the cursor, and of the text behind it."""


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    parts: Parts


class Namesakes:
    """The files of a folder by their names. ``read`` returns the text of one of the ``paths``, empty where it cannot be had."""

    def __init__(self, paths: Iterable[str], read: Callable[[str], str]) -> None:
        self._read = read
        self._by_name: defaultdict[str, list[_File]] = defaultdict(list)
        for path in paths:
            parts = _parts_of(path)
            self._by_name[parts[-1]].append(_File(path, parts))
        self._texts: dict[str, str] = {}

    def meant(self, path: str, prefix: str, suffix: str) -> str | None:
        """Return the file whose path ends with this one, or this one with it, that has this text; None if there is none."""
        before, behind = _same_line_ends(prefix[-_COMPARED:]), _same_line_ends(suffix[:_COMPARED]).strip()
        parts = _parts_of(path)
        if not (parts and before.strip()):
            return None
        alike = [file for file in self._by_name.get(parts[-1], ()) if _is_end(file.parts, parts)]
        having = [file.path for file in alike if before in self._text(file.path)]
        return next((path for path in having if behind in self._text(path)), having[0] if having else None)

    def _text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = _same_line_ends(self._read(path))
        return self._texts[path]


def _parts_of(path: str) -> Parts:
    return tuple(part for part in _BETWEEN.split(path.casefold()) if part not in ("", ".", ".."))


def _is_end(one: Parts, other: Parts) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return longer[-len(shorter) :] == shorter


def _same_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n")
