"""What a layer may not say.

A project that is not trusted may only tighten: what it brings would otherwise act under the user's name. And an editor's settings can come
from the repository that is open in it, so what concerns the machine is not taken from ``workspace/configuration``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from coterie.config.layers import Layer, Values
from coterie.config.lines import KeyPath
from coterie.config.overlay import leaves
from coterie.config.problems import Ignored, Problem

_MACHINE_TABLES = frozenset({"permissions", "review", "sandbox", "trust", "undo", "mcp"})
_MACHINE_PROVIDER_KEYS = frozenset({"type", "base_url", "api_key", "cassette", "command", "vendor"})
_MACHINE_AGENT_KEYS = frozenset({"external", "flags"})
MACHINE_SCOPE: tuple[str, ...] = (
    *sorted(f"{table}.*" for table in _MACHINE_TABLES),
    *sorted(f"providers.*.{key}" for key in _MACHINE_PROVIDER_KEYS),
    *sorted(f"agents.*.{key}" for key in _MACHINE_AGENT_KEYS),
)
"""The same for people and their views: patterns of dotted keys."""

_HELD: frozenset[KeyPath] = frozenset({("review", "mode"), ("undo", "keep_mb")})
"""What every project, trusted or not, may only tighten: whether a person sees an edit first is not for those to say whose text it is.

How much of what undos take away is kept, of all projects together, is for none of them to say.
"""
_TIGHTEST: Mapping[KeyPath, object] = {
    ("permissions", "policy_when_unattended"): "deny",
    ("review", "mode"): "before",
    ("sandbox", "network"): False,
    ("suggestions", "enabled"): False,
    ("completion_model",): "none",
    ("discovery",): False,
}
"""What allows least, or switches a thing off, which any project may."""


def without_machine_scope(layer: Layer, problems: list[Problem]) -> Layer:
    """Return the layer without what concerns the machine."""

    def allowed(path: KeyPath, _value: object) -> bool:
        if path[0] == "providers":
            return path[-1] not in _MACHINE_PROVIDER_KEYS
        if path[0] == "agents":
            return path[-1] not in _MACHINE_AGENT_KEYS
        return path[0] not in _MACHINE_TABLES

    return _filtered(
        layer,
        allowed,
        problems,
        message="A workspace's settings may not say this; it is left out.",
        suggestion="Set it in your own config.toml, or for your user.",
        why="machine_scope",
    )


def without_trust(layer: Layer, problems: list[Problem]) -> Layer:
    """Return a project's layer without what it says of trust: nobody vouches for themselves."""
    message = "A project cannot say which folders are trusted."
    return _filtered(layer, lambda path, _value: path[0] != "trust", problems, message=message, why="vouching")


def without_loosening(layer: Layer, below: Mapping[str, Any], problems: list[Problem]) -> Layer:
    """Return a project's layer without what would loosen what no project loosens, over the values ``below`` it with the defaults."""
    return _filtered(
        layer,
        lambda path, value: path not in _HELD or (path in _TIGHTEST and value == _TIGHTEST[path]) or value == _at(below, path),
        problems,
        message="A project's settings may only tighten this; it is left out.",
        why="held",
    )


def only_tighter(layer: Layer, below: Mapping[str, Any], folder: str, problems: list[Problem]) -> Layer:
    """Return what an untrusted project's layer may say over the values ``below`` it, which include the defaults."""

    def allowed(path: KeyPath, value: Any) -> bool:
        match path:
            case ("permissions", "ask" | "deny"):
                return True
            case ("suggestions", "disabled_languages"):
                return set(value) >= set(_at(below, path) or ())
            case ("budget", _) | ("agents", _, "budget", _):
                return _smaller(value, _at(below, path))
            case _:
                return path in _TIGHTEST and value == _TIGHTEST[path]

    return _filtered(
        layer,
        allowed,
        problems,
        message="This workspace is not trusted, so its settings may only tighten yours; this is left out.",
        suggestion=f'To trust it, add "{folder}" to `trust.workspaces` in your own config.toml.',
        why="untrusted",
    )


def _smaller(value: Any, limit: Any) -> bool:
    return limit is None or value <= limit


def _at(values: Any, path: KeyPath) -> Any:
    for key in path:
        if not isinstance(values, Mapping):
            return None
        values = values.get(key)
    return values


def _filtered(
    layer: Layer,
    allowed: Callable[[KeyPath, Any], bool],
    problems: list[Problem],
    *,
    message: str,
    suggestion: str | None = None,
    why: Ignored,
) -> Layer:
    """Keep the leaves that are ``allowed(path, value)`` and say which were left out."""
    kept: Values = {}
    for path, value in leaves(layer.values):
        if not allowed(path, value):
            problems.append(layer.problem(path, message, suggestion, ignored=why))
            continue
        table = kept
        for key in path[:-1]:
            table = table.setdefault(key, {})
        table[path[-1]] = value
    return Layer(layer.name, layer.file, kept, layer.lines)
