"""Write the server's settings into the VS Code extension's manifest; with --check, say whether they are stale.

Every key of `coterie.config.schema` becomes a setting `coterie.…` with its type and description, so that VS Code completes and checks it.
Its scope is what keeps a repository's own `.vscode/settings.json` from loosening anything: what concerns the machine is taken from the
user's settings alone, and of a folder that is not trusted nothing is taken but what `UNRESTRICTED` names. Run by `make docs` and
`make check`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from coterie.config.restrictions import MACHINE_SCOPE
from coterie.config.schema import LATER, Settings
from freshness import ROOT, write_or_check

MANIFEST = ROOT / "clients" / "vscode" / "package.json"
TITLE = "Models, Agents and Permissions"
NOTE = "Without a value here, what `config.toml` says holds."
OF_THE_MACHINE = frozenset(pattern.partition(".")[0] for pattern in MACHINE_SCOPE)
UNRESTRICTED = "suggestions"
"""Ghost text only comes sooner or later, or not at all: a folder may say so whoever wrote it."""


def manifest() -> str:
    """Return the text of `package.json` with the settings as they are now."""
    text = json.loads(MANIFEST.read_text(encoding="utf-8"))
    contributed = text["contributes"]["configuration"]
    own = [group for group in contributed if group["title"] != TITLE]
    settings = dict(_settings())
    text["contributes"]["configuration"] = [*own, {"title": TITLE, "properties": settings}]
    restricted = [name for name in settings if name.split(".")[1] != UNRESTRICTED]
    text["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"] = [
        *(name for group in own for name in group["properties"]),
        *restricted,
    ]
    return json.dumps(text, indent=2, ensure_ascii=False) + "\n"


def _settings() -> Iterator[tuple[str, dict[str, Any]]]:
    schema = Settings.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    for name, of in schema["properties"].items():
        if name in LATER:
            continue
        scope = "machine" if name in OF_THE_MACHINE else "window"
        if "$ref" in of:
            for key, below in definitions[of["$ref"].rpartition("/")[2]]["properties"].items():
                yield f"coterie.{name}.{key}", _setting(below, definitions, scope)
        else:
            yield f"coterie.{name}", _setting(of, definitions, scope)


def _setting(of: Mapping[str, Any], definitions: Mapping[str, Any], scope: str) -> dict[str, Any]:
    whole = _resolved(of, definitions)
    text = whole.pop("description", "")
    default = of.get("default", {"array": [], "object": {}}.get(str(whole.get("type"))))
    return {**_plain(whole), "default": default, "scope": scope, "markdownDescription": f"{text[:1].upper()}{text[1:]}. {NOTE}"}


def _plain(of: dict[str, Any]) -> dict[str, Any]:
    """Return a choice between a type and nothing as the list of types that VS Code's settings page can show a field for."""
    choices = [each for each in of.get("anyOf", ()) if each.get("type") != "null"]
    if not choices:
        return of
    # Money is also read from a string, which no person has to know.
    first = next((each for each in choices if each["type"] == "number"), choices[0])
    return {**{key: value for key, value in of.items() if key != "anyOf"}, **first, "type": [first["type"], "null"]}


def _resolved(of: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema without references, and without what only pydantic reads."""
    if isinstance(of, list):
        return [_resolved(each, definitions) for each in of]
    if not isinstance(of, dict):
        return of
    if "$ref" in of:
        rest = {key: value for key, value in of.items() if key not in {"$ref", "default"}}
        return _resolved(definitions[of["$ref"].rpartition("/")[2]], definitions) | _resolved(rest, definitions)
    names = of.get("properties")
    kept = {key: _resolved(value, definitions) for key, value in of.items() if key not in {"title", "properties", "default"}}
    if isinstance(names, dict):
        kept["properties"] = {name: _resolved(value, definitions) for name, value in names.items()}
    return kept


if __name__ == "__main__":
    sys.exit(write_or_check({MANIFEST: manifest()}, sys.argv[1:]))
