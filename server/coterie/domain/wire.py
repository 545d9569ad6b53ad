"""How domain values become JSON: one declaration for the journal and for the wire.

A class made with ``@wire`` is a frozen, keyword-only dataclass whose fields are camelCase in JSON. Values inside mappings keep their keys:
tool arguments and artifacts stay snake_case, as the model sees them.

pydantic reads and writes the values. It is loaded by the first one that crosses a border, since a start with it takes a sixth longer; until
then `Late` stands in for its markers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import FrozenInstanceError, dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, TypeAdapter
    from pydantic_core import CoreSchema

_T = TypeVar("_T")

Json: TypeAlias = Any
"""A JSON value. Named, so that a signature says that anything JSON can hold may come."""


class Late:
    """Stands in an `Annotated` for one of pydantic's markers, named as there: ``Late("Field", ge=1)``."""

    def __init__(self, marker: Literal["Field", "PlainSerializer"], **arguments: object) -> None:
        self._marker = marker
        self._arguments = arguments

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Be the marker; pydantic asks when it builds an adapter."""
        import pydantic  # noqa: PLC0415 - keeps the start light

        return handler(Annotated[source, getattr(pydantic, self._marker)(**self._arguments)])


def _plain(amount: Decimal) -> str:
    return format(amount, "f")


Money = Annotated[Decimal, Late("PlainSerializer", func=_plain, return_type=str)]
"""US dollars; a plain decimal string in JSON, never a float and never in scientific notation."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def wire(cls: type[_T]) -> type[_T]:
    """Make a frozen keyword-only dataclass that is camelCase in JSON."""
    # All such classes share these methods: compiling three of them for each of a hundred classes takes a twentieth of the start, and
    # keeping the two that hold fields fast, which cannot be left out, half a megabyte.
    made = dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)(cls)
    for name, method in (("__eq__", _equal), ("__hash__", _hash), ("__repr__", _repr), ("__setattr__", _set), ("__delattr__", _delete)):
        setattr(made, name, method)
    made.__pydantic_config__ = {"alias_generator": to_camel, "populate_by_name": True}  # type: ignore[attr-defined]
    return made


def without_empty(schema: CoreSchema, *names: str) -> CoreSchema:
    """Return the schema of a class that has these fields in JSON only where they hold something: for what clients did not know before."""
    from pydantic_core import core_schema  # noqa: PLC0415 - keeps the start light

    sparse = {*names, *map(to_camel, names)}

    def written(value: object, write: Callable[[object], Mapping[str, Json]]) -> Mapping[str, Json]:
        return {name: held for name, held in write(value).items() if held or name not in sparse}

    return cast("CoreSchema", {**schema, "serialization": core_schema.wrap_serializer_function_ser_schema(written)})


def _values(of: Any) -> tuple[object, ...]:
    return tuple(getattr(of, name) for name in of.__dataclass_fields__)


def _equal(self: object, other: object) -> bool:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: object) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__dataclass_fields__)})"


def _set(_of: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_of: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def to_camel(name: str) -> str:
    """Return a field's name in wire spelling."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def adapter(of: Any) -> TypeAdapter[Any]:
    """Return the pydantic adapter of a domain type or of a union of them, built on first use."""
    key: Hashable = of
    return _adapter(key)


@cache
def _adapter(of: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415 - keeps the start light

    return TypeAdapter(of)


def to_wire(value: object, of: Any = None) -> Json:
    """Return ``value`` as plain JSON data in wire spelling. ``of`` is its declared type when that is a union."""
    return adapter(of if of is not None else type(value)).dump_python(value, mode="json", by_alias=True)


def from_wire(of: type[_T], data: Json) -> _T:
    """Read a domain value from plain JSON data; raises `pydantic.ValidationError`."""
    read: _T = adapter(of).validate_python(data)
    return read
