"""The index of a folder: what is found and why, what a change changes, and what it survives."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.domain.retrieval import Question
from coterie.index.build import Refreshed
from coterie.index.cache import VERSION
from coterie.index.facts import MAX_BYTES
from coterie.index.folder import FolderIndex, cache_file
from coterie.index.forest import Forest, learned_forest
from coterie.index.snapshot import load

Write = Callable[[str, str], None]
Commit = Callable[[str], None]
FILLER = {f"src/part{number}.py": f"def unrelated_{number}():\n    return {number}\n" for number in range(12)}


@pytest.fixture
def filled(write: Write) -> None:
    for path, text in FILLER.items():
        write(path, text)


def rank(index: FolderIndex, query: str, limit: int) -> list[str]:
    return [found.path for found in index.ask(Question(text=query, limit=limit))]


def check_first(index: FolderIndex, query: str, path: str) -> None:
    index.refresh()
    assert rank(index, query, 5)[:1] == [path]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("path", "text", "query"),
    [
        ("src/pool.py", "# Keeps idle sockets open.\n", "Sockets stay open when idle"),
        ("src/pool.py", "def closeIdleSocket(): ...\n", "close idle sockets"),
        ("src/pool.py", "x = 1\n", "The pool leaks"),
        ("src/pool.py", "x = 1\n", "see src/pool.py:12"),
        ("lib/Größe.java", "class Größe {}\n", "größe"),
        ("Makefile", "lint:\n\truff check\n", "run ruff in make lint"),
    ],
    ids=["text", "names", "path", "spelled path", "other scripts", "no language"],
)
def test_a_file_is_found_by(write: Write, index: FolderIndex, path: str, text: str, query: str) -> None:
    write(path, text)
    check_first(index, query, path)


@pytest.mark.usefixtures("filled")
def test_what_defines_a_name_comes_before_what_uses_it(write: Write, index: FolderIndex) -> None:
    write("src/user.py", "import door\n" + "door.open_door()\n" * 4)
    write("src/house.py", "def open_door():\n    pass\n")
    check_first(index, "open_door hangs", "src/house.py")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("query", "first"), [("sockets leak", "src/pool.py"), ("add a test that sockets leak", "tests/test_pool.py")])
def test_code_comes_before_its_tests_unless_they_are_asked_for(write: Write, index: FolderIndex, query: str, first: str) -> None:
    write("src/pool.py", "sockets = leak()\nnumbers = 1\n")
    write("tests/test_pool.py", "sockets = leak()\ntest = 1\n")
    check_first(index, query, first)


@pytest.mark.usefixtures("filled")
def test_past_commits_that_said_the_same_vote_for_what_they_touched(write: Write, commit: Commit, index: FolderIndex) -> None:
    commit("Begin")
    write("src/part7.py", "def unrelated_7():\n    return 8\n")
    commit("Stop flickering of the toolbar")
    for number in (1, 2, 3):
        write(f"src/part{number}.py", f"def unrelated_{number}():\n    return -1\n")
        commit(f"Tidy drawer {number}")
    check_first(index, "The toolbar is flickering again", "src/part7.py")


@pytest.mark.usefixtures("filled")
def test_files_that_change_together_are_found_together(write: Write, commit: Commit, index: FolderIndex) -> None:
    commit("Begin")
    write("src/pool.py", "sockets = 1\n")
    for turn in range(5):
        write("src/pool.py", f"sockets = {turn}\n")
        write("src/part9.py", f"def unrelated_9():\n    return {-turn}\n")
        commit(f"Turn {turn}")
        write("src/part8.py", f"def unrelated_8():\n    return {-turn}\n")
        commit(f"Another {turn}")
    write("NOTES.md", "What the very last commit touched is likely by itself.\n")
    commit("Take notes")
    index.refresh()
    assert rank(index, "sockets", 2) == ["src/pool.py", "src/part9.py"]


@pytest.mark.usefixtures("filled")
def test_a_checkout_of_the_past_knows_nothing_of_what_came_later(
    write: Write, commit: Commit, git: Callable[..., str], index: FolderIndex
) -> None:
    commit("Begin")
    write("src/part7.py", "def unrelated_7():\n    return 8\n")
    commit("Stop flickering of the toolbar")
    check_first(index, "flickering toolbar", "src/part7.py")
    git("checkout", "-q", "HEAD^")
    index.refresh()
    assert index._snapshot().history.said.get("toolb") is None
    assert rank(index, "flickering toolbar", 1) != ["src/part7.py"]


@pytest.mark.usefixtures("filled")
def test_only_what_has_changed_is_read(write: Write, project: Path, index: FolderIndex) -> None:
    for path in FILLER:
        os.utime(project / path, ns=(0, 0))
    assert index.refresh().read == len(FILLER)
    # What was written just now may be written again within the clock's tick, so it is looked at once more.
    index.refresh()
    write("src/part1.py", "def sockets(): ...\n")
    (project / "src/part2.py").unlink()
    (project / "src/part3.py").rename(project / "src/renamed.py")
    done = index.refresh()
    assert (done.files, done.gone) == (len(FILLER) - 1, 2)
    assert rank(index, "sockets", 1) == ["src/part1.py"]
    assert rank(index, "unrelated_1", 3) != ["src/part1.py"]
    assert rank(index, "unrelated_2", 50).count("src/part2.py") == 0
    assert rank(index, "unrelated_3", 1) == ["src/renamed.py"]


@pytest.mark.usefixtures("filled")
def test_the_same_index_comes_of_changes_and_of_a_new_beginning(write: Write, project: Path, index: FolderIndex, tmp_path: Path) -> None:
    index.refresh()
    write("src/part1.py", "def sockets(): ...\n")
    (project / "src/part2.py").unlink()
    index.refresh()
    fresh = FolderIndex(str(project), tmp_path / "other")
    fresh.refresh()
    try:
        for query in ("sockets", "unrelated_1", "unrelated 2 part", "src/part4.py"):
            assert rank(index, query, 50) == rank(fresh, query, 50)
    finally:
        fresh.close()


@pytest.mark.parametrize("path", [".env", "id_rsa", "ignored/x.py", "node_modules/x.js", "logo.png", "own.txt", "deep/.git/x"])
def test_what_is_private_ignored_or_no_text_is_not_indexed(write: Write, index: FolderIndex, path: str) -> None:
    write(".gitignore", "ignored/\n")
    write(".coterieignore", "own.txt\n")
    write(path, "sockets")
    index.refresh()
    assert path not in rank(index, "sockets", 50)


@pytest.mark.parametrize("text", ["x" * 6_000 + " sockets", "sockets\n" * (MAX_BYTES // 8 + 1)], ids=["minified", "huge"])
def test_of_what_nobody_wrote_only_the_name_is_indexed(write: Write, index: FolderIndex, text: str) -> None:
    write("assets/bundle.js", text)
    index.refresh()
    assert rank(index, "sockets", 5) == []
    assert rank(index, "bundle", 5) == ["assets/bundle.js"]


def test_names_that_are_no_text_are_left_out(write: Write, project: Path, index: FolderIndex) -> None:
    write("a.py", "sockets = 1\n")
    (project / os.fsdecode(b"b\xff.py")).write_text("sockets = 1\n", encoding="utf-8")
    write("c\nd.py", "sockets = 1\n")
    index.refresh()
    assert set(rank(index, "sockets", 5)) == {"a.py", "c\nd.py"}


@pytest.mark.usefixtures("filled")
def test_trees_are_chosen_by_the_commits_that_are_remembered(
    write: Write, commit: Commit, index: FolderIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[int] = []

    def choose(commits: int) -> Forest:
        chosen.append(commits)
        return learned_forest(commits)

    monkeypatch.setattr("coterie.index.folder.learned_forest", choose)
    rank(index, "door", 1)
    for number in range(3):
        write("src/door.py", f"door = {number}\n")
        commit(f"Door {number}")
    index.refresh()
    rank(index, "door", 1)
    assert chosen == [0, 3]


def test_an_empty_folder_answers_too(index: FolderIndex) -> None:
    assert index.refresh() == Refreshed(files=0, read=0, gone=0, folders=(".",))
    assert rank(index, "anything", 5) == []


KILLED = """
import os, sys
from coterie.index import build, cache
from coterie.index.folder import FolderIndex
def die(*_): os.kill(os.getpid(), 9)
index = FolderIndex(sys.argv[1], __import__("pathlib").Path(sys.argv[2]))
build._BATCH = 3
moment = sys.argv[3]
if moment == "between batches":
    index.refresh(lambda done, all: die() if done == 7 else None)
