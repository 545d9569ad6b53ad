"""What the index is told of one client's folders and buffers. No process, no clock."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.domain.retrieval import BuildNews
from coterie.domain.status import IndexView
from coterie.domain.workspace_ports import Folder
from coterie.features.indexing import LARGEST, PAUSE_S, START_S, Indexing
from coterie.workspace.overlays import Overlays
from coterie.workspace.workspace import LiveWorkspace
from index_fake import FakeIndex


class Desk:
    """A client with folders; its pauses end when a test says so."""

    def __init__(self, index: FakeIndex, *roots: Path, among: Overlays | None = None) -> None:
        self.index = index
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.views: list[IndexView | None] = []
        self.workspace = LiveWorkspace(among=among)
        self.set_folders(*roots)
        self.indexing = Indexing(
            index,
            self.workspace.documents,
            roots=lambda: self.workspace.roots,
            buffered=self.workspace.buffered,
            later=lambda seconds, call: self.due.append((seconds, call)),
            changed=lambda: self.views.append(self.indexing.view()),
        )

    def set_folders(self, *roots: Path) -> None:
        self.workspace.set_folders(Folder(root.as_uri(), root.name, str(root)) for root in roots)

    def start(self) -> None:
        self.indexing.start()
        ((seconds, call),) = self.due
        assert seconds == START_S
        self.due.clear()
        call()

    async def pause(self) -> None:
        due, self.due = self.due, []
        for seconds, call in due:
            assert seconds == PAUSE_S
            call()
        await self.indexing._tasks.settled()

    async def leave(self) -> None:
        self.workspace.leave()
        await self.indexing.aclose()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (root := tmp_path / "one").mkdir()
    return root


async def test_folders_are_watched_while_they_are_open_and_the_client_is_here(root: Path) -> None:
    index = FakeIndex()
    desk = Desk(index, root)
    desk.indexing.folders_changed()
    assert index.told == []
    desk.start()
    assert index.told == ["watch one"]
    other = root.parent / "two"
    desk.set_folders(other)
    desk.indexing.folders_changed()
    assert index.told == ["watch one", "watch two", "unwatch one"]
    await desk.leave()
    assert index.told[3:] == ["unwatch two"]
    assert index.listeners == []


async def test_a_client_that_leaves_at_once_has_nothing_watched(root: Path) -> None:
    index = FakeIndex()
    desk = Desk(index, root)
    desk.indexing.start()
    await desk.leave()
    for _, call in desk.due:
        call()
    assert index.told == []


def test_nothing_is_watched_where_no_folder_is_open_or_the_whole_home(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setenv("HOME", str(root))
    for roots in ((), (root,), (Path("/"),)):
        desk = Desk(FakeIndex(), *roots)
        desk.start()
        assert desk.index.told == []


async def test_keys_are_told_once_a_pause_with_the_newest_text(root: Path) -> None:
    desk = Desk(FakeIndex(), root)
    desk.start()
    uri = (root / "src/a.py").as_uri()
    desk.workspace.documents.did_open(uri, 1, "o", "python")
    for version, text in enumerate(("on", "one"), start=2):
        desk.workspace.documents.did_change(uri, version, text)
    assert len(desk.due) == 1
    await desk.pause()
    assert desk.index.told == ["watch one", "edited one src/a.py 'one'"]
    desk.workspace.documents.did_save(uri)
    assert desk.index.told[2:] == ["saved one src/a.py"]
    await desk.pause()
    desk.workspace.documents.did_close(uri)
    await desk.pause()
    assert desk.index.told[3:] == ["edited one src/a.py 'one'", "edited one src/a.py None"]


async def test_what_was_opened_before_the_start_is_told_then(root: Path) -> None:
    desk = Desk(FakeIndex(), root)
    desk.workspace.documents.did_open((root / "a.py").as_uri(), 1, "one", "python")
    assert desk.due == []
    desk.start()
    await desk.pause()
    assert desk.index.told == ["watch one", "edited one a.py 'one'"]


async def test_huge_texts_and_those_outside_are_not_told(root: Path) -> None:
    desk = Desk(FakeIndex(), root)
    desk.start()
    desk.workspace.documents.did_open((root / "a.py").as_uri(), 1, "x" * (LARGEST + 1), "python")
    desk.workspace.documents.did_open((root.parent / "b.py").as_uri(), 1, "text", "python")
    desk.workspace.documents.did_open("untitled:c", 1, "text", "python")
    await desk.pause()
    assert desk.index.told == ["watch one", "edited one a.py None"]


async def test_what_one_editor_closes_another_one_may_still_have_open(root: Path) -> None:
    index, among = FakeIndex(), Overlays()
    one, other = Desk(index, root, among=among), Desk(index, root, among=among)
    uri = (root / "a.py").as_uri()
    for desk, text in ((one, "mine"), (other, "theirs")):
        desk.start()
        desk.workspace.documents.did_open(uri, 1, "old", "python")
        desk.workspace.documents.did_change(uri, 2, text)
        await desk.pause()
    before = len(index.told)
    await other.leave()
    assert index.told[before:] == ["edited one a.py 'mine'", "unwatch one"]
    await one.leave()
    assert index.told[before + 2 :] == ["edited one a.py None", "unwatch one"]


async def test_how_it_stands_is_told_of_the_own_folders(root: Path) -> None:
    other = root.parent / "two"
    other.mkdir()
    desk = Desk(FakeIndex(), root, other)
    heard: list[BuildNews] = []
    desk.indexing.watch(heard.append)
    desk.start()
    assert desk.indexing.view() is None

    def news(folder: Path, done: int, files: int, *, complete: bool = False, unwatched: str | None = None) -> BuildNews:
        return BuildNews(folder=str(folder), done=done, files=files, complete=complete, unwatched=unwatched)

    for each in (news(root, 3, 9), news(other, 5, 5, complete=True), news(root.parent / "three", 1, 2)):
        for listener in desk.index.listeners:
            listener(each)
    assert heard == [news(root, 3, 9), news(other, 5, 5, complete=True)]
    assert desk.indexing.view() == IndexView(files=14, done=8, complete=False)
    assert desk.indexing.unwatched is None
    desk.index.listeners[0](news(root, 9, 9, complete=True, unwatched="It cannot be."))
    assert desk.indexing.view() == IndexView(files=14, done=14, complete=True)
    assert desk.indexing.unwatched == "It cannot be."


async def test_a_change_of_state_is_told_and_no_step_of_a_build(root: Path) -> None:
    desk = Desk(FakeIndex(), root)
    desk.start()

    def news(done: int, *, complete: bool = False, unwatched: str | None = None, failed: str | None = None) -> int:
        """Let it be told, and return how often what is new was told on."""
        before = len(desk.views)
        desk.index.listeners[0](BuildNews(folder=str(root), done=done, files=9, complete=complete, unwatched=unwatched, failed=failed))
        return len(desk.views) - before

    assert news(9, complete=True) == 0, "what was never said to be under way is not news"
    assert [news(1), news(2), news(9, complete=True), news(9, complete=True)] == [1, 0, 1, 0]
    assert desk.views == [IndexView(files=9, done=1, complete=False), IndexView(files=9, done=9, complete=True)]
    assert [news(9, complete=True, unwatched=why) for why in ("No.", "No.", None)] == [1, 0, 1]
    assert [news(0, failed=why) for why in ("Full.", "Full.")] == [1, 0]
    assert desk.indexing.view() is None, "what cannot be had is not under way"
