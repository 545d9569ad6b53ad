"""Changes a file of settings and leaves everything else in it as the person wrote it: comments, order, layout.

``features.settings`` puts one key in place by it, ``app.literal_keys`` a reference in the place of a key that stood in the open. Several
servers, and a person in an editor, may write the same file: servers wait for each other, and nothing is written over a text that was not
read. Everything here blocks.
"""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coterie.base.errors import SettingsError
from coterie.base.kept_file import alone
from coterie.config.headings import lifted, put_back
from coterie.config.lines import KeyPath

if TYPE_CHECKING:
    from tomlkit.container import Container
    from tomlkit.items import AbstractTable

    Place = AbstractTable | Container

_ATTEMPTS = 20
"""How often a file is read again that somebody else has written meanwhile; a person cannot be that quick."""


def rewrite(file: Path, lock: Path, change: Callable[[str], str | None]) -> bool:
    """Put in the place of a file what ``change`` makes of its text, whole or not at all; None, or the same text, leaves it alone.

    A file that is not there is made, with its folder. Returns whether there is another text now. Raises `OSError`; `SettingsError` when
    the file is no text, or does not hold still; and what ``change`` raises.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with alone(lock):
        file = file.resolve()  # a link to where the person keeps their settings stays one
        for _ in range(_ATTEMPTS):
            before = _content(file)
            try:
                said = (before or b"").decode()
            except UnicodeDecodeError as failure:
                raise SettingsError(f"{file} is no UTF-8 text, so nothing was written to it.") from failure
            text = change(said)
            if text is None or text == said:
                return False
            if _replaced(file, before, text.encode()):
                return True
    raise SettingsError(f"{file} is being written by something else all the time, so nothing was written to it.")


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _replaced(file: Path, before: bytes | None, content: bytes) -> bool:
    """Put new content in place unless the file is no longer as it was ``before``; say whether it was put there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        if before is not None:
            with contextlib.suppress(FileNotFoundError):
                fresh.chmod(file.stat().st_mode & 0o777)
        if _content(file) != before:
            return False
        fresh.replace(file)
        return True
    finally:
        fresh.unlink(missing_ok=True)


def value_at(text: str, path: KeyPath) -> Any:
    """Return what a TOML text says at ``path`` as plain data; None where it says nothing, or is no TOML."""
    try:
        found: Any = tomllib.loads(text.replace("\r\n", "\n"))
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

    line_end = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    try:
        wanted = tomllib.loads(plain)
        _put(wanted, path, value)
        rest, headings, headers = lifted(plain)
        document = tomlkit.parse(rest)
        _put(document, path, value)
        changed = put_back(tomlkit.dumps(document), headings, headers)
        said = tomllib.loads(changed)
    except (tomllib.TOMLDecodeError, TOMLKitError) as failure:
        raise SettingsError(f"The file is no valid TOML, so nothing was written to it: mend it first ({failure}).") from failure
    except (TypeError, KeyError) as failure:
        raise SettingsError(_BY_HAND.format(key=".".join(path))) from failure
    if _without_empty(said, path) != _without_empty(wanted, path):
        raise SettingsError(_BY_HAND.format(key=".".join(path)))
    return changed.replace("\n", line_end)


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