elif moment == "within a batch":
    cache.Cache._merge = die
else:
    build.refresh_history = die
    from coterie.index import folder
    folder.refresh_history = die
index.refresh()
"""


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("moment", ["between batches", "within a batch", "before the history"])
def test_a_build_that_is_killed_is_gone_on_with(project: Path, caches: Path, moment: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(project), str(caches), moment], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    index = FolderIndex(str(project), caches)
    try:
        index.refresh()
        assert [rank(index, f"unrelated_{number}", 1) for number in range(12)] == [[f"src/part{number}.py"] for number in range(12)]
    finally:
        index.close()


def test_two_processes_share_one_cache(write: Write, project: Path, caches: Path, index: FolderIndex) -> None:
    write("a.py", "sockets = 1\n")
    index.refresh()
    assert rank(index, "sockets", 5) == ["a.py"]
    other = FolderIndex(str(project), caches)
    write("b.py", "sockets = 1\nsockets = 2\n")
    other.refresh()
    other.close()
    assert sorted(rank(index, "sockets", 5)) == ["a.py", "b.py"]


def test_what_another_version_keeps_is_left_alone_until_it_was_not_used_for_long(project: Path, caches: Path) -> None:
    ours = cache_file(caches, str(project))
    prefix = ours.name.removesuffix(f"{VERSION}.sqlite")
    assert ours.name == f"{prefix}{VERSION}.sqlite", "a server of another version has another file"
    ours.parent.mkdir(parents=True)
    used, unused, foreign = (ours.with_name(name) for name in (f"{prefix}0.sqlite", f"{prefix}sqlite-wal", f"other-{prefix}0.sqlite"))
    for file in (used, unused, foreign):
        file.write_bytes(b"")
    for file in (unused, foreign):
        os.utime(file, (0, 0))
    FolderIndex(str(project), caches).close()
    assert (used.exists(), unused.exists(), foreign.exists(), ours.exists()) == (True, False, True, True)


def test_the_cache_is_nobody_elses_business(index: FolderIndex, project: Path, caches: Path) -> None:
    index.refresh()
    assert cache_file(caches, str(project)).stat().st_mode & 0o077 == 0


def save(index: FolderIndex, project: Path, path: str, text: str) -> None:
    (project / path).write_text(text, encoding="utf-8")
    index.refresh_file(path)


def save_away(index: FolderIndex, project: Path, path: str, text: str) -> None:
    (project / path).unlink()
    index.refresh_file(path)
    save(index, project, path, text)


def save_anew(index: FolderIndex, project: Path, path: str, text: str) -> None:
    index._cache.discard()
    (project / path).write_text(text, encoding="utf-8")
    index.refresh()


@pytest.mark.parametrize("change", [save, save_away, save_anew], ids=["saved", "gone and there again", "in a cache that is built again"])
@pytest.mark.parametrize(
    ("path", "text"),
    [("door.py", "import window\n"), ("house.py", "import window\n" * 9), ("house.py", "")],
    ids=["an import more", "another import", "nothing"],
)
def test_what_is_taken_over_from_an_earlier_state_is_what_a_new_one_holds(
    project: Path, index: FolderIndex, change: Callable[..., None], path: str, text: str
) -> None:
    for name, body in {"door.py": "width = 1\n", "window.py": "panes = 4\n", "house.py": "import door\n"}.items():
        (project / name).write_text(body, encoding="utf-8")
    index.refresh()
    index._snapshot()
    for saved in (text, f"{text}roof = 1\n"):
        change(index, project, path, saved)
        with index._cache.reading():
            assert index._snapshot() == load(index._cache, index.commits)
