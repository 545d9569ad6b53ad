"""The settings that hold, value by value, with where each comes from: what ``coterie config show`` and a settings view show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coterie.config.key_paths import dotted
from coterie.config.keys import kind_of
from coterie.config.layers import LayerName
from coterie.config.lines import KeyPath
from coterie.config.load import Loaded
from coterie.config.overlay import leaves
from coterie.domain.wire import Json

_HIDDEN = "**********"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One value as JSON. ``layers`` are where it comes from; ``locked_by`` is a layer above the user's file that decides it."""

    path: KeyPath
    value: Json
    layers: tuple[LayerName, ...]
    locked_by: LayerName | None

    @property
    def key(self) -> str:
        """The path as TOML spells it."""
        return dotted(self.path)

    @property
    def origin(self) -> str:
        """The layers in one text."""
        return ", ".join(self.layers)


def shown(loaded: Loaded) -> Iterator[Shown]:
    """Yield every value that is set or has a default; a host's key shows only where it is read from."""
    for host, provider in loaded.settings.providers.items():
        if provider.api_key is not None:
            is_named = kind_of(provider.api_key) in {"variable", "vault"}
            yield _shown(loaded, ("providers", host, "api_key"), provider.api_key.get_secret_value() if is_named else _HIDDEN)
    for path, value in leaves(loaded.settings.model_dump(mode="json", exclude_none=True)):
        if path[-1] != "api_key":
            yield _shown(loaded, path, value)


def _shown(loaded: Loaded, path: KeyPath, value: Any) -> Shown:
    key = ".".join(path)
    return Shown(path=path, value=value, layers=loaded.origins.get(key, ("default",)), locked_by=loaded.locks.get(key))
