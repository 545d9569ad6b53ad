"""Which documents no model is shown unasked."""

from pathlib import Path

import pytest

from coterie.domain.workspace_ports import Folder
from coterie.workspace.privacy import Privacy
from coterie.workspace.workspace import LiveWorkspace


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "credentials" / "project"  # a name above the folder says nothing of what is in it
    (folder / "build").mkdir(parents=True)
    (folder / ".gitignore").write_text("build/\n*.log\n", encoding="utf-8")
    (folder / ".env").write_text("KEY=canary\n", encoding="utf-8")
    (folder / "notes.txt").symlink_to(folder / ".env")
    return folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.py", None),
        ("new/b.py", None),
        (".env", "secret"),
        ("notes.txt", "secret"),
        ("keys/server.pem", "secret"),
        ("build/out.py", "ignored"),
        ("trace.log", "ignored"),
        (".git/COMMIT_EDITMSG", "ignored"),
    ],
)
async def test_names_and_ignore_files_decide(project: Path, name: str, expected: str | None) -> None:
    workspace = LiveWorkspace([Folder(project.as_uri(), "project", str(project))])
    uri = f"{project.as_uri()}/{name}"
    assert await workspace.withheld(uri) == expected
    assert await workspace.withheld(uri.replace("file://", "vscode-notebook-cell://") + "#W0sZmlsZQ%3D%3D") == expected


@pytest.mark.parametrize("line", ["!", "\\", "a\\", "[z-a]"])
async def test_a_line_that_is_no_pattern_leaves_the_others_in_force(project: Path, line: str) -> None:
    (project / ".gitignore").write_text(f"{line}\nbuild/\n", encoding="utf-8")
    workspace = LiveWorkspace([Folder(project.as_uri(), "project", str(project))])
    assert await workspace.withheld(f"{project.as_uri()}/build/out.py") == "ignored"
    assert await workspace.withheld(f"{project.as_uri()}/a.py") is None


async def test_outside_of_every_folder_every_name_counts(project: Path) -> None:
    workspace = LiveWorkspace()
    assert await workspace.withheld(f"{project.as_uri()}/a.py") == "secret"
    assert await workspace.withheld((project.parent.parent / "build" / "a.py").as_uri()) is None
    assert await workspace.withheld("untitled:Untitled-1") is None
    assert await workspace.withheld("untitled:.env") == "secret"
    assert await workspace.withheld("file://[") is None
    assert await workspace.withheld("file://[no/.env") == "secret"


async def test_changed_folders_are_looked_at_anew(project: Path) -> None:
    workspace = LiveWorkspace()
    uri = f"{project.as_uri()}/a.py"
    assert await workspace.withheld(uri) == "secret"
    workspace.set_folders([Folder(project.as_uri(), "project", str(project))])
    assert await workspace.withheld(uri) is None


async def test_a_file_that_has_just_been_ignored_is_kept_back(project: Path) -> None:
    now = 0.0
    privacy = Privacy(lambda: now)
    uri, roots = f"{project.as_uri()}/a.py", frozenset({str(project)})
    assert await privacy.withheld(uri, roots) is None
    (project / ".coterieignore").write_text("a.py\n", encoding="utf-8")
    now = 2.0
    assert await privacy.withheld(uri, roots) == "ignored"


def test_a_part_of_a_file_is_no_file(project: Path) -> None:
    documents = LiveWorkspace([Folder(project.as_uri(), "project", str(project))]).documents
    documents.did_open(f"{project.as_uri()}/a.ipynb#cell1", 1, "x = 1\n", "python")
    assert documents.files() == ()
