"""Keys of the settings by their dotted names: how a client names one, and how it is spelled in a file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.alias_generators import to_snake

from coterie.base.errors import InvalidParamsError
from coterie.config.layers import nearest
from coterie.config.lines import KeyPath
from coterie.config.schema import Settings

_LONGEST = 2_000
_SHOWN = 60
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dotted(path: KeyPath) -> str:
    """Return a path as TOML spells it: a part that holds more than letters, digits, ``_`` and ``-`` stands in quotes."""
    quoted = ('"{}"'.format(part.replace("\\", "\\\\").replace('"', '\\"')) for part in path)
    return ".".join(part if _BARE.fullmatch(part) else each for part, each in zip(path, quoted, strict=True))


def path_of(key: str) -> KeyPath:
    """Return what a dotted key names, in the spelling of files. Raises `InvalidParamsError` where there is no such key."""
    if len(key) > _LONGEST:
        # Reading its parts takes time that grows with the square of their number.
        raise InvalidParamsError(f"key: '{key[:_SHOWN]}…' names no key of the settings: none has more than {_LONGEST} characters.")
    try:
        table: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        table = {}
    parts: KeyPath = ()
    while isinstance(table, dict) and len(table) == 1:
        [(part, table)] = table.items()
        parts = (*parts, part)
    if not parts or table != 0:
        raise InvalidParamsError(f"key: '{key}' names no key of the settings; `model` and `providers.work.base_url` do.")
    return spelled(parts)


def spelled(parts: KeyPath) -> KeyPath:
    """Return a path in the spelling of files: names that people give stay as they are. Raises `InvalidParamsError`."""
    path: KeyPath = ()
    table: Any = Settings
    for part in parts:
        name = part
        if isinstance(table, type) and issubclass(table, BaseModel):
            name = part if part in table.model_fields else to_snake(part)
            if (known := table.model_fields.get(name)) is None:
                suggestion = nearest(name, list(table.model_fields))
                raise InvalidParamsError(f"key: there is no key `{dotted((*path, part))}`." + (f" {suggestion}" if suggestion else ""))
            table = known.annotation
        elif (origin := get_origin(table)) is not None and isinstance(origin, type) and issubclass(origin, Mapping):
            table = get_args(table)[1]
        elif table is not Any:
            raise InvalidParamsError(f"key: `{dotted(path)}` is a value, and holds no key `{part}`.")
        path = (*path, name)
    return path
