"""What open buffers hold: answered from at once, dropped with the buffer, and on no disk."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from coterie.domain.retrieval import Question
from coterie.index.client import IndexProcess
from coterie.index.folder import FolderIndex

Write = Callable[[str, str], None]


def found(index: FolderIndex, text: str) -> dict[str, tuple[int, int] | None]:
    """Return the files and lines that are found for what they hold."""
    return {each.path: each.lines for each in index.ask(Question(text=text)) if each.reasons}


def test_questions_are_answered_from_the_buffer_and_from_the_file_again(index: FolderIndex, write: Write) -> None:
    write("a.py", "def open_socket(): ...\n")
    write("b.py", "def close_socket(): ...\n")
    index.refresh()
    index.edited("a.py", "# new first line\ndef open_zeppelin(): ...\n")
    assert found(index, "zeppelin") == {"a.py": (2, 2)}
    assert found(index, "socket") == {"b.py": (1, 1)}
    assert [(each.path, each.name, each.line) for each in index.definitions("open", 9).found] == [("a.py", "open_zeppelin", 2)]
    index.edited("a.py", None)
    assert found(index, "zeppelin") == {}
    assert set(found(index, "socket")) == {"a.py", "b.py"}
    assert [each.name for each in index.definitions("open", 9).found] == ["open_socket"]


def test_a_buffer_that_is_no_file_yet_is_found_with_its_uses(index: FolderIndex, write: Write) -> None:
    write("a.py", "def open_pool(): ...\n")
    index.refresh()
    index.edited("new.py", "from a import open_pool\n\nopen_pool()\n\nclass Zeppelin: ...\n")
    assert found(index, "zeppelin") == {"new.py": (5, 5), "a.py": None}  # the other by the import
    assert index.definitions("open_pool", 9).used_in == ("new.py",)
    assert [(each.path, each.name) for each in index.definitions("zEP", 9).found] == [("new.py", "Zeppelin")]


def test_definitions_of_buffers_and_files_stand_in_one_order(index: FolderIndex, write: Write) -> None:
    write("a.py", "def run_all(): ...\ndef run_it(): ...\n")
    write("b.py", "def run(): ...\n")
    index.refresh()
    index.edited("b.py", "def run_one(): ...\ndef run_on(): ...\n")
    assert [each.name for each in index.definitions("RUN", 3).found] == ["run_it", "run_on", "run_all"]


def test_a_buffer_that_equals_its_file_changes_nothing(index: FolderIndex, write: Write) -> None:
    write("a.py", "def open_socket(): ...\n")
    index.refresh()
    before = index.ask(Question(text="socket"))
    index.edited("a.py", "def open_socket(): ...\n")
    assert index.ask(Question(text="socket")) == before
    write("a.py", "def open_zeppelin(): ...\n")  # by another program; the buffer is what the person sees
    index.refresh_file("a.py")
    assert set(found(index, "socket")) == {"a.py"}


@pytest.mark.parametrize("path", [".env", "made/a.py", "node_modules/a.js"])
def test_what_is_not_indexed_on_disk_is_not_indexed_unsaved(index: FolderIndex, write: Write, path: str) -> None:
    write(".gitignore", "made/\n")
    index.refresh()
    index.edited(path, "zeppelin = 1\n")
    assert found(index, "zeppelin") == {}


def test_the_cache_is_the_same_bytes_whatever_was_typed(index: FolderIndex, write: Write, caches: Path) -> None:
    write("a.py", "def open_socket(): ...\n")
    index.refresh()

    def kept() -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in (caches / "index").iterdir() if not each.name.endswith("-shm")}

    before = kept()
    index.edited("a.py", "def zeppelin_sesame(): ...\n")
    index.edited("b.py", "class Sesame: ...\n")
    assert set(found(index, "sesame")) == {"a.py", "b.py"}
    assert kept() == before
    assert not any(b"sesame" in content.lower() for content in before.values())


@pytest.fixture
async def client(caches: Path) -> AsyncIterator[IndexProcess]:
    process = IndexProcess(caches)
    yield process
    await process.aclose()


async def test_a_new_process_is_told_of_all_that_is_unsaved(client: IndexProcess, project: Path, caches: Path, write: Write) -> None:
    write("a.py", "def open_socket(): ...\n")
    await client.refresh(str(project))
    client.edited(str(project), "a.py", "def draft(): ...\n")
    client.edited(str(project), "a.py", "def open_zeppelin(): ...\n")
    client.edited(str(project), "b.py", "def other_zeppelin(): ...\n")
    client.edited(str(project), "b.py", None)
    await client.settled()

    async def zeppelins() -> list[str]:
        return [each.path for each in (await client.rank(str(project), Question(text="zeppelin"))).found]

    assert await zeppelins() == ["a.py"]
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    await client.refresh(str(project))  # by a new one
    await client.settled()
    assert await zeppelins() == ["a.py"]
    assert not any(b"zeppelin" in each.read_bytes() for each in (caches / "index").iterdir())


async def test_the_end_of_a_buffer_that_was_never_told_of_starts_nothing(client: IndexProcess, project: Path) -> None:
    client.edited(str(project), "a.py", None)
    await client.settled()
    assert client.pid is None
