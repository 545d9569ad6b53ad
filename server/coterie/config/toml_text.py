"""Reads TOML of which anybody may be the author: what a project brings is read as soon as its folder is opened.

``layers`` reads files by it, ``rewriting`` and ``literals`` what they change. `tomllib` alone takes a minute for a key of fifty thousand
parts, and ends in other errors than its own at numbers of five thousand digits, and at values within values within values.
"""

from __future__ import annotations

import tomllib
from typing import Any, Final

_DEEPEST: Final = 50
"""Levels of tables and lists: more than ``assigning`` lets be written."""
_MOST_DOTS: Final = 200
"""In a line: `tomllib` takes the square of the parts of a key."""


def parsed(text: str) -> dict[str, Any]:
    """Return what a text says. Raises `tomllib.TOMLDecodeError`, whatever is wrong with it."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MOST_DOTS:
            raise tomllib.TOMLDecodeError(f"More than {_MOST_DOTS} dots in a line (at line {number}, column 1)")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise _too_deep() from None
    except ValueError as failure:
        raise tomllib.TOMLDecodeError(str(failure).partition(";")[0]) from None
    _check_depth(data)
    return data


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(_DEEPEST):
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each) if isinstance(inner, dict | list)]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> tomllib.TOMLDecodeError:
    return tomllib.TOMLDecodeError(f"Tables and lists of more than {_DEEPEST} levels")
