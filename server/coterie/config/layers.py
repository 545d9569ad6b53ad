"""One layer of settings: its values checked key by key, so that a wrong one costs nothing but itself.

``load`` reads the layers, hands each through here, and lays them over each other.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.alias_generators import to_camel, to_snake

from coterie.base.small_file import read_small
from coterie.base.text import lines_of
from coterie.config.keys import kind_of
from coterie.config.lines import KeyPath, key_lines
from coterie.config.paths import LARGEST_FILE
from coterie.config.problems import Ignored, Problem
from coterie.config.schema import AGENTS, LATER, LATER_AGENTS, LATER_TYPES, Settings
from coterie.config.toml_text import parsed

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LayerName = Literal["default", "vault", "user", "project", "environment", "editor", "command line"]
Values: TypeAlias = dict[str, Any]

_WORDS: Mapping[str, str] = {
    "tuple_type": 'Write a list: `["…", "…"]`.',
    "dict_type": "Write a table, with keys of its own.",
    "mapping_type": "Write a table, with keys of its own.",
    "model_type": "Write a table, with keys of its own.",
    "string_type": "Write a text, in quotes.",
}
"""What is said of the kinds of values that only Python calls as pydantic does."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that was read. ``values`` holds only what the layer says, in snake_case; secrets are wrapped."""

    name: LayerName
    file: str
    values: Values
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def problem(
        self,
        path: KeyPath,
        message: str,
        suggestion: str | None = None,
        *,
        level: Literal["warning", "note"] = "warning",
        ignored: Ignored | None = None,
    ) -> Problem:
        """Say that something is wrong with a key of this layer."""
        known = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in self.lines), None)
        line = None if known is None else self.lines[known]
        return Problem(file=self.file, line=line, key=".".join(path), message=message, suggestion=suggestion, level=level, ignored=ignored)


