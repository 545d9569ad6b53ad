"""On which line of a TOML file each key stands, which `tomllib` does not tell."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

KeyPath: TypeAlias = tuple[str, ...]
_ENDS: Final = ("]", '"""', "'''")
"""What the last line of a value of several lines holds."""
_MOST_TRIED: Final = 500_000
"""Characters of pieces of several lines that are parsed to find an end; each end that is none costs all of its piece."""


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the first line of each table and key of a TOML text, which is valid as a whole; lines count from 1.

    A header or an assignment is a valid TOML text by itself, so the text is cut where a piece begins to parse: TOML's own grammar decides
    about strings and arrays of several lines, quoted keys and inline tables. Keys behind a text that takes too many trials have no line.
    """
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    piece: list[str] = []
    tried = 0
    for number, line in enumerate(text.split("\n"), 1):
        piece.append(line)
        if len(piece) > 1:
            if not any(end in line for end in _ENDS):
                continue
            if (tried := tried + sum(map(len, piece))) > _MOST_TRIED:
                break
        try:
            parsed = tomllib.loads("\n".join(piece))
        except tomllib.TOMLDecodeError:
            continue
        first = number - len(piece) + 1
        is_header = piece[0].lstrip().startswith("[")
        piece = []
        if is_header:
            table = _deepest(parsed)
        for path in _paths(parsed, () if is_header else table):
            found.setdefault(path, first)
    return found


def _deepest(parsed: Any) -> KeyPath:
    """Return the table that a header names; ``[[x]]`` names ``x``."""
    path: KeyPath = ()
    while parsed:
        if isinstance(parsed, list):
            parsed = parsed[0]
        else:
            key = next(iter(parsed))
            path, parsed = (*path, key), parsed[key]
    return path


def _paths(parsed: Mapping[str, Any], above: KeyPath) -> list[KeyPath]:
    paths: list[KeyPath] = []
    for key, value in parsed.items():
        paths.append((*above, key))
        if isinstance(value, dict):
            paths += _paths(value, (*above, key))
    return paths
