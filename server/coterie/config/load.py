"""The settings of a process: every layer read, checked, and laid over the one before.

``app`` calls `load` at the start and whenever the editor or a file says something new. Later wins: defaults < hosts whose keys are in the
environment < the user's file < each project's file < ``COTERIE_…`` variables < the editor < the command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from coterie.config.addresses import usual_address
from coterie.config.environment import hosts_with_keys, read_environment
from coterie.config.facade import facade_layer, in_order, read_wishes
from coterie.config.keys import kind_of
from coterie.config.layers import Layer, LayerName, Values, read_file, read_object
from coterie.config.literals import LiteralKey
from coterie.config.overlay import ADDING, leaves, overlay
from coterie.config.paths import PROJECT_FILE, Places, expand, places
from coterie.config.problems import Problem
from coterie.config.restrictions import only_tighter, without_loosening, without_machine_scope, without_trust
from coterie.config.schema import ProviderSettings, Settings
from coterie.config.vault_names import keys_in_vault, read_vault_names
from coterie.domain.status import ProviderType

COMMAND_LINE: LayerName = "command line"
_NEEDED: Mapping[ProviderType, str | None] = {"replay": "cassette", "claude_code": None, "litellm": None}
"""What an entry of a type cannot do without, where that is not an address."""


@dataclass(frozen=True, slots=True)
class LayerRules:
    """The permission rules of one layer. ``origin`` is how people are told of it, such as ``user settings``."""

    layer: LayerName
    origin: str
    allow: tuple[str, ...]
    ask: tuple[str, ...]
    deny: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load` found.

    ``origins`` names the layer of each dotted key that is not at its default, all layers of one that adds up; ``locks`` name, for each key
    that a layer above the user's file decides, that layer; ``rules`` are the permission
    rules by layer, weakest first; ``trusted`` are those of the given folders that may loosen the settings; ``secrets`` are the names of
    what the vault holds, with their times; ``literals`` are the keys that stand in the open in files; ``files`` are the layers of the
    files that could be read.
    """

    settings: Settings
    problems: tuple[Problem, ...]
    origins: Mapping[str, tuple[LayerName, ...]]
    locks: Mapping[str, LayerName]
    rules: tuple[LayerRules, ...]
    trusted: frozenset[Path]
    places: Places
    secrets: Mapping[str, str]
    literals: tuple[LiteralKey, ...]
    files: Mapping[Path, Layer] = field(default_factory=dict)

    def origin(self, key: str) -> str:
        """Return the layer, or layers, that a dotted key's value comes from."""
        return ", ".join(self.origins.get(key, ("default",)))


def load(
    environ: Mapping[str, str],
    *,
    folders: Sequence[Path] = (),
    editor_options: object = None,
    workspace_configuration: object = None,
    command_line: object = None,
    before: Loaded | None = None,
) -> Loaded:
    """Read every layer; what is wrong in one becomes a problem and the rest works. Blocks on small files.

    ``editor_options`` are ``initializationOptions``, ``workspace_configuration`` the section ``coterie`` of ``workspace/configuration``;
    None where there are none. A file that cannot be read now, because somebody is writing it, is as it was ``before``: neither hosts nor
    rules come and go with a missing quote.
    """
    problems: list[Problem] = []
    where = places(environ)
    files = _Files(before.files if before is not None else {}, problems)
    user = files.layer("user", where.config_file)
    above = [read_environment(environ, problems)]
    if editor_options is not None:
        above.append(read_object("editor", "initializationOptions", editor_options, problems))
    if workspace_configuration is not None:
        pulled = read_object("editor", "workspace/configuration", workspace_configuration, problems)
        above.append(without_machine_scope(pulled, problems))
    if command_line is not None:
        above.append(read_object(COMMAND_LINE, COMMAND_LINE, command_line, problems))

    below = [user] if user is not None else []
    own = _merged((*below, *above))
    secrets = read_vault_names(where.data)
    wishes = read_wishes(environ, problems)
    found = Layer("environment", "environment", hosts_with_keys(environ, own, secrets, wanted=wishes.host))
    below.insert(0, found)
    trusted = _trusted(folders, own, environ)
    projects = _projects(folders, trusted, _merged((_defaults(), *below)), files)
    layers = [_with_whole_paths(layer, environ) for layer in (*below, *projects, *above)]
    over = layers[len(below) :]

    if (facade := facade_layer(wishes, environ, _merged(layers), problems)) is not None:
        # What a command was told in so many words stands above it.
        layers.insert(len(layers) - (command_line is not None), facade)
        over.insert(len(over) - (command_line is not None), facade)
    layers.insert(0, keys_in_vault(_merged(layers).get("providers", {}), secrets))

    values = in_order(_merged(layers), wishes, problems)
    values["providers"] = _usable(values.get("providers", {}), environ, problems)
    return Loaded(
        settings=Settings.model_validate(values),
        problems=tuple(problems),
        origins=_origins(layers),
        locks=_locks(over),
        rules=tuple(_rules(layer) for layer in layers if "permissions" in layer.values),
        trusted=trusted,
        places=where,
        secrets=secrets,
        literals=tuple(literal for layer in layers for literal in _literals(layer)),
        files=files.read,
    )


