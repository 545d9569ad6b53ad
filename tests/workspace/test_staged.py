"""What git is asked about a commit: nothing that a repository names is started, and nothing that git remarks is taken for a file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from coterie.base.errors import RequestError
from coterie.workspace.staged import repository


def git(folder: Path, *words: str) -> None:
    """Run git as nobody in particular."""
    own = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True)


def staged(folder: Path, *, commit: bool = True) -> Path:
    """Make a repository of one file."""
    folder.mkdir()
    (folder / "a.txt").write_text("one\n", encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    if commit:
        git(folder, "commit", "-q", "-m", "begin")
    return folder


@pytest.mark.parametrize("is_staged", [True, False])
def test_a_repository_inside_starts_no_program(tmp_path: Path, is_staged: bool) -> None:  # noqa: FBT001 - pytest names it
    inner, outer, trace = staged(tmp_path / "inner"), staged(tmp_path / "outer"), tmp_path / "trace"
    git(outer, "submodule", "add", str(inner), "sub")
    git(outer, "commit", "-q", "-m", "sub")
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch '{trace}'\n", encoding="utf-8")
    evil.chmod(0o755)
    git(outer / "sub", "config", "diff.external", str(evil))
    (outer / "sub" / "a.txt").write_text("two\n", encoding="utf-8")
    git(outer / "sub", "commit", "-q", "-a", "-m", "mend")
    git(outer, "config", "diff.submodule", "diff")
    git(outer, "add", "sub")
    found = repository(str(outer), staged=is_staged)
    assert found.paths() == ("sub",)
    assert "Subproject commit" in found.differences(("sub",))
    assert not trace.exists()


def test_what_git_remarks_is_no_file(tmp_path: Path) -> None:
    folder = staged(tmp_path / "project")
    git(folder, "config", "core.autocrlf", "true")
    (folder / "a.txt").write_text("two\n", encoding="utf-8")
    assert repository(str(folder), staged=False).paths() == ("a.txt",)


@pytest.mark.parametrize("is_staged", [True, False])
def test_all_is_new_before_the_first_commit(tmp_path: Path, is_staged: bool) -> None:  # noqa: FBT001 - pytest names it
    found = repository(str(staged(tmp_path / "project", commit=False)), staged=is_staged)
    assert found.paths() == ("a.txt",)
    assert "+one" in found.differences(("a.txt",))


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RequestError) as refused:
        repository(str(tmp_path / "file"), staged=True)
    assert refused.value.code == "no_git"
