"""Output that cannot be written, a reader that has left, a database that is none: said in a sentence where anybody may read it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def coterie(folder: Path, command: str, *, stdout: int, stderr: int = subprocess.PIPE, unbuffered: str = "") -> tuple[int, bytes | None]:
    """Return the exit status and what was said on standard error."""
    (folder / "pool.py").write_text("sockets = 1\n", encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "COTERIE_HOME": str(folder.parent / "home"), "PYTHONUNBUFFERED": unbuffered}
    line = [sys.executable, "-m", "coterie", *command.split()]
    done = subprocess.run(line, cwd=folder, env=environment, input=b"{}\n", stdout=stdout, stderr=stderr, check=False)
    return done.returncode, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.mark.parametrize(
    ("command", "unbuffered"), [("--help", ""), ("version", ""), ("version", "1"), ("undo --json run_1", ""), ("index --json", "1")]
)
def test_output_that_does_not_fit_on_the_disk_is_a_failure_in_a_sentence(folder: Path, command: str, unbuffered: str) -> None:
    with FULL.open("wb") as full:
        told = coterie(folder, command, stdout=full.fileno(), unbuffered=unbuffered)
    assert told == (1, b"coterie: Standard output cannot be written: No space left on device.\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_where_nothing_can_be_said_the_status_says_it(folder: Path, unbuffered: str) -> None:
    with FULL.open("wb") as full:
        assert coterie(folder, "index", stdout=full.fileno(), stderr=full.fileno(), unbuffered=unbuffered) == (1, None)


@pytest.mark.parametrize("command", ["--help", "predict ."])
def test_a_reader_that_has_left_is_told_nothing(folder: Path, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert coterie(folder, command, stdout=writer) == (1, b"")
    finally:
        os.close(writer)


@pytest.mark.parametrize("command", ["runs", "undo run_1", "ask hello --model box/one"])
def test_a_database_that_is_none_is_said_in_one_sentence(folder: Path, command: str) -> None:
    data = folder.parent / "home" / "data"
    data.mkdir(parents=True)
    (data / "coterie.db").write_bytes(b"0" * 8192)
    (folder.parent / "home" / "config.toml").write_text('[providers.box]\nbase_url = "http://127.0.0.1:1/v1"\n', encoding="utf-8")
    status, said = coterie(folder, command, stdout=subprocess.PIPE)
    assert said is not None
    [line] = said.decode().splitlines()
    assert (status, line.partition(" is no database")[0]) == (1, f"coterie: The database {data / 'coterie.db'}")
