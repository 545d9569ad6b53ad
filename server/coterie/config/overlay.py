"""How layers lie over each other: later wins, tables merge key by key, and the lists of permissions add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coterie.config.layers import Values
from coterie.config.lines import KeyPath

ADDING: frozenset[KeyPath] = frozenset({("permissions", "allow"), ("permissions", "ask"), ("permissions", "deny")})


def overlay(below: Mapping[str, Any], above: Mapping[str, Any], path: KeyPath = ()) -> Values:
    """Return ``above`` laid over ``below``."""
    merged = dict(below)
    for key, value in above.items():
        here = (*path, key)
        old = merged.get(key)
        if here in ADDING:
            merged[key] = tuple(dict.fromkeys((*(old or ()), *value)))
        elif isinstance(value, Mapping) and not _is_whole(here):
            merged[key] = overlay(old if isinstance(old, Mapping) else {}, value, here)
        else:
            merged[key] = value
    return merged


def leaves(values: Mapping[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Walk the values that are no tables."""
    for key, value in values.items():
        here = (*path, key)
        if isinstance(value, Mapping) and not _is_whole(here):
            yield from leaves(value, here)
        else:
            yield here, value


def _is_whole(path: KeyPath) -> bool:
    """Say whether the inside of a map is a model host's and not ours: one value. A host of that name is a table as any other."""
    match path:
        case ("providers" | "agents", _, "extra"):
            return True
        case _:
            return False
