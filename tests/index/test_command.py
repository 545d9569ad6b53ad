"""``coterie index`` as a script uses it: a line for each line, whatever stands in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Write = Callable[[str, str], None]
Commit = Callable[[str], None]
Ask = Callable[[str], list[str]]
COMMAND = (sys.executable, "-m", "coterie")


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "COTERIE_HOME": str(home)}


def coterie(home: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, env=environment(home), capture_output=True, check=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ask(project: Path, home: Path) -> Iterator[Ask]:
    """One process for all questions, which is started with the first."""
    started: list[subprocess.Popen[bytes]] = []

    def asked(query: str) -> list[str]:
        if not started:
            command = [*COMMAND, "index", "rank", str(project)]
            started.append(subprocess.Popen(command, env=environment(home), stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        to, answers = started[0].stdin, started[0].stdout
        assert to is not None
        assert answers is not None
        to.write(json.dumps({"query": query}).encode() + b"\n")
        to.flush()
        files: list[str] = json.loads(answers.readline())["files"]
        return files

    yield asked
    for process in started:
        process.communicate()
        assert process.returncode == 0


def test_each_line_is_answered_with_one(project: Path, home: Path) -> None:
    (project / "pool.py").write_text("sockets = 1\n", encoding="utf-8")
    lines = [
        b'{"query": "sockets"}',
        b"not JSON",
        b"",
        b"[]",
        b'{"query": 1}',
        b'{"question": "sockets"}',
        b'{"query": "\\ud800 sockets"}',
        b'{"query": "\xff sockets"}',
        b"[" * 100_000,
        b'{"query": "nothing of the kind"}',
        b'{"query": "sockets", "more": true}',
    ]
    done = coterie(home, "index", "rank", str(project), stdin=b"\n".join(lines))
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    found = {"files": ["pool.py"]}
    assert [answer if "files" in answer else answer["error"]["code"] for answer in answers] == [
        found,
        *["invalid_params"] * 5,
        found,
        found,
        "invalid_params",
        {"files": []},
        found,
    ]


def test_the_index_is_built_and_brought_up_to_date(project: Path, home: Path) -> None:
    (project / "pool.py").write_text("sockets = 1\n", encoding="utf-8")
    os.utime(project / "pool.py", ns=(0, 0))
    first = coterie(home, "index", "-C", str(project), "--json")
    assert json.loads(first.stdout.splitlines()[-1]) == {"files": 1, "read": 1, "gone": 0}
    (project / "pool.py").unlink()
    second = coterie(home, "index", "-C", str(project))
    assert second.stdout == b"0 files in the index: 0 read, 1 gone\n"
    assert list((home / "cache" / "index").glob("project-*.sqlite"))


def test_a_folder_that_is_not_there_is_said(home: Path, tmp_path: Path) -> None:
    done = coterie(home, "index", "rank", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert done.stderr == f"coterie: There is no folder {tmp_path / 'nowhere'}.\n".encode()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_but_answers_is_on_standard_output(project: Path, home: Path, options: tuple[str, ...]) -> None:
    (project / "pool.py").write_text("sockets = 1\n", encoding="utf-8")
    done = coterie(home, "index", *options, "rank", str(project), stdin=b'{"query": "sockets"}')
    assert (json.loads(done.stdout), done.stderr) == ({"files": ["pool.py"]}, b"indexing 100%\n")


def test_where_no_cache_can_be_written_questions_are_answered_all_the_same(project: Path, home: Path) -> None:
    (project / "pool.py").write_text("sockets = 1\n", encoding="utf-8")
    home.mkdir()
    (home / "cache").touch()
    done = coterie(home, "index", "rank", str(project), stdin=b'{"query": "sockets"}')
    assert (done.returncode, json.loads(done.stdout)) == (0, {"files": ["pool.py"]})
    assert b"the index cannot be kept" in done.stderr


def test_an_answer_is_of_the_commit_that_is_checked_out_then(write: Write, commit: Commit, git: Callable[..., str], ask: Ask) -> None:
    write("pool.py", "sockets = 1\n")
    write("wheel.py", "spokes = 1\n")
    commit("Begin")
    write("wheel.py", "spokes = 2\n")
    write("door.py", "sockets = 1\n")
    commit("Stop flickering of the toolbar")
    git("tag", "later")
    for _ in range(2):
        git("checkout", "-q", "later")
        assert {"door.py", "wheel.py"} <= set(ask("flickering toolbar"))
        git("checkout", "-q", "later^")
        assert ask("flickering toolbar") == ask("nothing of the kind")
        assert set(ask("sockets")) == {"pool.py", "wheel.py"}


def bar(cache: Path) -> None:
    shutil.rmtree(cache)
    cache.touch()


@pytest.mark.parametrize("spoil", [shutil.rmtree, bar])
def test_a_cache_that_goes_away_between_two_questions_is_no_loss(
    project: Path, home: Path, ask: Ask, spoil: Callable[[Path], object]
) -> None:
    (project / "pool.py").write_text("sockets = 1\n", encoding="utf-8")
    assert ask("sockets") == ["pool.py"]
    spoil(home / "cache")
    assert ask("sockets") == ["pool.py"]
