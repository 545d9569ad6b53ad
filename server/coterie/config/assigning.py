"""One key that somebody wants to set: judged as the settings judge a file, so that nothing is written that would be complained of.

``features.preferences`` asks before it writes, ``features.kept_rules`` before it offers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from coterie.base.errors import InvalidParamsError
from coterie.base.redaction import looks_like_a_key
from coterie.config.keys import kind_of
from coterie.config.layers import Layer, LayerName, Values, check
from coterie.config.lines import KeyPath
from coterie.config.overlay import leaves
from coterie.config.problems import Problem
from coterie.config.restrictions import without_trust
from coterie.domain.wire import Json

_DEEPEST = 20
_SHOWN = 60


def assigned(layer: LayerName, path: KeyPath, value: Json) -> Any:
    """Return a value as it is to be written at ``path`` of a layer's file: plain data, with keys in the spelling of files.

    Raises `InvalidParamsError` for what the settings refuse, what this layer may not say, and for a key of a host that is no reference.
    """
    _refuse_unwritable(path, value)
    nested: Json = value
    for part in reversed(path):
        nested = {part: nested}
    problems: list[Problem] = []
    checked = check(Layer(layer, layer, _without_nulls(nested)), problems, camel_case=True)
    if layer == "project":
        checked = without_trust(checked, problems)
    _refuse_keys(checked.values)
    if wrong := next((problem for problem in problems if problem.level == "warning"), None):
        raise InvalidParamsError(f"{wrong.key}: {wrong.message}" + (f" {wrong.suggestion}" if wrong.suggestion else ""))
    found: Any = checked.values
    for part in path:
        found = found.get(part, {})  # of a table that holds nothing there is none
    return _plain(found)


def _refuse_unwritable(path: KeyPath, value: Json) -> None:
    """Refuse what TOML cannot say, or nobody would read."""
    key = ".".join(path)
    if len(path) > _DEEPEST:
        raise InvalidParamsError(f"{key[:_SHOWN]}…: this is nested too deeply.")
    match value:
        case Mapping():
            for name, each in value.items():
                _refuse_unwritable((*path, name), each)
        case list():
            if None in value:
                raise InvalidParamsError(f"{key}: a list in a file of settings cannot hold null.")
            for each in value:
                _refuse_unwritable((*path, "[]"), each)
        case _:
            pass


def _refuse_keys(values: Values) -> None:
    for path, value in leaves(values):
        if any(map(looks_like_a_key, _texts(value))):
            raise InvalidParamsError(f"{'.'.join(path)}: this holds what looks like a key, and a request writes none into a file.")
        if isinstance(value, SecretStr) and kind_of(value) == "literal":
            host = path[1]
            raise InvalidParamsError(
                f"A key itself is not written into a file: keep it in the vault, by `agent/key/set` or `coterie keys set {host}`, where "
                f"the host `{host}` finds it by itself; or write `vault://name/key` or `env:NAME`."
            )


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for each in value.values():
                yield from _texts(each)
        case list() | tuple():
            for each in value:
                yield from _texts(each)
        case _:
            pass


def _without_nulls(data: Json) -> Json:
    return {key: _without_nulls(value) for key, value in data.items() if value is not None} if isinstance(data, dict) else data


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case SecretStr():
            return value.get_secret_value()
        case _:
            return value
