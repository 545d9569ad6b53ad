"""What stands around an editor under test: a project, a home with settings that point at a model host, and the documented configurations.

An editor is set up by what its page in `docs/editors` says and by nothing else: `documented` takes the fenced blocks out of the page, so
that a page which does not work fails its test.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from repository import ROOT
from served import BROKEN, make_project

EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
"""What an agent that mends the project gives to `edit_file`."""
PAGES = ROOT / "docs" / "editors"
SETTINGS = """
model = "work/chat-model"
completion_model = "work/fill-model"

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
    """One person's machine: a project, a home, and the environment that programs start in."""

    project: Path
    home: Path
    environment: dict[str, str]

    def configure(self, path: str, text: str) -> None:
        """Write a file of the person's configuration, such as `nvim/init.lua`."""
        file = Path(self.environment["XDG_CONFIG_HOME"]) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def text(self, path: str = "calc.py") -> str:
        """Return what is saved in a file of the project."""
        return (self.project / path).read_text(encoding="utf-8")


def build(folder: Path, url: str, *, more: str = "") -> Stage:
    """Build a stage below a folder, with the model host at `url`; `more` is added to the settings."""
    project, home = make_project(folder / "project"), folder / "home"
    assert BROKEN in (project / "calc.py").read_text(encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True, stdin=subprocess.DEVNULL)
    coterie_home = home / "coterie"
    coterie_home.mkdir(parents=True)
    (coterie_home / "config.toml").write_text(SETTINGS.format(url=url, more=more), encoding="utf-8")
    environment = {
        # The server is found as a person's editor finds it. Nothing else of this machine's environment gets in, above all no keys.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "SHELL": "/bin/sh",
        "COTERIE_HOME": str(coterie_home),
        "WORK_KEY": "key-of-the-host",
        **{f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    return Stage(project, home, environment)


def documented(page: str, language: str) -> Sequence[str]:
    """Return the fenced blocks in a language of a page in docs/editors."""
    text = (PAGES / page).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert blocks, f"{page} has no {language} block"
    return blocks
