"""Domain values: nobody can change one, equal ones are equal, and money never becomes a float."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import coterie.domain
from coterie.domain.records import EventRecord, Record
from coterie.domain.usage import Usage
from coterie.domain.wire import from_wire, to_wire


def values() -> Iterator[type]:
    """Find every dataclass with fields that `coterie.domain` defines."""
    for module in pkgutil.iter_modules(coterie.domain.__path__, "coterie.domain."):
        for value in vars(importlib.import_module(module.name)).values():
            is_own = isinstance(value, type) and value.__module__ == module.name
            if is_own and dataclasses.is_dataclass(value) and dataclasses.fields(value):
                yield value


@pytest.mark.parametrize("value", list(values()), ids=lambda value: f"{value.__module__}.{value.__name__}")
def test_a_value_cannot_be_changed(value: type[Any]) -> None:
    blank: Any = object.__new__(value)
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(blank, name, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(blank, name)


def test_equal_values_are_equal_and_shown_with_their_names() -> None:
    one, same, other = Usage(input=1), Usage(input=1), Usage(input=2)
    assert (one == same, one == other, one == object()) == (True, False, False)
    assert len({one, same, other}) == 2
    assert dataclasses.replace(other, input=1) == one
    assert repr(one) == "Usage(input=1, cache_read=None, cache_write=None, output=None, usd=None)"


def test_values_of_different_types_differ_though_their_fields_do_not() -> None:
    @dataclasses.dataclass(frozen=True)
    class Bill(Usage):
        pass

    assert Usage(input=1) != Bill(input=1)


@pytest.mark.parametrize(("amount", "written"), [("0", "0"), ("1E-7", "0.0000001"), ("1E+2", "100"), ("0.10", "0.10")])
def test_money_is_a_plain_decimal_on_the_wire(amount: str, written: str) -> None:
    usage = Usage(usd=Decimal(amount))
    wire = to_wire(usage)
    assert wire == {"input": None, "cacheRead": None, "cacheWrite": None, "output": None, "usd": written}
    assert from_wire(Usage, wire) == usage


def test_a_union_is_read_by_its_kind() -> None:
    wire = {"kind": "event", "event": {"kind": "warning", "code": "slow", "text": "The host is slow."}}
    record = from_wire(EventRecord, wire)
    assert to_wire(record, Record) == wire
