"""JSON Schema and the reference page of the protocol, made from the one table in ``protocol``.

``scripts/generate_protocol.py`` writes both and checks that the committed ones are fresh; nothing calls this while serving.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from coterie.domain.wire import Json, adapter
from coterie.lsp import commands, protocol

REF = "#/$defs/{model}"

INTRODUCTION = """\
# The `agent/*` protocol

Made from `coterie.lsp.protocol` by `make docs`; do not edit. The same as JSON Schema: [`protocol.schema.json`](protocol.schema.json).

JSON-RPC 2.0 with LSP framing, beside the standard methods. Names are camelCase; kinds, states and codes are snake_case strings; tool
arguments and artifacts stay as the model wrote them. Ids are opaque; times are ISO 8601 in UTC; money is US dollars as a decimal string;
tokens are integers; what is unknown is `null`, never 0. Positions are in the negotiated encoding, `offset` counts UTF-16 units, lines of
hunks count from 1. Unknown fields are ignored, in both directions: later versions add, they do not rename.

A client that announces `capabilities.experimental.coterie: true` gets the notifications and answers approvals with
`agent/approval/answer`. Every other client gets prompts, progress, lenses, chat documents and the commands below instead:
[any LSP client](editors/any-lsp-client.md). Findings of reviews are diagnostics, and code actions are there, for both.

Errors: -32602 for params that make no sense (the message names the field), -32803 for what cannot be had now, both with a stable
`data.code` (`unknown_run`, `run_active`, `no_provider`, …), a sentence to act on, and `data.action`, a command, where one helps.

Every event of a run carries `seq`, which rises strictly within the run; gaps are normal. Deltas are not kept: `agent/run/events` gives a
client that catches up the message so far, with `partial: true`. An event without a run whose warning has the code `events_missed` tells
a client that it was too slow and has to catch up.

Ghost text comes by `textDocument/inlineCompletion`. Each item carries the command `coterie.suggestion.accepted`, whose argument holds the
`suggestionId` that `agent/suggestion/*` take; what is left of a suggestion that is being typed keeps its id. `stage` and `reason` of
`agent/suggestion/explain` are stable codes. A notebook's cells are documents like any other.
"""


def json_schema() -> Json:
    """Return the whole protocol as one JSON Schema document; ``methods``, ``notifications`` and ``commands`` point into ``$defs``."""
    inputs: list[tuple[Any, Any, TypeAdapter[Any]]] = []
    for name, request in protocol.REQUESTS.items():
        inputs += [((name, "params"), "validation", adapter(request.params)), ((name, "result"), "serialization", adapter(request.result))]
    for name, notification in protocol.NOTIFICATIONS.items():
        inputs.append(((name, "params"), "serialization", adapter(notification.params)))
    for name, command in commands.COMMANDS.items():
        inputs += [
            ((name, "argument"), "validation", adapter(command.argument)),
            ((name, "result"), "serialization", adapter(command.result)),
        ]
    schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=REF)
    parts = {key: schema for (key, _mode), schema in schemas.items()}

    def described(table: Mapping[str, Any]) -> Json:
        return {
            name: {"description": entry.doc}
            | {part: parts[name, part] for part in ("params", "argument", "result") if (name, part) in parts}
            for name, entry in table.items()
        }

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The agent/* protocol",
        "methods": described(protocol.REQUESTS),
        "notifications": described(protocol.NOTIFICATIONS),
        "commands": described(commands.COMMANDS),
        "$defs": definitions["$defs"],
    }


def schema_file() -> str:
    """Return the text of ``docs/protocol.schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """Return the text of ``docs/protocol.md``."""
    return "\n".join(_page(json_schema())) + "\n"


def _page(schema: Json) -> Iterator[str]:
    yield INTRODUCTION
    for title, table in (
        ("Requests of the client", "methods"),
        ("Notifications of the server", "notifications"),
        ("Commands of `workspace/executeCommand`, with one argument", "commands"),
    ):
        yield f"## {title}\n"
        yield "| name | takes | gives | for |"
        yield "|---|---|---|---|"
        for name, entry in schema[table].items():
            takes = spell(entry.get("params") or entry.get("argument"))
            yield f"| `{name}` | {takes} | {spell(entry['result']) if 'result' in entry else ''} | {entry['description']} |"
        yield ""
    yield "## Types\n"
    for name, definition in sorted(schema["$defs"].items()):
        yield from _type(name, definition)


def _type(name: str, definition: Json) -> Iterator[str]:
    yield f"### {name}\n"
    yield " ".join(definition.get("description", "").split()).replace("``", "`") + "\n"
    fields = definition.get("properties", {})
    if not fields:
        yield "No fields.\n"
        return
    yield "| field | type | when absent |"
    yield "|---|---|---|"
    for field, of in fields.items():
        left_out = "" if field in definition.get("required", ()) else f"`{json.dumps(of.get('default'))}`"
        yield f"| `{field}` | {spell(of)} | {left_out} |"
    yield ""


def spell(schema: Json) -> str:
    """Return a schema as one reads a type, with links to the types that have a section."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " \\| ".join(spell(each) for each in choices)
    if values := schema.get("enum") or [schema[key] for key in ("const",) if key in schema]:
        return " \\| ".join(f"`{json.dumps(each)}`" for each in values)
    match schema.get("type"):
        case "array":
            return f"[{spell(schema['items'])}]"
        case None:
            return "any JSON"
        case kind:
            return str(kind)
