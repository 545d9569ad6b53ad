"""A small project with a history, and its index."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coterie.index.folder import FolderIndex

Write = Callable[[str, str], None]
Commit = Callable[[str], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def write(project: Path) -> Write:
    def put(path: str, text: str) -> None:
        place = project / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    return put


@pytest.fixture
def git(project: Path) -> Callable[..., str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(project.parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def run(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=project, env=environment, check=True, capture_output=True, text=True).stdout

    run("init", "-q")
    return run


@pytest.fixture
def commit(git: Callable[..., str]) -> Commit:
    def do(message: str) -> None:
        git("add", "-A")
        git("commit", "-q", "--allow-empty", "-m", message)

    return do


@pytest.fixture
def caches(tmp_path: Path) -> Path:
    return tmp_path / "caches"


@pytest.fixture
def index(project: Path, caches: Path) -> Iterator[FolderIndex]:
    opened = FolderIndex(str(project), caches)
    yield opened
    opened.close()
