"""Write the VS Code extension's mirror of the protocol, made from the server's table; with --check, say whether it is stale.

The JSON Schema that `coterie.lsp.schema` makes is spelled as TypeScript: an interface for each type, and a map from each method to its
params and result, which `clients/vscode/src/server/wire.ts` checks calls against. Run by `make docs` and `make check`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from coterie.lsp import schema
from freshness import ROOT, write_or_check

MIRROR = ROOT / "clients" / "vscode" / "src" / "protocol.ts"
HEAD = """\
// The `agent/*` protocol in TypeScript: made from `coterie.lsp.protocol` by `make docs`; do not edit. `docs/protocol.md` explains it.
// A field with `?` may be missing in both directions; `null` says that something is unknown or has no value.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
"""
SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def mirror() -> str:
    """Return the text of `protocol.ts`."""
    document = schema.json_schema()
    return "\n".join(
        [
            HEAD,
            *(line for name, definition in sorted(document["$defs"].items()) for line in _type(name, definition)),
            *_table("Requests", "What each request of the client takes and gives.", document["methods"]),
            *_table("Notifications", "What each notification of the server carries.", document["notifications"]),
            *_table("Commands", "What each command of `workspace/executeCommand` takes and gives.", document["commands"]),
        ]
    )


def _type(name: str, definition: Mapping[str, Any]) -> Iterator[str]:
    yield from _comment(definition.get("description", ""))
    if definition.get("type") != "object" or "properties" not in definition:
        yield f"export type {name} = {'Record<string, never>' if definition.get('type') == 'object' else spell(definition)};\n"
        return
    yield f"export interface {name} {{"
    required = definition.get("required", ())
    for field, of in definition["properties"].items():
        # The tag of a union is always sent, and what TypeScript tells its members apart by.
        optional = "" if field in required or "const" in of else "?"
        yield f"  {field}{optional}: {spell(of)};"
    yield "}\n"


def _table(name: str, doc: str, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield from _comment(doc)
    yield f"export interface {name} {{"
    for method, entry in entries.items():
        yield f"  /** {entry['description']} */"
        parts = [f"{part}: {spell(entry[part])}" for part in ("params", "argument", "result") if part in entry]
        yield f"  {json.dumps(method)}: {{ {'; '.join(parts)} }};"
    yield "}\n"


def _comment(text: str) -> Iterator[str]:
    if words := " ".join(text.split()).replace("``", "`").replace("*/", "* /"):
        yield f"/** {words} */"


def spell(of: Mapping[str, Any]) -> str:
    """Return a schema as a TypeScript type."""
    if "$ref" in of:
        return str(of["$ref"].rpartition("/")[2])
    if choices := of.get("anyOf") or of.get("oneOf"):
        return " | ".join(dict.fromkeys(spell(each) for each in choices))
    if values := of.get("enum") or [of[key] for key in ("const",) if key in of]:
        return " | ".join(json.dumps(each) for each in values)
    return _by_kind(of)


def _by_kind(of: Mapping[str, Any]) -> str:
    match of.get("type"):
        case "array":
            item = spell(of["items"]) if "items" in of else "Json"
            return f"({item})[]" if "|" in item else f"{item}[]"
        case "object":
            values = of.get("additionalProperties")
            return f"Record<string, {spell(values) if isinstance(values, dict) and values else 'Json'}>"
        case None:
            return "Json"
        case kind:
            return SCALARS[kind]


if __name__ == "__main__":
    sys.exit(write_or_check({MIRROR: mirror()}, sys.argv[1:]))