def read_file(name: LayerName, path: Path, problems: list[Problem], *, before: Layer | None = None) -> Layer | None:
    """Read a TOML file; None when there is none. Where nothing can be read from it, it is as it was ``before``."""
    instead = "it is left out" if before is None else "what it said before holds"
    try:
        content = read_small(path, LARGEST_FILE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        problems.append(Problem(file=str(path), message=f"The file cannot be read ({error.strerror}); {instead}."))
        return before
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        problems.append(Problem(file=str(path), line=line, message=f"The file is no UTF-8 text; {instead}."))
        return before
    text = text.replace("\r\n", "\n")
    try:
        data = parsed(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column (\d+)\)| \(at end of document\)", str(error))
        line = int(at[1]) if at and at[1] else len(lines_of(text)) or 1
        where = f" (column {at[2]})" if at and at[2] else ""
        message = f"The file is no valid TOML{where}; {instead}: {str(error)[: at.start()] if at else error}."
        problems.append(Problem(file=str(path), line=line, message=message))
        return before
    return check(Layer(name, str(path), data, key_lines(text)), problems, camel_case=False)


def read_object(name: LayerName, file: str, data: object, problems: list[Problem]) -> Layer:
    """Read settings that came as JSON; nulls stand for what is not set."""
    if not isinstance(data, Mapping):
        problems.append(Problem(file=file, message="The settings must be an object; they are left out."))
        data = {}
    return check(Layer(name, file, _without_nulls(data)), problems, camel_case=True)


def check(layer: Layer, problems: list[Problem], *, camel_case: bool) -> Layer:
    """Return the layer with what is right in it, in snake_case, and say what is wrong."""
    data = copy.deepcopy(layer.values)
    while True:
        try:
            checked = Settings.model_validate(data, by_alias=camel_case, by_name=True)
        except ValidationError as error:
            # The last item of a list first, so that taking it away moves no other.
            for details in reversed(error.errors(include_url=False, include_input=False)):
                problems.append(_complaint(layer, details, data, camel_case=camel_case))
                _take_away(data, details["loc"])
        else:
            break
    values = checked.model_dump(exclude_unset=True)
    _check_hosts(layer, values, problems)
    _check_keys(layer, values, problems)
    _check_agents(layer, values, problems)
    _note_later(layer, values, problems)
    return Layer(layer.name, layer.file, values, layer.lines)


def _without_nulls(data: Mapping[str, Any]) -> Values:
    return {
        key: _without_nulls(value) if isinstance(value, Mapping) and key != "extra" else value
        for key, value in data.items()
        if value is not None
    }


def _complaint(layer: Layer, details: ErrorDetails, data: Values, *, camel_case: bool) -> Problem:
    location = details["loc"]
    path = tuple(str(part) for part in location if not isinstance(part, int))
    if details["type"] == "extra_forbidden":
        names = [to_camel(name) if camel_case else name for name in _names_at(path[:-1])]
        return layer.problem(path, "There is no such key.", nearest(path[-1], names))
    message = _WORDS.get(details["type"]) or details["msg"].removeprefix("Value error, ")
    suggestion = None
    if details["type"] == "literal_error":
        value = _value_at(data, location)
        if _is_type_of_host(location) and value in LATER_TYPES:
            return layer.problem(path, f"This version has no hosts of the type `{value}`; a later one will.", level="note")
        suggestion = nearest(str(value), re.findall(r"'([^']*)'", details["ctx"]["expected"]))
    return layer.problem(path, message if message.endswith(".") else f"{message}.", suggestion)


def nearest(word: str, words: list[str]) -> str | None:
    """Return a suggestion for a word that is none of these, if one of them is like it."""
    near = get_close_matches(word, words, n=1, cutoff=0.5)
    return f"Did you mean `{near[0]}`?" if near else None


def _names_at(path: KeyPath) -> list[str]:
    """Return the keys of the table at ``path``; none where any key may stand."""
    table: Any = Settings
    for part in path:
        if get_origin(table) is not None and issubclass(get_origin(table), Mapping):
            table = get_args(table)[1]
        elif (known := table.model_fields.get(to_snake(part))) is not None:
            table = known.annotation
    return list(table.model_fields) if isinstance(table, type) and issubclass(table, BaseModel) else []


def _value_at(data: Any, location: tuple[int | str, ...]) -> object:
    for part in location:
        data = data[_spelled(data, part)]
    return data


def _take_away(data: Any, location: tuple[int | str, ...]) -> None:
    """Delete what an error is about, or what holds it."""
    # A host whose wire is unknown is no host: with the default wire it would be asked for what it does not have.
    if _is_type_of_host(location):
        location = location[:2]
    for part in location[:-1]:
        data = data[_spelled(data, part)]
    del data[_spelled(data, location[-1])]


def _is_type_of_host(location: tuple[int | str, ...]) -> bool:
    return location[0] == "providers" and location[2:] == ("type",)


def _spelled(data: Any, part: int | str) -> Any:
    """Return the key that an error's location means: it names fields in camelCase however they were written."""
    if isinstance(part, str) and part not in data:
        return to_snake(part)
    return part


def _check_hosts(layer: Layer, values: Values, problems: list[Problem]) -> None:
    """Take away hosts whose names no ``host/model`` can have."""
    hosts = values.get("providers", {})
    for host in [host for host in hosts if not host.strip() or "/" in host]:
        del hosts[host]
        message = "The name of a host stands before the `/` in `host/model`: it cannot be empty or hold one. It is left out."
        problems.append(layer.problem(("providers", host), message))


def _check_keys(layer: Layer, values: Values, problems: list[Problem]) -> None:
    """Take away references to keys that cannot be followed, and warn of keys that stand in the open."""
    for host, provider in values.get("providers", {}).items():
        key: SecretStr | None = provider.get("api_key")
        if key is None:
            continue
        path = ("providers", host, "api_key")
        advice = (
            f"Keep it in the vault with `coterie keys set {host}`, or write "
            f'`api_key = "env:{re.sub("[^A-Z0-9]", "_", host.upper())}_API_KEY"` and set that environment variable.'
        )
        match kind_of(key):
            case "variable":
                pass
            case "literal":
                problems.append(layer.problem(path, "The key itself stands in the settings; it works, and who reads them has it.", advice))
            case "vault":
                pass
            case "broken":
                del provider["api_key"]
                problems.append(layer.problem(path, "This names no environment variable and no key of the vault.", advice))


def _check_agents(layer: Layer, values: Values, problems: list[Problem]) -> None:
    """Warn of settings for agents that there are not: nothing would ever read them."""
    named: list[tuple[KeyPath, str]] = [(("agents", agent), agent) for agent in values.get("agents", {})]
    named += [(("actions", name, "agent"), own["agent"]) for name, own in values.get("actions", {}).items() if own.get("agent") is not None]
    for path, agent in named:
        if path[0] == "agents" and agent in LATER_AGENTS:
            problems.append(layer.problem(path, f"This version has no agent `{agent}`; a later one will.", level="note"))
        elif agent not in AGENTS:
            suggestion = nearest(agent, list(AGENTS)) or f"There are {', '.join(AGENTS)}."
            problems.append(layer.problem(path, f"There is no agent `{agent}`.", suggestion))


def _note_later(layer: Layer, values: Values, problems: list[Problem], above: KeyPath = ()) -> None:
    for key, value in values.items():
        if key in LATER:
            problems.append(layer.problem((*above, key), "This version does not read it; a later one will.", level="note"))
        elif isinstance(value, dict) and key not in {"extra", "price", "agents"}:
            _note_later(layer, value, problems, (*above, key))
