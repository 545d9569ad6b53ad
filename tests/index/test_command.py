"""``coterie index`` as a script uses it: a line for each line, whatever stands in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def coterie(home: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "COTERIE_HOME": str(home)}
    return subprocess.run([sys.executable, "-m", "coterie", *arguments], input=stdin, env=environment, capture_output=True, check=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


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
    assert b"there is no folder" in done.stderr


def test_where_no_cache_can_be_written_questions_are_answered_all_the_same(project: Path, home: Path) -> None:
    (project / "pool.py").write_text("sockets = 1\n", encoding="utf-8")
    home.mkdir()
    (home / "cache").touch()
    done = coterie(home, "index", "rank", str(project), stdin=b'{"query": "sockets"}')
    assert (done.returncode, json.loads(done.stdout)) == (0, {"files": ["pool.py"]})
    assert b"the index cannot be kept" in done.stderr
