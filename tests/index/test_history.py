"""What is read of git's commits, whatever stands in their messages and names."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.index.history import MOST_PATHS, reachable, read
from coterie.index.known import PastCommit

Write = Callable[[str, str], None]
Commit = Callable[[str], None]
Git = Callable[..., str]


def past(project: Path) -> list[PastCommit]:
    """Return the commits, the oldest first."""
    shas = reachable(str(project))
    commits = read(str(project), shas)
    assert commits.keys() == set(shas)
    return [commits[sha] for sha in reversed(shas)]


@pytest.mark.parametrize("message", ["Zeppelin", "Zeppelin \x1e \x1f", "Zeppelin\n\n\x1e\n\x1f\n\x1f"])
@pytest.mark.parametrize("name", ["a.py", "\na.py", "\x1ea\x1f.py", "4" * 40])
def test_each_commit_is_read_whatever_it_says_and_touches(project: Path, write: Write, commit: Commit, message: str, name: str) -> None:
    write(name, "one\n")
    write("z.py", "one\n")
    commit(message)
    commit("Gnu")
    write(name, "two\n")
    commit("Balloon")
    assert past(project) == [PastCommit(("zeppelin",), (name, "z.py")), PastCommit(("gnu",), ()), PastCommit(("balloon",), (name,))]


def test_a_commit_without_words_is_read(project: Path, write: Write, git: Git, commit: Commit) -> None:
    for text in ("one\n", "two\n"):
        write("a.py", text)
        git("add", "a.py")
        git("commit", "-q", "--allow-empty-message", "-m", "")
    git("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
    write("a.py", "three\n")
    commit("Balloon")
    assert past(project) == [PastCommit((), ("a.py",))] * 2 + [PastCommit((), ()), PastCommit(("balloon",), ("a.py",))]


def test_a_commit_that_touches_many_files_says_nothing(project: Path, write: Write, commit: Commit) -> None:
    for number in range(MOST_PATHS + 1):
        write(f"part{number}.py", "")
    commit("Mend everything")
    write("a.py", "")
    commit("Balloon")
    assert past(project) == [PastCommit(), PastCommit(("balloon",), ("a.py",))]


def test_an_encoding_that_a_repository_wants_for_its_log_changes_nothing(project: Path, write: Write, git: Git, commit: Commit) -> None:
    git("config", "i18n.logOutputEncoding", "UTF-16LE")
    write("a.py", "one\n")
    commit("Balloon")
    assert past(project) == [PastCommit(("balloon",), ("a.py",))]
