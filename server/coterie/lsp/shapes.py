"""Says in words where params are not of the shape that LSP gives them, and keeps texts from being made of what is none.

``rpc`` reads params with lsprotocol's converter. As it comes, that makes the text "None" of a null; and it words its failures for whoever
wrote it. `strict` takes the first away; of what then fails, `misfit` says the first place and what should stand there.
"""

from __future__ import annotations

import types as python
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
from lsprotocol import types

from coterie.domain.wire import Json

if TYPE_CHECKING:
    from cattrs import Converter

_NAMES: Final[Mapping[Any, str]] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}
_CONSTANTS: Final[Mapping[Json, str]] = {None: "null", True: "true", False: "false"}


def strict(converter: Converter) -> Converter:
    """Have a converter take strings, numbers, truth values and lists for nothing else. Before it reads anything."""
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _only(kind))
    either = Union[int, str]  # noqa: UP007 - as lsprotocol writes it
    converter.register_structure_hook(either, lambda value, _: value if isinstance(value, str) else _only(int)(value, int))
    converter.register_structure_hook_factory(_is_list, lambda wanted: _only_lists(converter, next(iter(get_args(wanted)), Any)))
    return converter


def _is_list(wanted: Any) -> bool:
    origin = get_origin(wanted)
    return isinstance(origin, type) and issubclass(origin, Sequence)


def _only_lists(converter: Converter, of: Any) -> Callable[[Json, object], tuple[Any, ...]]:
    def read(value: Json, _: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError
        return tuple(converter.structure(each, of) for each in value)

    return read


def _only(kind: Any) -> Callable[[Json, Any], Any]:
    def read(value: Json, wanted: Any) -> Any:
        if not _fits(value, kind):
            raise TypeError
        return wanted(value)  # which is the kind itself, or an enumeration of such values

    return read


def misfit(value: Json, wanted: Any, path: str = "") -> str | None:
    """Return what is wrong with a value at ``path``, where lsprotocol's type ``wanted`` should be; None if nothing is."""
    wanted = _nearest(value, wanted)
    if attrs.has(wanted):
        return _misfit_of_object(value, wanted, path) if isinstance(value, dict) else _should_be(value, "an object", path)
    origin = get_origin(wanted) or wanted
    if origin in {Union, python.UnionType}:
        return _misfit_of_several(value, get_args(wanted), path)
    if _is_list(wanted):
        return _misfit_of_list(value, next(iter(get_args(wanted)), Any), path)
    return None if _fits(value, origin) else _should_be(value, _name(origin), path)


def _misfit_of_several(value: Json, kinds: Sequence[Any], path: str) -> str | None:
    if value is None and type(None) in kinds:
        return None
    told = [kind for kind in kinds if kind is not type(None)]
    found = [misfit(value, kind, path) for kind in told]
    if None in found:
        return None
    return (
        found[0]
        if len(told) == 1
        else _should_be(value, " or ".join(dict.fromkeys(_name(kind) for kind in told if not _is_open(kind, told))), path)
    )


def _is_open(kind: Any, kinds: Sequence[Any]) -> bool:
    """Say whether these are words of which there may be others."""
    return str in kinds and isinstance(kind, type) and issubclass(kind, Enum)


def _misfit_of_list(value: Json, of: Any, path: str) -> str | None:
    if not isinstance(value, list):
        return _should_be(value, "a list", path)
    return next((wrong for at, each in enumerate(value) if (wrong := misfit(each, of, _below(path, at))) is not None), None)


def _misfit_of_object(value: Mapping[str, Json], wanted: Any, path: str) -> str | None:
    for name, of, is_needed in _fields(wanted):
        if name not in value:
            if is_needed:
                return f"`{_below(path, name)}` is missing"
        elif (is_needed or value[name] is not None) and (wrong := misfit(value[name], of, _below(path, name))) is not None:
            return wrong
    return None


def _nearest(value: Json, wanted: Any) -> Any:
    """Return of several types of objects the one that has most of a value's keys, or else the one that needs least."""
    objects = [kind for kind in get_args(wanted) if attrs.has(kind)] if isinstance(value, dict) else []

    def likeness(kind: Any) -> tuple[int, int]:
        return sum(name in value for name, _, _ in _fields(kind)), -sum(is_needed for _, _, is_needed in _fields(kind))

    return max(objects, key=likeness) if objects and get_origin(wanted) in {Union, python.UnionType} else wanted


@cache
def _fields(of: Any) -> tuple[tuple[str, Any, bool], ...]:
    """Return the name on the wire, the type, and whether it is needed, of each field of one of lsprotocol's types."""
    hints = get_type_hints(of, vars(types))
    return tuple((_on_the_wire(each.name), hints[each.name], each.default is attrs.NOTHING) for each in attrs.fields(of))


def _on_the_wire(name: str) -> str:
    first, *others = name.removesuffix("_").split("_")
    return first + "".join(map(str.title, others))


def _fits(value: Json, kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return not isinstance(value, bool) and any(value == each.value for each in kind)
    if kind is int:
        return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) if kind in _NAMES else True


def _name(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(str(each.value) for each in kind)
    if attrs.has(kind):
        return "an object"
    return _NAMES.get(kind, "something else")


def _should_be(value: Json, what: str, path: str) -> str:
    found = _CONSTANTS[value] if value is None or isinstance(value, bool) else _NAMES[type(value)]
    place = f"`{path}` is" if path else "they are"
    return f"{place} {found}, and should be {what}"


def _below(path: str, name: str | int) -> str:
    return f"{path}.{name}" if path else str(name)
