"""What stands around an editor under test: a project, a home with settings that point at a model host, and the documented configurations.

An editor is set up by what its page in `docs/editors` says and by nothing else: `documented` takes the fenced blocks out of the page, so
that a page which does not work fails its test.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from aimock_server import AimockServer, aimock
from editors.terminal import BOUND_S, output
from repository import ROOT
from served import make_project

EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
"""What an agent that mends the project gives to `edit_file`."""
TOUCH = ("execute_command", {"command": "touch made"})
"""A call that needs permission."""
PAGES = ROOT / "docs" / "editors"
BIN = Path(sys.executable).parent
SETTINGS = """
model = "work/chat-model"
completion_model = "{completion_model}"

[providers.work]
type = "openai_compatible"
base_url = "{url}/v1"
api_key = "env:WORK_KEY"

[providers.work.price.chat-model]
input = 1
output = 2

{more}
"""


@dataclass(frozen=True)
class Stage:
    """One person's machine: a project, a home, the environment that programs start in, and the host of their models."""

    project: Path
    home: Path
    environment: dict[str, str]
    host: AimockServer

    def configure(self, path: str, text: str) -> None:
        """Write a file of the person's configuration, such as `nvim/init.lua`."""
        file = Path(self.environment["XDG_CONFIG_HOME"]) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def text(self, path: str = "calc.py") -> str:
        """Return what is saved in a file of the project."""
        return (self.project / path).read_text(encoding="utf-8")

    async def another(self, name: str) -> Path:
        """Make another project beside the first."""
        project = make_project(self.project.parent / name)
        await output(["git", "init", "--quiet"], self.environment, cwd=project)
        return project

    async def coterie(self, *arguments: str) -> str:
        """Run a command of Coterie's in the project, and return what it said."""
        return await output([str(BIN / "coterie"), *arguments], self.environment, cwd=self.project)

    async def server(self) -> psutil.Process:
        """Return the shared server's process."""
        said = re.search(r"running as process (\d+)", status := await self.coterie("daemon", "status"))
        assert said is not None, status
        return psutil.Process(int(said[1]))

    async def told(self, text: str, *arguments: str) -> None:
        """Wait until a command of Coterie's says something. It may fail while the server comes or goes."""
        said = trouble = ""
        try:
            async with asyncio.timeout(BOUND_S):
                while text not in said:  # asking takes long enough
                    try:
                        said = await self.coterie(*arguments)
                    except AssertionError as failure:
                        trouble = str(failure)
        except TimeoutError:
            raise AssertionError(f"waited {BOUND_S:.0f} s for {text!r}; it said {said!r} {trouble}") from None


@asynccontextmanager
async def staged(
    folder: Path, fixtures: Sequence[Mapping[str, Any]], *, more: str = "", completion_model: str = "work/fill-model"
) -> AsyncIterator[Stage]:
    """Build a stage below a folder, with a model host that answers from fixtures; `more` is added to the settings.

    The shared server that an editor started is ended with the stage.
    """
    project, home = make_project(folder / "project"), folder / "home"
    await output(["git", "init", "--quiet"], os.environ, cwd=project)
    coterie_home = home / "coterie"
    coterie_home.mkdir(parents=True)
    # The run-time folder is short because sockets have short names.
    async with aimock(fixtures) as host:
        with tempfile.TemporaryDirectory(prefix="coterie-") as runtime:
            settings = SETTINGS.format(url=host.url, more=more, completion_model=completion_model)
            (coterie_home / "config.toml").write_text(settings, encoding="utf-8")
            environment = {
                # The server is found as a person's editor finds it. Nothing else of this machine gets in, above all no keys.
                "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
                # A question that one story leaves open is not there in the next one's window.
                "COTERIE_DAEMON_RETURN_S": "0",
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "SHELL": "/bin/sh",
                "COTERIE_HOME": str(coterie_home),
                "WORK_KEY": "key-of-the-host",
                "XDG_RUNTIME_DIR": runtime,
                **{f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")},
            }
            stage = Stage(project, home, environment, host)
            try:
                yield stage
            finally:
                await stage.coterie("daemon", "stop")


def documented(page: str, language: str) -> Sequence[str]:
    """Return the fenced blocks in a language of a page in docs/editors."""
    text = (PAGES / page).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert blocks, f"{page} has no {language} block"
    return blocks


def holding(root: Path, text: str) -> Sequence[Path]:
    """Return the files below a folder in which a text stands; what goes meanwhile, as a lock does, holds nothing."""
    found = []
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes():
                    found.append(path)
    return found
