"""The environment of a command: what it needs to find the project's tools, and no key of anybody."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_PASSED = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "TZ"}
    | {"VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "PYENV_VERSION", "PYTHONDONTWRITEBYTECODE"}
    | {"NODE_PATH", "NVM_DIR", "GOPATH", "GOROOT", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "JAVA_HOME", "ANDROID_HOME"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_PROFILES"},
)
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL", re.IGNORECASE)
_FIXED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",
}
"""Nobody answers prompts or pages; both streams of a Python program come in the order in which it wrote them."""


def command_environment(outer: Mapping[str, str], folders: Iterable[str], *, server_prefix: str | None) -> dict[str, str]:
    """Return the environment of a command that runs for the project in ``folders`` (the closest first).

    The project's own interpreter and tools come first on PATH. ``server_prefix`` is the virtual environment that the server itself
    runs in, which is never the project's by accident.
    """
    inner = {name: value for name, value in outer.items() if (name in _PASSED or name.startswith("LC_")) and not _SECRET.search(name)}
    if server_prefix is not None and _same(inner.get("VIRTUAL_ENV"), server_prefix):
        del inner["VIRTUAL_ENV"]
    searched = [
        entry
        for entry in inner.get("PATH", os.defpath).split(os.pathsep)
        if entry and (server_prefix is None or not _same(entry, f"{server_prefix}/bin"))
    ]
    places = tuple(folders)
    if (own := next(virtual_environments(places), None)) is not None:
        inner["VIRTUAL_ENV"] = str(own)
    inner["PATH"] = os.pathsep.join(dict.fromkeys([*_project_tools(places), *searched]))
    return inner | _FIXED


def virtual_environments(folders: Iterable[str]) -> Iterator[Path]:
    """Yield the Python environments that a project keeps in its folders."""
    for folder in folders:
        for name in (".venv", "venv"):
            if (Path(folder, name, "bin", "python")).exists():
                yield Path(folder, name)


def _project_tools(folders: tuple[str, ...]) -> Iterator[str]:
    for environment in virtual_environments(folders):
        yield str(environment / "bin")
    for folder in folders:
        if (tools := Path(folder, "node_modules", ".bin")).is_dir():
            yield str(tools)


def _same(one: str | None, other: str) -> bool:
    return one is not None and os.path.realpath(one) == os.path.realpath(other)
