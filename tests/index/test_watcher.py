"""Changes of a watched folder: what is heard of them, what becomes of it, and what is not watched."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path, PurePosixPath
from queue import SimpleQueue
from typing import Any

import psutil
import pytest

from coterie.domain.retrieval import BuildNews, Question
from coterie.domain.wire import from_wire
from coterie.index.client import IndexProcess
from coterie.index.head import Head
from coterie.index.process import Indexes
from coterie.index.watcher import MOST_DEAFENED, MOST_FILES, Changes, UnwatchableError, Watcher, sorted_out

Write = Callable[[str, str], None]
Git = Callable[..., str]
PATIENCE_S = 60
WORTH = {"its text matches", "similar commits changed it"}


@pytest.fixture
async def client(caches: Path, project: Path) -> AsyncIterator[IndexProcess]:
    process = IndexProcess(caches)
    process.watch(str(project))
    yield process
    await process.aclose()


async def eventually(client: IndexProcess, folder: Path, query: str, *paths: str) -> None:
    """Wait until these files and no others are found for what they hold, or for what was said of them."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await client.rank(str(folder), Question(text=query))
            if sorted(each.path for each in answer.found if WORTH & set(each.reasons)) == sorted(paths):
                return
            await asyncio.sleep(0.01)


async def test_what_happens_on_the_disk_is_seen_without_being_asked_for(client: IndexProcess, project: Path, write: Write) -> None:
    write("a.py", "sockets = 1\n")
    await eventually(client, project, "sockets", "a.py")
    write("b.py", "sockets = 2\n")
    await eventually(client, project, "sockets", "a.py", "b.py")
    write("a.py", "numbers = 1\n")
    await eventually(client, project, "sockets", "b.py")
    (project / "b.py").rename(project / "c.py")
    await eventually(client, project, "sockets", "c.py")
    (project / "c.py").unlink()
    await eventually(client, project, "sockets")


async def test_folders_are_followed_that_are_made_moved_and_taken_away(client: IndexProcess, project: Path, write: Write) -> None:
    await client.settled()
    write("deep/er/a.py", "sockets = 1\n")
    await eventually(client, project, "sockets", "deep/er/a.py")
    write("deep/er/b.py", "sockets = 1\n")
    await eventually(client, project, "sockets", "deep/er/a.py", "deep/er/b.py")
    (project / "deep").rename(project / "flat")
    await eventually(client, project, "sockets", "flat/er/a.py", "flat/er/b.py")
    write("flat/er/b.py", "numbers = 1\n")
    await eventually(client, project, "sockets", "flat/er/a.py")
    (project / "flat/er/a.py").unlink()
    (project / "flat/er/b.py").unlink()
    (project / "flat/er").rmdir()
    await eventually(client, project, "numbers")


async def test_what_is_ignored_stays_so(client: IndexProcess, project: Path, write: Write) -> None:
    write(".gitignore", "made/\n*.tmp\n")
    write("made/a.py", "sockets = 1\n")
    await client.settled()
    for path in ("made/b.py", "a.tmp", "node_modules/left/index.js", ".env"):
        write(path, "sockets = 1\n")
    write("seen.py", "sockets = 1\n")
    await eventually(client, project, "sockets", "seen.py")
    write(".gitignore", "*.tmp\n")
    await eventually(client, project, "sockets", "seen.py", "made/a.py", "made/b.py")


async def test_another_branch_is_noticed_with_its_files_and_its_past(
    caches: Path, project: Path, write: Write, git: Git, commit: Callable[[str], None]
) -> None:
    write("a.py", "one = 1\n")
    commit("Begin")
    git("branch", "other")
    write("b.py", "two = 2\n")
    commit("Mend the zeppelin")
    client = IndexProcess(caches)
    try:
        client.watch(str(project))
        await client.settled()
        await eventually(client, project, "zeppelin", "b.py")  # by what the commit said
        git("checkout", "-q", "other")
        await eventually(client, project, "zeppelin")
        write("a.py", "three = 3\n")
        commit("Mend the balloon")
        await eventually(client, project, "balloon", "a.py")
    finally:
        await client.aclose()


