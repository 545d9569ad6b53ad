"""Changes the text of a file of settings and leaves everything else in it as the person wrote it: comments, order, layout, line ends. Pure.

``features.preferences`` puts one key in place by it; ``replacing`` puts what comes of it in the file's place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from coterie.base.errors import SettingsError
from coterie.config.headings import lifted, put_back
from coterie.config.lines import KeyPath
from coterie.config.toml_text import parsed

if TYPE_CHECKING:
    from tomlkit.container import Container
    from tomlkit.items import AbstractTable

    Place = AbstractTable | Container


def value_at(text: str, path: KeyPath) -> Any:
    """Return what a TOML text says at ``path`` as plain data; None where it says nothing, or is no TOML."""
    try:
        found: Any = parsed(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError:
        return None
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def with_key(text: str, path: KeyPath, value: object) -> str:
    """Return a TOML text with ``value`` at ``path``; None takes the key away. Tables are plain dictionaries, lists plain lists.

    A table takes the place of another one key by key, so that comments on what stays in it stay too. Raises `SettingsError` where the text
    is no TOML, or is written in a way that cannot be changed safely.
    """
    import tomlkit  # noqa: PLC0415 - the server reads settings without it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - (the same)

    plain = text.replace("\r\n", "\n")
    try:
        wanted = parsed(plain)
        _put(wanted, path, value)
        rest, headings, headers = lifted(plain)
        document = tomlkit.parse(rest)
        _put(document, path, value)
        changed = put_back(tomlkit.dumps(document), headings, headers)
        said = parsed(changed)
    except (tomllib.TOMLDecodeError, TOMLKitError) as failure:
        raise SettingsError(f"The file is no valid TOML, so nothing was written to it: mend it first ({failure}).") from failure
    except (TypeError, KeyError) as failure:
        raise SettingsError(_BY_HAND.format(key=".".join(path))) from failure
    if _without_empty(said, path) != _without_empty(wanted, path):
        raise SettingsError(_BY_HAND.format(key=".".join(path)))
    return _with_ends(changed, text)


def _with_ends(changed: str, text: str) -> str:
    """Return a text in which lines end as they do in ``text``, and new ones like the line above them."""
    if "\r\n" not in text:
        return changed
    old = text.split("\n")
    ends = ["\r\n" if line.endswith("\r") else "\n" for line in old[:-1]]
    was, lines = [line.removesuffix("\r") for line in old], changed.split("\n")
    written: list[str] = []
    for _, first, last, begin, end in SequenceMatcher(None, was, lines, autojunk=False).get_opcodes():
        for number in range(begin, end):
            like = max(0, min(first + number - begin, last - 1, len(ends) - 1))
            written += (lines[number], ends[like])
    return "".join(written[:-1])


_BY_HAND = "`{key}` cannot be written there without changing something else in the file: write it by hand."


def _without_empty(data: Any, path: KeyPath) -> Any:
    """Return plain data without the tables on the way to ``path`` that hold nothing: one that no header names goes with its last key."""
    if not path or path[0] not in data:
        return data
    inner = data[path[0]]
    kept = _without_empty(inner, path[1:]) if isinstance(inner, dict) else inner
    rest = {key: value for key, value in data.items() if key != path[0]}
    return rest if kept == {} and len(path) > 1 else {**rest, path[0]: kept}


def _put(place: dict[str, Any] | Place, path: KeyPath, value: object) -> None:
    """Put a value into plain data, or into a document that keeps its layout: they are changed by the same steps."""
    *above, key = path
    for each in above:
        if each not in place:
            if value is None:
                return
            place[each] = {}
        place = place[each]
        if not isinstance(place, Mapping):
            raise TypeError(each)
    if value is None:
        place.pop(key, None)
    elif key not in place or not _became(place[key], value):
        place[key] = value


def _became(old: Any, wanted: Any) -> bool:
    """Make a table or a list what is wanted by taking out and adding, so that comments on what stays in it stay; say whether it is."""
    if isinstance(old, Mapping) and isinstance(wanted, Mapping):
        table: Any = old
        for gone in [each for each in table if each not in wanted]:
            del table[gone]
        for each, inner in wanted.items():
            _put(table, (each,), inner)
    elif isinstance(old, list) and isinstance(wanted, list):
        for index in reversed(range(len(old))):
            if not any(_same(old[index], each) for each in wanted):
                del old[index]
        if _same([*old], wanted[: len(old)]):
            old.extend(wanted[len(old) :])
    return _same(old, wanted)


def _same(one: Any, other: Any) -> bool:
    """Say whether two values are written alike: to Python `true` is 1, and 1 is 1.0."""
    match one, other:
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(_same, one, other))
        case _:
            return isinstance(one, bool) == isinstance(other, bool) and isinstance(one, float) == isinstance(other, float) and one == other
