"""Following a folder without listing it: what has changed is seen, what has not costs nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.domain.retrieval import Question
from coterie.index import sight
from coterie.index.folder import FolderIndex
from coterie.workspace.walk import list_tree

Write = Callable[[str, str], None]
Commit = Callable[[str], None]
Git = Callable[..., str]


def okapis(index: FolderIndex) -> list[str]:
    return sorted(index.paths(Question(text="okapi")))


def make(project: Path) -> None:
    (project / "new").mkdir()
    (project / "new/okapi.py").write_text("okapi = 1\n", encoding="utf-8")


@pytest.fixture
def tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Take what is there for old; what is returned waits until the file system's clock goes on, so that what is done then can be told."""
    monkeypatch.setattr(sight, "TOO_FRESH_NS", -(10**18))
    clock = tmp_path / "clock"

    def now() -> int:
        clock.write_bytes(b"")
        return clock.stat().st_ctime_ns

    def wait() -> None:
        before = now()
        while now() == before:
            pass

    return wait


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (make, ["new/okapi.py", "src/zebra.py"]),
        (lambda project: (project / "src").rename(project / "lib"), ["lib/zebra.py"]),
        (lambda project: shutil.rmtree(project / "src"), []),
        (lambda project: (project / "src/zebra.py").write_text("gnu_s = 1\n", encoding="utf-8"), []),
        (lambda project: (project / ".ignore").write_text("zebra.py\n", encoding="utf-8"), []),
        (lambda project: (project / "src/.gitignore").write_text("", encoding="utf-8"), ["src/horse.py", "src/zebra.py"]),
        (lambda project: (project / ".git/info/exclude").write_text("/src/z*\n", encoding="utf-8"), []),
        (lambda project: (project / "tests/.gitignore").unlink(), ["src/zebra.py", "tests/zebra.py"]),
        (Path.exists, ["src/zebra.py"]),
    ],
    ids=["made", "moved", "taken away", "written at the same size", "ignored", "allowed", "excluded", "rules gone", "nothing"],
)
def test_whoever_follows_a_folder_has_what_is_there_now(
    write: Write, index: FolderIndex, tick: Callable[[], None], change: Callable[[Path], object], found: list[str]
) -> None:
    for path in ("src/zebra.py", "src/horse.py", "tests/zebra.py"):
        write(path, "okapi = 1\n")
    write("src/.gitignore", "horse.py\n.gitignore\n")
    write("tests/.gitignore", "*\n")
    write(".ignore", "\n.ignore\n")
    write(".git/info/exclude", "# nothing\n")
    index.follow()
    assert okapis(index) == ["src/zebra.py"]
    tick()
    change(Path(index.folder))
    index.follow()
    assert okapis(index) == found


@pytest.mark.parametrize("place", [".", "../worktree", "lib"], ids=["checkout", "worktree", "below the top"])
def test_what_git_tracks_and_excludes_is_followed(project: Path, caches: Path, git: Git, tick: Callable[[], None], place: str) -> None:
    (project / "lib").mkdir()
    (project / "lib/.gitignore").write_text("zebra.py\n", encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "Begin")
    git("worktree", "add", "-q", "../worktree")
    folder = (project / place).resolve()
    file, own = "zebra.py" if place == "lib" else "lib/zebra.py", "own.py"
    for path in (file, own):
        (folder / path).write_text("okapi = 1\n", encoding="utf-8")
    index = FolderIndex(str(folder), caches)
    try:
        for words, found in (("status", {own}), ("add --force", {file, own}), ("rm -q --cached", {own})):
            git("-C", str(folder), *words.split(), file)
            index.follow()
            assert {file, own} & set(okapis(index)) == found
            tick()
        (project / ".git/info/exclude").write_text("own.py\n", encoding="utf-8")
        index.follow()
        assert (own in okapis(index)) == (place == "lib"), "what is said above a folder does not count"
    finally:
        index.close()


@pytest.mark.usefixtures("tick")
def test_a_folder_that_stays_as_it_is_is_not_listed_again(
    write: Write, commit: Commit, index: FolderIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("src/zebra.py", "okapi = 1\n")
    commit("Begin")
    index.follow()
    monkeypatch.setattr(index, "refresh", None)
    index.follow()


@pytest.mark.parametrize("prepared", ["", "pack-refs --all", "checkout -q --detach"], ids=["loose", "packed", "detached"])
@pytest.mark.parametrize("place", [".", "../worktree"], ids=["checkout", "worktree"])
@pytest.mark.usefixtures("tick")
def test_a_commit_that_changes_no_file_is_followed(project: Path, caches: Path, git: Git, prepared: str, place: str) -> None:
    folder = (project / place).resolve()
    (project / "pool.py").touch()
    git("add", "pool.py")
    git("commit", "-q", "-m", "Paint the giraffe")
    git("config", "core.logAllRefUpdates", "false")
    git("worktree", "add", "-q", "../worktree")
    git("-C", str(folder), *(prepared or "status").split())
    index = FolderIndex(str(folder), caches)
    try:
        for animal in ("rhino", "gnu"):
            index.follow()
            assert index.commits == (git("-C", str(folder), "rev-parse", "HEAD").strip(),)
            git("-C", str(folder), "commit", "-q", "--amend", "-m", f"Paint the {animal}")
        index.follow()
        assert index.commits == (git("-C", str(folder), "rev-parse", "HEAD").strip(),)
    finally:
        index.close()


@pytest.mark.parametrize(("begun_ns", "is_sure"), [(0, False), (10**19, True)], ids=["changed since", "all older"])
def test_what_changed_while_it_was_looked_at_is_looked_at_once_more(project: Path, write: Write, begun_ns: int, is_sure: bool) -> None:  # noqa: FBT001 - a row of the table
    write("src/zebra.py", "okapi = 1\n")
    assert sight.sight(str(project), list_tree(str(project)), begun_ns).is_current is is_sure
