"""Where Coterie's files live: the platform's places, or one folder that ``COTERIE_HOME`` names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT_FILE = Path(".coterie", "config.toml")
"""A project's settings, below its workspace folder."""

LARGEST_FILE = 1_000_000
"""Bytes of a file of settings; a larger one is none that a person wrote."""

VAULT_NAMES = "vault-names.json"
"""The names of the secrets that the vault holds, beside the database."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders, which may not exist yet: ``config`` (config.toml), ``data`` (the database), ``cache``, ``state`` (logs)."""

    config: Path
    data: Path
    cache: Path
    state: Path

    @property
    def config_file(self) -> Path:
        """The user's settings."""
        return self.config / "config.toml"

    @property
    def settings_lock(self) -> Path:
        """The file by which servers that write settings wait for each other."""
        return self.data / "settings.lock"


def places(environ: Mapping[str, str]) -> Places:
    """Say where files live for a process with this environment.

    Without ``COTERIE_HOME`` the answer is the platform's, for the user that this process runs as.
    """
    if home := environ.get("COTERIE_HOME"):
        folder = expand(home, environ)
        return Places(config=folder, data=folder / "data", cache=folder / "cache", state=folder / "state")
    from platformdirs import PlatformDirs  # noqa: PLC0415 - not loaded where it is not asked

    platform = PlatformDirs("coterie", appauthor=False)
    return Places(
        config=platform.user_config_path,
        data=platform.user_data_path,
        cache=platform.user_cache_path,
        state=platform.user_state_path,
    )


def name_of(folder: str) -> str:
    """Return the name under which something is kept for a folder outside of it: its own, for people, and a digest of where it lies."""
    real = os.path.realpath(folder)
    return f"{Path(real).name[:40]}-{hashlib.blake2b(os.fsencode(real), digest_size=8).hexdigest()}"


def expand(path: str, environ: Mapping[str, str]) -> Path:
    """Return a path that a person wrote, with ``~`` for the home of this environment."""
    home = environ.get("HOME")
    if home and (path == "~" or path.startswith("~/")):
        return Path(home, path[2:])
    return Path(path)