@pytest.mark.parametrize("branch", ["flat", "deep/er/branch"])
@pytest.mark.parametrize("place", [".", "../worktree"], ids=["checkout", "worktree"])
async def test_a_commit_that_moves_no_file_is_heard_without_a_log_of_head(
    caches: Path, project: Path, git: Git, branch: str, place: str
) -> None:
    folder = (project / place).resolve()
    (project / "a.py").write_text("one = 1\n", encoding="utf-8")
    git("config", "core.logAllRefUpdates", "false")
    git("add", "a.py")
    git("commit", "-q", "-m", "Begin")
    git("worktree", "add", "-q", "../worktree")
    git("branch", branch)
    client = IndexProcess(caches)
    try:
        client.watch(str(folder))
        await client.settled()
        steps = (f"checkout -q {branch}", "commit", "commit", "pack-refs --all", "commit", "commit", "checkout -q --detach", "commit")
        for step, said in zip(steps, ("", "zeppelin", "anchor", "", "balloon", "basket", "", "kite"), strict=True):
            if said:
                git("-C", str(folder), step, "-q", "--amend", "-m", said)
                await eventually(client, folder, said, "a.py")
            else:
                git("-C", str(folder), *step.split())
    finally:
        await client.aclose()


async def test_what_a_checkout_excludes_for_itself_is_heard_of(client: IndexProcess, project: Path, write: Write, git: Git) -> None:
    git("config", "core.logAllRefUpdates", "false")
    write("a.py", "sockets = 1\n")
    write("b.py", "sockets = 1\n")
    await client.refresh(str(project))
    for rule, found in (("a.py", ["b.py"]), ("b.py", ["a.py"])):
        write(".git/info/exclude", f"{rule}\n")
        await eventually(client, project, "sockets", *found)


@pytest.mark.parametrize("place", [".", "../worktree", "lib", ".."], ids=["checkout", "worktree", "below the top", "around it"])
async def test_what_git_tracks_in_spite_of_its_rules_is_heard_of(
    project: Path, tmp_path_factory: pytest.TempPathFactory, write: Write, git: Git, place: str
) -> None:
    write("lib/.gitignore", "zebra.py\nmade/\n")
    git("add", ".")
    git("commit", "-q", "-m", "Begin")
    git("worktree", "add", "-q", "../worktree")
    top = project if place != "../worktree" else project.parent / "worktree"
    for path in ("zebra.py", "made/deep/a.py", "made/deep/b.py"):
        (top / "lib" / path).parent.mkdir(parents=True, exist_ok=True)
        (top / "lib" / path).write_text("sockets = 1\n", encoding="utf-8")
    folder = (project / place).resolve()
    found = {path: str((top / "lib" / path).relative_to(folder)) for path in ("zebra.py", "made/deep/a.py")}
    client = IndexProcess(tmp_path_factory.mktemp("caches"))
    try:
        client.watch(str(folder))
        await client.settled()
        await eventually(client, folder, "sockets")
        git("-C", str(top), "add", "--force", "lib/zebra.py")
        await eventually(client, folder, "sockets", found["zebra.py"])
        git("-C", str(top), "add", "--force", "lib/made/deep/a.py")
        await eventually(client, folder, "sockets", *found.values())
        (top / "lib/made/deep/a.py").write_text("numbers = 1\n", encoding="utf-8")
        await eventually(client, folder, "sockets", found["zebra.py"])
        git("-C", str(top), "rm", "-q", "--cached", "lib/zebra.py")
        await eventually(client, folder, "sockets")
        client.edited(str(folder), found["made/deep/a.py"], "trumpets = 1\n")
        client.edited(str(folder), found["zebra.py"], "trumpets = 1\n")
        await eventually(client, folder, "trumpets", found["made/deep/a.py"])
    finally:
        await client.aclose()


async def test_a_repository_that_is_made_later_is_followed(client: IndexProcess, project: Path, write: Write, git: Git) -> None:
    shutil.rmtree(project / ".git")
    write("a.py", "sockets = 1\n")
    write("b.py", "trumpets = 1\n")
    write(".gitignore", "b.py\n")
    await client.refresh(str(project))
    await eventually(client, project, "trumpets")
    git("init", "-q")
    git("add", "--force", "b.py")
    await eventually(client, project, "trumpets", "b.py")
    for said in ("zeppelin", "balloon"):
        write("b.py", f"{said[0]} = 1\n")
        git("commit", "-q", "-a", "-m", said)
        await eventually(client, project, said, "b.py")


