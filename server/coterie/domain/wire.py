"""How domain values become JSON: one declaration for the journal and for the wire.

A class made with ``@wire`` is a frozen, keyword-only dataclass whose fields are camelCase in JSON. Values inside mappings keep their keys:
tool arguments and artifacts stay snake_case, as the model sees them.

pydantic reads and writes the values, and is loaded by the first one that crosses a border: a start that imports it takes a fifth longer.
Until then its markers are stood in for by `Tagged` and `Money`'s own, which it asks for its schema when it builds an adapter.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, TypeAdapter
    from pydantic_core import CoreSchema

_T = TypeVar("_T")

Json: TypeAlias = Any
"""A JSON value. Named, so that a signature says that anything JSON can hold may come."""


@dataclass(frozen=True)
class Tagged:
    """Marks a union whose members are told apart by the field ``by``."""

    by: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Be pydantic's own discriminator."""
        from pydantic import Field  # noqa: PLC0415 - keeps the start light

        return handler(Annotated[source, Field(discriminator=self.by)])


@dataclass(frozen=True)
class _PlainDecimal:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic import PlainSerializer  # noqa: PLC0415 - keeps the start light

        return handler(Annotated[source, PlainSerializer(lambda amount: format(amount, "f"), return_type=str)])


Money = Annotated[Decimal, _PlainDecimal()]
"""US dollars; a plain decimal string in JSON, never a float and never in scientific notation."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def wire(cls: type[_T]) -> type[_T]:
    """Make a frozen keyword-only dataclass that is camelCase in JSON."""
    made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    made.__pydantic_config__ = {"alias_generator": to_camel, "populate_by_name": True}  # type: ignore[attr-defined]
    return made


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
