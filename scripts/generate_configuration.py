"""Write docs/configuration.md from the schema of the settings; with --check, say whether it is stale.

Run by `make docs` and `make check`.
"""

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from coterie.config.environment import KNOWN_HOSTS
from coterie.config.schema import Settings, Table
from freshness import ROOT, write_or_check

PAGE = ROOT / "docs" / "configuration.md"

INTRODUCTION = """# Configuration

Made from `coterie.config.schema` by `make docs`; do not edit.

One set of keys everywhere. Later layers win:

1. the defaults below, and the hosts whose keys are in the environment ({known_hosts}) or in the vault;
2. your `config.toml`, in the platform's folder for settings (`~/.config/coterie/` on Linux);
3. `.coterie/config.toml` in each workspace folder;
4. environment variables: `COTERIE_MODEL` is `model`, `COTERIE_BUDGET__USD` is `budget.usd`;
5. the editor: `initializationOptions` is the settings object itself, later `workspace/configuration`, section `coterie`;
6. the command line.

With such a key, no host of your own and no `model`, the host's usual one serves: {usual_models}.
`LLM_PROVIDER` chooses among them. It and the variables of a BotServer are told of in [providers](providers.md#botserver); a BotServer that
they switch on takes the place of `model`, whatever layer that is from but the command line. `PROJECT_PATH` is the folder for an editor that
has none open. Where no settings name a host, some on this machine are looked for: [what is found](providers.md#what-is-found).

Keys are snake_case, in JSON camelCase too; names that you give (of hosts, agents, models) stay as you write them. The lists `allow`,
`ask` and `deny` add up over the layers; other lists replace. A wrong key or value, or an agent that there is not, is reported with its
file and line, and the rest works. `COTERIE_HOME` puts `config.toml` and all that Coterie keeps (`data`, `cache`, `state`) under one folder.

**Trust.** The settings of a project that is not below a folder of `trust.workspaces` may only tighten yours: add `ask` and `deny`
rules, lower budgets, take the network away, deny when unattended, switch ghost text off (all of it, or for a
language). No project can say which folders are trusted. From `workspace/configuration`, which can come from the repository that is open,
nothing is taken that concerns the machine: `permissions`, `sandbox`, `trust`, `mcp`, and the type, address, key and recording of a host.

**Keys** stay out of the settings. `coterie keys set work` keeps one in the vault, where the host `work` finds it by itself; another name is
referred to as `api_key = "vault://team/other"`. `api_key = "env:WORK_API_KEY"` names an environment variable. A key that stands in a file
itself works, and is moved into the vault once. A change of a file holds without a restart, within about a second;
a file that is no valid TOML then is as it was before, until it is mended.

**A settings view** asks `agent/settings/get` for every value with its layer, and for what is wrong or left out and why.
`agent/settings/set` writes one key into your `config.toml`, or into that of a trusted project, and leaves comments and order as they
are; it is in force when it is answered. A key of a host, and whatever else looks like a key, is refused there: `agent/key/set` keeps it
in the vault. `agent/trust/set` trusts a folder, or no longer.

**What agents and ghost text do not see** is said by files in the folder itself, not by a setting: `.coterieignore`, written like a
`.gitignore`, names what is left out though git tracks it, or lets in with `!` what git ignores;
[what is listed](retrieval.md#what-it-lists) says the rest. It is about what is found unasked: who may read what is said by `permissions`.
"""

EXAMPLE = """
## An example

```toml
model = "anthropic/claude-sonnet-4-5"

[providers.anthropic]
type = "anthropic"
api_key = "env:ANTHROPIC_API_KEY"

[providers.box]
base_url = "http://127.0.0.1:8080/v1"
models = ["qwen3-coder"]

[agents.coder]
model = "box/qwen3-coder"

[budget]
usd = 2.0

[permissions]
allow = ["exec(pytest *)"]
deny = ["read(**/.env)"]
```
"""


def page() -> str:
    """Return the text of docs/configuration.md."""
    known = ", ".join(f"`{host.name}` by `{(host.keys + host.or_any)[0]}` and `{host.addresses[0]}`" for host in KNOWN_HOSTS)
    usual = ", ".join(f"`{host.name}/{host.model}`" for host in KNOWN_HOSTS if host.model)
    sections = [INTRODUCTION.format(known_hosts=known, usual_models=usual)]
    for path, table in tables(Settings):
        keys = [(name, info) for name, info in table.model_fields.items() if table_of(info) is None]
        if not keys:
            continue
        heading = f"`[{path}]`" if path else "Top level"
        rows = [f"| `{name}` | {kind(info.annotation)} | {default(info)} | {info.description} |" for name, info in keys]
        sections.append(
            "\n".join([f"\n## {heading}\n", f"{table.__doc__}\n", "| key | value | default | what for |", "|---|---|---|---|", *rows, ""])
        )
    return "".join([*sections, EXAMPLE])


def tables(table: type[Table], path: str = "") -> Iterator[tuple[str, type[Table]]]:
    """Walk a table and those below it, as they stand in TOML."""
    yield path, table
    for name, info in table.model_fields.items():
        if (below := table_of(info)) is not None:
            named = ".NAME" if get_origin(info.annotation) is Mapping else ""
            yield from tables(below, f"{path}.{name}{named}".lstrip("."))


def table_of(info: FieldInfo) -> type[Table] | None:
    """Return the table that a key holds, or a map of which it holds."""
    annotation = info.annotation
    if get_origin(annotation) is Mapping:
        annotation = get_args(annotation)[1]
    return annotation if isinstance(annotation, type) and issubclass(annotation, Table) else None


def kind(annotation: Any) -> str:
    """Say what kind of value a key takes."""
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{str(word).lower()}`" if isinstance(word, bool) else f'`"{word}"`' for word in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list"
    if get_origin(annotation) is Mapping:
        return "table"
    inner = [argument for argument in get_args(annotation) if argument is not type(None)]
    if inner:
        return kind(inner[0])
    return {bool: "truth value", int: "integer", float: "number", Decimal: "number", str: "text", SecretStr: "text"}[annotation]


def default(info: FieldInfo) -> str:
    """Show the default as TOML would."""
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    sys.exit(write_or_check({PAGE: page()}, sys.argv[1:]))
