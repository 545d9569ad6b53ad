"""The index in its process: questions while it builds, saved files, its deaths, and its end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from coterie.base.errors import RequestError
from coterie.domain.retrieval import BuildNews, Question, Ranking
from coterie.index.client import COMMAND, IndexProcess
from coterie.index.folder import FolderIndex, cache_file

Write = Callable[[str, str], None]
PATIENCE_S = 60


@pytest.fixture
async def client(caches: Path) -> AsyncIterator[IndexProcess]:
    process = IndexProcess(caches)
    yield process
    await process.aclose()


async def eventually(client: IndexProcess, folder: Path, query: str, paths: list[str]) -> Ranking:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await client.rank(str(folder), Question(text=query))
            if sorted(found.path for found in answer.found) == sorted(paths):
                return answer
            await asyncio.sleep(0)


async def test_what_is_found_has_a_place_reasons_and_a_price(client: IndexProcess, project: Path, write: Write) -> None:
    write("src/pool.py", "import os\n\n\ndef idle_sockets():\n    return 1\n")
    client.watch(str(project))
    await client.settled()
    (found,) = (await client.rank(str(project), Question(text="idle sockets in the pool"))).found
    assert (found.path, found.lines) == ("src/pool.py", (4, 5))
    assert set(found.reasons) == {"its text matches", "it defines matching names", "its path matches"}
    assert found.tokens == len("import os\n\n\ndef idle_sockets():\n    return 1\n") // 4


async def test_a_definition_is_found_by_a_part_of_its_name(client: IndexProcess, project: Path, write: Write) -> None:
    write("a.py", "class SocketPool: ...\ndef pool(): ...\n")
    write("b.go", "package b\nfunc Pool_() {}\n")
    client.watch(str(project))
    await client.settled()
    found = (await client.definitions(str(project), "POOL", 10)).found
    assert [(each.path, each.name, each.kind, each.line) for each in found] == [
        ("a.py", "pool", "function", 2),
        ("b.go", "Pool_", "function", 2),
        ("a.py", "SocketPool", "class", 1),
    ]
    assert [each.name for each in (await client.definitions(str(project), "pool_", 10)).found] == ["Pool_"]
    assert (await client.definitions(str(project), "%", 10)).found == ()


async def test_the_files_that_use_a_name_are_told(client: IndexProcess, project: Path, write: Write) -> None:
    write("a.py", "def open_pool(): ...\n")
    write("b.py", "import a\na.open_pool()\n")
    write("c.py", "# open_pool is not called here, and open and pool are other names\nopen(pool())\n")
    client.watch(str(project))
    await client.settled()
    assert (await client.definitions(str(project), "open_pool", 10)).used_in == ("b.py",)


async def test_what_was_saved_made_or_taken_away_is_noted(client: IndexProcess, project: Path, write: Write) -> None:
    write("a.py", "sockets = 1\n")
    client.watch(str(project))
    await client.settled()
    write("a.py", "numbers = 1\n")
    write("b.py", "sockets = 1\n")
    write(".env", "sockets = 1\n")
    client.saved(str(project), ["a.py", "b.py", ".env", "never/was.py"])
    await client.settled()
    await eventually(client, project, "sockets", ["b.py"])
    (project / "b.py").unlink()
    client.saved(str(project), ["b.py"])
    await eventually(client, project, "sockets", [])
    await eventually(client, project, "numbers", ["a.py"])


async def test_what_the_person_has_open_comes_first_among_equals(client: IndexProcess, project: Path, write: Write) -> None:
    for name in "abc":
        write(f"{name}.py", f"sockets = 1\n{name * 3} = 1\n")
    client.watch(str(project))
    await client.settled()
    for path in ("a.py", "b.py", "c.py"):
        answer = await client.rank(str(project), Question(text="sockets", opened=(path,)))
        assert answer.found[0].path == path
    answer = await client.rank(str(project), Question(text="sockets", opened=("a.py",), failing=("b.py",)))
    assert answer.found[0].path == "b.py"


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Put a git first on PATH that waits; return what lets it end."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\nread -r _ < '{gate}'\n", encoding="utf-8")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")

    def open_it() -> None:
        gate.write_text("go on\n", encoding="utf-8")  # waits until somebody reads

    return open_it


async def test_questions_wait_for_no_build_and_their_answers_say_so(
    client: IndexProcess, project: Path, write: Write, gate: Callable[[], None]
) -> None:
    for number in range(3):
        write(f"src/part{number}.py", f"sockets = {number}\n")
    client.watch(str(project))
    answer = await eventually(client, project, "sockets", [f"src/part{number}.py" for number in range(3)])
    assert not answer.complete
    await asyncio.to_thread(gate)
    await client.settled()
    assert (await client.rank(str(project), Question(text="sockets"))).complete


async def test_a_build_says_how_far_it_is(project: Path, caches: Path, write: Write) -> None:
    for number in range(3):
        write(f"src/part{number}.py", f"sockets = {number}\n")
    told: list[BuildNews] = []
    client = IndexProcess(caches)
    leave = client.listen(told.append)
    await client.refresh(str(project))
    assert told[-1] == BuildNews(folder=str(project), done=3, files=3, complete=True)
    leave()
    before = len(told)
    await client.refresh(str(project))
    await client.aclose()
    assert len(told) == before


def _niceness(task: Path) -> int:
    return int((task / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[16])


async def test_builds_step_back_behind_other_work_and_questions_do_not(client: IndexProcess, project: Path) -> None:
    await client.refresh(str(project))
    tasks = {int(each.name): _niceness(each) for each in Path(f"/proc/{client.pid}/task").iterdir()}
    assert client.pid is not None
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert tasks.pop(client.pid) == own
    assert max(tasks.values()) == min(own + 5, 19)


async def test_a_child_that_is_killed_is_replaced_and_knows_what_the_old_one_knew(
    client: IndexProcess, project: Path, write: Write
) -> None:
    write("a.py", "sockets = 1\n")
    client.watch(str(project))
    await client.settled()
    for _ in range(3):
        killed = client.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        write("b.py", "sockets = 1\n")
        await eventually(client, project, "sockets", ["a.py", "b.py"])
        assert client.pid != killed


async def test_the_child_gets_no_key_of_the_environment(caches: Path, project: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORK_API_KEY", "sesame")
    write("a.py", "sockets = 1\n")
    client = IndexProcess(caches)
    try:
        client.watch(str(project))
        await client.settled()
        assert client.pid is not None
        assert "sesame" not in psutil.Process(client.pid).environ().values()
    finally:
        await client.aclose()


async def test_a_cache_that_was_replaced_is_looked_at_anew(client: IndexProcess, project: Path, caches: Path, write: Write) -> None:
    write("a.py", "sockets = 1\n")
    client.watch(str(project))
    await client.settled()
    await eventually(client, project, "sockets", ["a.py"])
    # Another server has found it damaged, and begun anew.
    for suffix in ("", "-wal", "-shm"):
        Path(f"{cache_file(caches, str(project))}{suffix}").unlink(missing_ok=True)
    other = FolderIndex(str(project), caches)
    write("b.py", "sockets = 1\n")
    other.refresh()
    other.close()
    await eventually(client, project, "sockets", ["a.py", "b.py"])


async def test_a_child_that_cannot_live_is_said_to_be_missing(caches: Path, project: Path) -> None:
    client = IndexProcess(caches, command=(sys.executable, "-c", "raise SystemExit(7)"))
    with pytest.raises(RequestError, match="status 7") as refused:
        await client.rank(str(project), Question(text="sockets"))
    assert refused.value.code == "index_unavailable"
    await client.aclose()


async def test_a_folder_that_is_not_there_has_an_empty_index(client: IndexProcess, tmp_path: Path) -> None:
    client.watch(str(tmp_path / "nowhere"))
    await client.settled()
    assert (await client.rank(str(tmp_path / "nowhere"), Question(text="sockets"))).found == ()


async def test_nothing_is_started_before_it_is_needed_nor_after_the_end(caches: Path, project: Path) -> None:
    client = IndexProcess(caches)
    assert client.pid is None
    await client.aclose()
    client.watch(str(project))
    client.saved(str(project), ["a.py"])
    assert client.pid is None


KILLED = """
import os, sys
from coterie.index import readers
os.cpu_count = lambda: 2
reading = readers.read_all(sys.argv[1], [f"part{number}.py" for number in range(readers.WORTH_IT)])
next(reading)
print(*(process.pid for process in __import__("psutil").Process().children()), flush=True)
os.kill(os.getpid(), 9)
"""


def test_no_reader_outlives_what_started_it(project: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(project)], stdout=subprocess.PIPE, check=False)
    readers = [int(pid) for pid in killed.stdout.split()]
    assert len(readers) == 2
    left = [psutil.Process(pid) for pid in readers if psutil.pid_exists(pid)]
    assert psutil.wait_procs(left, PATIENCE_S)[1] == []


def test_the_process_ends_with_its_input(caches: Path) -> None:
    ended = subprocess.run([*COMMAND, str(caches)], input=b"", stdout=subprocess.PIPE, timeout=PATIENCE_S, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"")
