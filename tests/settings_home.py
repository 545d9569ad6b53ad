"""A home with settings for the tests of their layers: what a user, projects and the vault have, and what comes of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coterie.config.load import Loaded, load


class Home:
    """A home and two projects in a temporary folder, and a process that reads them."""

    def __init__(self, root: Path) -> None:
        self.environ = {"COTERIE_HOME": str(root / "home"), "HOME": str(root)}
        self.folders = [root / "one", root / "two"]
        self.file = root / "home" / "config.toml"

    def user(self, text: str) -> None:
        """Write the user's settings."""
        self._write(self.file, text)

    def project(self, text: str, number: int = 0) -> Path:
        """Write a project's settings and return their file."""
        return self._write(self.folders[number] / ".coterie" / "config.toml", text)

    def vault(self, *names: str) -> Path:
        """Write the names of what the vault holds, and return their file."""
        return self._write(self.file.parent / "data" / "vault-names.json", json.dumps(dict.fromkeys(names, "2026-01-31T10:00:00.000Z")))

    def load(self, environ: Mapping[str, str] | None = None, **layers: Any) -> Loaded:
        """Read every layer."""
        return load({**self.environ, **(environ or {})}, folders=self.folders, **layers)

    def _write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def told(loaded: Loaded) -> list[tuple[int | None, str]]:
    """Return the lines and keys of all problems that are no notes."""
    return [(problem.line, problem.key) for problem in loaded.problems if problem.level == "warning"]