@dataclass(slots=True)
class _Files:
    """Reads files of settings, and keeps what it ``read`` of them."""

    before: Mapping[Path, Layer]
    problems: list[Problem]
    read: dict[Path, Layer] = field(default_factory=dict)

    def layer(self, name: LayerName, path: Path) -> Layer | None:
        """Read a file; None where there is none, or it never could be read."""
        layer = read_file(name, path, self.problems, before=self.before.get(path))
        if layer is not None:
            self.read[path] = layer
        return layer


def _origins(layers: Sequence[Layer]) -> Mapping[str, tuple[LayerName, ...]]:
    found: dict[str, tuple[LayerName, ...]] = {}
    for layer in layers:
        for path, value in leaves(layer.values):
            key = ".".join(path)
            if path not in ADDING:
                found[key] = (layer.name,)
            elif value:
                found[key] = tuple(dict.fromkeys((*found.get(key, ()), layer.name)))
    return found


def _locks(over: Sequence[Layer]) -> Mapping[str, LayerName]:
    """Return the layer that decides each key, of those above the user's file; what adds up is decided by nobody alone."""
    return {".".join(path): layer.name for layer in over for path, _ in leaves(layer.values) if path not in ADDING}


def _merged(layers: Sequence[Layer]) -> Values:
    values: Values = {}
    for layer in layers:
        values = overlay(values, layer.values)
    return values


def _defaults() -> Layer:
    return Layer("default", "defaults", Settings().model_dump())


def _trusted(folders: Sequence[Path], own: Values, environ: Mapping[str, str]) -> frozenset[Path]:
    vouched = [expand(text, environ).resolve() for text in own.get("trust", {}).get("workspaces", ())]
    return frozenset(folder for folder in folders if any(folder.resolve().is_relative_to(root) for root in vouched))


def _projects(folders: Sequence[Path], trusted: frozenset[Path], below: Values, files: _Files) -> list[Layer]:
    layers = []
    for folder in folders:
        layer = files.layer("project", folder / PROJECT_FILE)
        if layer is None:
            continue
        layer = without_loosening(without_trust(layer, files.problems), below, files.problems)
        if folder not in trusted:
            layer = only_tighter(layer, below, str(folder), files.problems)
        below = overlay(below, layer.values)
        layers.append(layer)
    return layers


def _with_whole_paths(layer: Layer, environ: Mapping[str, str]) -> Layer:
    """Make recordings' paths, which a file may give relative to itself, whole."""
    changes: Values = {
        host: {"cassette": str(Path(layer.file).parent / expand(provider["cassette"], environ))}
        for host, provider in layer.values.get("providers", {}).items()
        if "cassette" in provider
    }
    return Layer(layer.name, layer.file, overlay(layer.values, {"providers": changes}), layer.lines) if changes else layer


def _literals(layer: Layer) -> Iterator[LiteralKey]:
    if layer.name not in {"user", "project"}:
        return
    for host, values in layer.values.get("providers", {}).items():
        key = values.get("api_key")
        if key is not None and kind_of(key) == "literal":
            yield LiteralKey(host, Path(layer.file), key.get_secret_value())


def _rules(layer: Layer) -> LayerRules:
    lists = layer.values["permissions"]
    origin = f"{layer.name} settings" if layer.name != "project" else f"project settings ({layer.file})"
    return LayerRules(layer.name, origin, lists.get("allow", ()), lists.get("ask", ()), lists.get("deny", ()))


def _usable(providers: Values, environ: Mapping[str, str], problems: list[Problem]) -> Values:
    """Give hosts their usual type and address, and leave out those that lack what their wire needs; several layers may have had a part."""
    kept: Values = {}
    for host, said in providers.items():
        values = {"type": host, **said} if host in get_args(ProviderType) else said
        provider = ProviderSettings.model_validate(values)
        if provider.base_url is None and (usual := usual_address(provider.type, environ)) is not None:
            kept[host] = {**values, "base_url": usual}
            continue
        missing = _NEEDED.get(provider.type, "base_url")
        if missing is not None and getattr(provider, missing) is None:
            message = f"A host of type `{provider.type}` needs `{missing}`; it is left out."
            problems.append(Problem(file="settings", key=f"providers.{host}", message=message))
        else:
            kept[host] = values
    return kept