async def test_what_a_repository_excludes_is_heard_of_in_its_worktrees(project: Path, caches: Path, write: Write, git: Git) -> None:
    write("a.py", "sockets = 1\n")
    git("add", ".")
    git("commit", "-q", "-m", "Begin")
    git("worktree", "add", "-q", "../worktree")
    folder = project.parent / "worktree"
    (folder / "b.py").write_text("sockets = 1\n", encoding="utf-8")
    client = IndexProcess(caches)
    try:
        client.watch(str(folder))
        await client.settled()
        await eventually(client, folder, "sockets", "a.py", "b.py")
        write(".git/info/exclude", "*.py\n")
        await eventually(client, folder, "sockets", "a.py")
    finally:
        await client.aclose()


def test_events_say_what_there_is_to_do(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "new").mkdir()

    at = Head(
        frozenset({str(tmp_path / ".git/HEAD"), str(tmp_path / ".git/refs/heads/a/b")}), frozenset({str(tmp_path / ".git/refs/heads/a")})
    )

    def heard(*paths: str) -> Changes:
        places = (str(tmp_path / path) for path in paths)
        return sorted_out(str(tmp_path), {".", "src", "gone"}, at, places, {str(tmp_path / "src/.git/info/exclude")})

    assert heard("src/a.py", "b.py") == Changes(frozenset({"src/a.py", "b.py"}))
    assert heard("new").whole
    assert heard("gone").whole
    assert heard("src/.gitignore").whole
    assert heard("src/.coterieignore").whole
    assert heard("src/.git/info/exclude") == Changes(whole=True)
    assert heard(".git") == heard("src/.git") == Changes(whole=True, history=True)
    assert not heard("src", "node_modules", ".env", ".git/index", ".git/index.lock", ".git/HEAD.lock", ".git/refs/heads/other")
    assert heard(".git/HEAD") == heard(".git/refs/heads/a/b") == heard(".git/refs/heads/a") == Changes(history=True)


def test_of_many_changes_only_that_they_are_many_is_kept() -> None:
    few = Changes(frozenset(f"{number}.py" for number in range(MOST_FILES)))
    assert not (few | few).whole
    assert few | Changes(frozenset({"one.more"}), history=True) == Changes(whole=True, history=True)
    assert few | Changes(whole=True) == Changes(whole=True)


class Deaf:
    """Stands in for a watcher that the system refuses."""

    def __init__(self, *_: object) -> None:
        self.closed = 0

    def cover(self, _folders: Collection[str]) -> bool:
        raise UnwatchableError("OS file watch limit reached")

    def close(self) -> None:
        self.closed += 1


class Talk:
    """Asks an `Indexes` in this process."""

    def __init__(self, caches: Path, watcher: Callable[[str, Callable[[Changes], None]], Any] = Watcher) -> None:
        self._said: SimpleQueue[Any] = SimpleQueue()
        self.news: list[BuildNews] = []
        self.indexes = Indexes(caches, self._said.put, watcher=watcher)

    def ask(self, op: str, folder: Path, **more: Any) -> Any:
        """Return the answer; news that came before are kept."""
        self.indexes.take({"id": 1, "op": op, "folder": str(folder), **more})
        while True:
            message = self._said.get(timeout=PATIENCE_S)
            if "id" in message:
                return message["result"]
            self.news.append(from_wire(BuildNews, message["news"]))

    def built(self) -> BuildNews:
        """Wait for the end of a build."""
        while not (news := from_wire(BuildNews, self._said.get(timeout=PATIENCE_S)["news"])).complete:
            pass
        self.news.append(news)
        return news


def test_where_the_system_refuses_it_is_said_and_every_question_has_the_folder_looked_through(
    project: Path, caches: Path, write: Write
) -> None:
    write("a.py", "sockets = 1\n")
    talk = Talk(caches, Deaf)
    talk.ask("watch", project)
    assert talk.news[-1].unwatched == f"Changes in {project} are noticed late, because it cannot be watched: OS file watch limit reached."
    write("b.py", "sockets = 1\n")
    question = {"text": "sockets"}
    before = talk.ask("rank", project, question=question)
    assert not before["complete"]  # it may be of before, and is
    assert talk.built().files == 2
    after = talk.ask("rank", project, question=question)
    assert sorted(found["path"] for found in after["found"]) == ["a.py", "b.py"]


