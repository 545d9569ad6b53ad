"""A workspace on a temporary folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.domain.workspace_ports import Folder
from coterie.workspace.workspace import LiveWorkspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(root: Path) -> Folder:
    return Folder(uri=root.as_uri(), name="project", absolute=str(root))


@pytest.fixture
def workspace(folder: Folder) -> LiveWorkspace:
    return LiveWorkspace([folder])


@pytest.fixture
def write(root: Path) -> Callable[[str, str], Path]:
    """Return what writes a file of the project exactly."""

    def write_text(path: str, text: str) -> Path:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    return write_text
