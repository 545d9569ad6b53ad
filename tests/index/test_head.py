"""Where HEAD of a folder is written down, of which `sight` and `watcher` do the rest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.index.head import Head, head

Git = Callable[..., str]
SHARED = {"packed-refs", "shallow", "reftable/tables.list"}


def places(of: Head, git: Path) -> tuple[set[str], set[str]]:
    """Return files and folders, from the repository's folder of git's."""
    files, folders = ({str(Path(place).relative_to(git)) for place in found} for found in (of.files, of.folders))
    return files, folders


@pytest.mark.parametrize("folder", ["project", "project/inside"])
def test_it_is_found_of_folders_in_a_repository(project: Path, git: Git, folder: str) -> None:
    (project / "inside").mkdir()
    git("checkout", "-q", "-b", "deep/branch")
    found = head(str(project.parent / folder))
    assert places(found, project / ".git") == (
        {"HEAD", "refs/heads/deep/branch", *SHARED},
        {".", "refs", "refs/heads", "refs/heads/deep", "reftable"},
    )


def test_it_is_found_of_worktrees(project: Path, git: Git, commit: Callable[[str], None]) -> None:
    commit("Begin")
    git("worktree", "add", "-q", "-b", "other", "../tree")
    own = "worktrees/tree"
    found = places(head(str(project.parent / "tree")), project / ".git")
    assert found == (
        {f"{own}/HEAD", f"{own}/reftable/tables.list", "refs/heads/other", *SHARED},
        {".", own, f"{own}/reftable", "refs", "refs/heads", "reftable"},
    )


def test_a_commit_that_is_checked_out_is_no_file(project: Path, git: Git, commit: Callable[[str], None]) -> None:
    commit("Begin")
    git("checkout", "-q", "--detach")
    assert places(head(str(project)), project / ".git") == ({"HEAD", *SHARED}, {".", "reftable"})


def test_without_a_repository_there_is_none(project: Path) -> None:
    (project / ".git").write_bytes(b"\xff")
    assert head(str(project)) == Head()