def test_a_storm_of_changes_is_one_look(project: Path, caches: Path, write: Write) -> None:
    write("a.py", "sockets = 1\n")
    talk = Talk(caches)
    talk.ask("refresh", project)
    busy, go_on = SimpleQueue[None](), SimpleQueue[None]()

    def hold_up() -> None:
        busy.put(None)
        go_on.get(timeout=PATIENCE_S)

    talk.indexes._work.put(hold_up)
    busy.get(timeout=PATIENCE_S)
    for number in range(5_000):
        talk.indexes.noted(str(project), Changes(frozenset({f"part{number}.py"})))
    waiting = talk.indexes._work.qsize()
    go_on.put(None)
    talk.built()
    assert waiting == 1


def _inotifies(pid: int) -> int:
    return sum(str(each.readlink()) == "anon_inode:inotify" for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink())


def _without_inotify(pid: int) -> None:
    """Wait until the watching thread has ended, which it does when it has seen that it shall."""
    until = time.monotonic() + PATIENCE_S
    while _inotifies(pid):
        assert time.monotonic() < until
        time.sleep(0.01)


async def test_nothing_is_watched_that_nobody_needs(client: IndexProcess, project: Path, write: Write) -> None:
    write("a.py", "sockets = 1\n")
    client.watch(str(project))  # by a second one
    await client.settled()
    pid = client.pid
    assert pid is not None
    assert _inotifies(pid) == 1
    client.unwatch(str(project))
    await client.settled()
    assert _inotifies(pid) == 1
    client.unwatch(str(project))
    await client.settled()
    await asyncio.to_thread(_without_inotify, pid)
    await client.refresh(str(project))
    assert _inotifies(pid) == 0
    assert psutil.Process(pid).is_running()


async def test_a_link_and_a_pipe_are_no_files(client: IndexProcess, project: Path, write: Write, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text("sockets = 1\n", encoding="utf-8")
    write(".env", "sockets = 1\n")
    await client.settled()
    (project / "elsewhere.py").symlink_to(tmp_path / "elsewhere.py")
    (project / "harmless.py").symlink_to(project / ".env")
    os.mkfifo(project / "pipe.py")
    for path in ("elsewhere.py", "harmless.py", "pipe.py"):
        client.saved(str(project), [path])
    write("seen.py", "sockets = 1\n")
    await eventually(client, project, "sockets", "seen.py")


async def test_a_name_that_is_no_utf_8_does_not_end_the_watch(client: IndexProcess, project: Path, write: Write) -> None:
    await client.settled()
    for word in ("sockets", "numbers"):
        Path(os.fsdecode(os.fsencode(project) + b"/\xff" + word.encode())).write_text(f"{word} = 1\n", encoding="utf-8")
        write(f"{word[0]}.py", f"{word} = 1\n")
        await eventually(client, project, word, f"{word[0]}.py")


async def test_who_meets_such_names_all_the_time_watches_no_longer(project: Path) -> None:
    heard = SimpleQueue[Changes]()
    watcher = Watcher(str(project), heard.put)
    for number in range(MOST_DEAFENED + 1):
        watcher.cover(["."])
        Path(os.fsdecode(os.fsencode(project) + b"/\xff%d.py" % number)).touch()
        assert await asyncio.to_thread(heard.get, timeout=PATIENCE_S) == Changes(whole=True)
    with pytest.raises(UnwatchableError, match="UTF-8"):
        watcher.cover(["."])


@pytest.mark.parametrize("folder", [".", "below"])
async def test_a_folder_that_was_taken_away_is_followed_again_when_it_is_back(
    client: IndexProcess, project: Path, write: Write, folder: str
) -> None:
    write(f"{folder}/a.py", "sockets = 1\n")
    await client.settled()
    for word in ("numbers", "letters"):
        shutil.rmtree(project / folder)
        write(f"{folder}/b.py", f"{word} = 1\n")
        await eventually(client, project, word, str(PurePosixPath(folder, "b.py")))
        write(f"{folder}/b.py", "sockets = 1\n")
        await eventually(client, project, "sockets", str(PurePosixPath(folder, "b.py")))


def test_a_watch_that_begins_anew_says_so_also_where_folders_have_only_gone(project: Path) -> None:
    (project / "gone").mkdir()
    watcher = Watcher(str(project), lambda _: None)
    try:
        assert watcher.cover([".", "gone"])
        assert not watcher.cover([".", "gone"])
        (project / "gone").rename(project / "moved")  # what was heard of that, nobody may have been told yet
        assert watcher.cover([".", "gone"])
        assert not watcher.cover([".", "gone"])
    finally:
        watcher.close()
