"""The JSON Schema of a tool's arguments, without what a model does not need: each request carries it again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from coterie.domain.wire import Json

if TYPE_CHECKING:
    from pydantic import BaseModel


@cache
def compact_schema(of: type[BaseModel]) -> Mapping[str, Json]:
    """Return the schema of ``of`` with references resolved and without titles, null alternatives, and null defaults.

    Kept, because working it out takes a millisecond, and every step of a run asks for those of all tools.
    """
    schema = of.model_json_schema()
    compact: Mapping[str, Json] = _compact(schema, schema.get("$defs", {}))
    return compact


def _compact(node: Json, definitions: Mapping[str, Json]) -> Json:
    if isinstance(node, list):
        return [_compact(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _compact(definitions[node["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in node:
        (node,) = (branch for branch in node["anyOf"] if branch != {"type": "null"})
        return _compact(node, definitions)
    kept = {key: value for key, value in node.items() if key not in {"$defs", "title", "description"} and not _is_idle(key, value)}
    if "properties" in kept:
        kept["properties"] = {name: _compact(property_, definitions) for name, property_ in kept["properties"].items()}
    return {key: value if key == "properties" else _compact(value, definitions) for key, value in kept.items()}


_BOUNDS = frozenset({"minLength", "minItems", "minimum", "exclusiveMinimum", "maximum", "pattern"})
"""Hardly any call breaks these, and one that does is told; said in every request they would cost more. A property may be named so, too."""


def _is_idle(key: str, value: Json) -> bool:
    return (
        (key == "default" and value in (None, [], False))
        or (key == "additionalProperties" and value is False)
        or (key in _BOUNDS and not isinstance(value, dict))
    )
