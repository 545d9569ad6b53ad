"""The processes that read files for a build: the same result, whatever becomes of them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.index import facts, readers
from coterie.index.readers import WORTH_IT

Write = Callable[[str, str], None]


def test_many_files_are_read_by_other_processes_with_the_same_result(project: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [f"src/part{number}.py" for number in range(WORTH_IT + 5)]
    for path in paths:
        write(path, f"def {Path(path).stem}(): ...\n")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    read = dict(readers.read_all(str(project), [*paths, "gone.py"]))
    assert read == {path: facts.read(str(project), path) for path in [*paths, "gone.py"]}
    assert read["gone.py"] is None


DYING = """
import os, sys
from coterie.index import facts, readers
def read(folder, path):
    if path.endswith("deadly.py") or (path == "accident.py" and not os.path.exists(folder + "/../happened")):
        open(folder + "/../happened", "w").close()
        os.kill(os.getpid(), 9)
    return facts.read(folder, path)
readers.read = read
readers.serve(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
"""


def test_a_file_that_its_reader_dies_of_costs_no_more_than_itself(project: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ["accident.py", *(f"src/part{number}.py" for number in range(WORTH_IT)), "so/deadly.py"]
    for path in paths:
        write(path, f"def {Path(path).stem}(): ...\n")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(readers, "COMMAND", (sys.executable, "-c", DYING))
    found = dict(readers.read_all(str(project), paths))
    assert list(found) == paths
    assert found.pop("so/deadly.py") == facts.facts("so/deadly.py", b"")
    assert found == {path: facts.read(str(project), path) for path in paths[:-1]}


def test_a_reader_whose_parent_has_died_says_nothing(project: Path, write: Write) -> None:
    write("a.py", "sockets = 1\n")
    unread, answers = os.pipe()
    os.close(unread)
    try:
        reader = subprocess.run([*readers.COMMAND, str(project)], input=b'["a.py"]\n', stdout=answers, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(answers)
    assert (reader.returncode, reader.stderr) == (0, b"")


def test_readers_that_die_of_anything_are_given_up(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(readers, "COMMAND", ("false",))
    with pytest.raises(ChildProcessError, match="status"):
        list(readers.read_all(str(project), [f"part{number}.py" for number in range(WORTH_IT)]))
