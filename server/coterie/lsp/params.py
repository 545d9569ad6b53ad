"""Reads what a client sent for one of our own types, or says which field is wrong.

``rpc`` reads the params of ``agent/*`` here, ``handlers.commands`` the argument of a command, ``handlers.actions`` the data of an action:
all of them come from a client, which may send anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeVar

from coterie.base.errors import InvalidParamsError
from coterie.base.text import scalars
from coterie.domain.wire import Json, adapter

if TYPE_CHECKING:
    from pydantic import ValidationError

_T = TypeVar("_T")
LARGEST_WHOLE: Final = 2**53 - 1
"""At most what every client's numbers hold exactly."""


def read(of: type[_T], given: Json) -> _T:
    """Return the value; nothing and null stand for an object with nothing in it. Raises `InvalidParamsError`, which names the field.

    A field takes what the schema says and nothing that could be made of it: no "yes" for true, no true for 1.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - keeps the start light

    # Many clients write null for what they do not set.
    set_ = {key: value for key, value in given.items() if value is not None} if isinstance(given, dict) else given
    try:
        # Read as JSON, where strict means JSON's own types; of Python's values it would want tuples and decimals.
        found: _T = adapter(of).validate_json(json.dumps({} if set_ is None else _storable(set_), ensure_ascii=False), strict=True)
    except ValidationError as failure:
        raise _named(failure) from failure
    except RecursionError:
        raise InvalidParamsError("params: they are nested too deeply.") from None
    return found


def _storable(value: Json) -> Json:
    """Return plain data whose texts can be stored and sent on, and whose whole numbers are integers: JSON has one kind of number."""
    match value:
        case str():
            return scalars(value)
        case dict():
            return {scalars(key): _storable(each) for key, each in value.items()}
        case list():
            return [_storable(each) for each in value]
        case float() if value.is_integer() and abs(value) <= LARGEST_WHOLE:
            return int(value)
        case _:
            return value


def _named(failure: ValidationError) -> InvalidParamsError:
    """Name the first field that is wrong, as the client spells it, and what is wrong with it."""
    first = failure.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "params"
    return InvalidParamsError(f"{field}: {first['msg']}.")
