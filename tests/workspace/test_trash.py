"""What undos take away is kept: every content once, under its own path, readable by its owner alone, for a month, while there is room."""

import errno
import os
import time
from pathlib import Path

import pytest

from coterie.base.errors import ModelMistakeError
from coterie.domain.edits import KEPT_DAYS, LeftOut
from coterie.domain.workspace_ports import Folder
from coterie.workspace import trash as trash_module
from coterie.workspace.given_back import file_mark, link_mark
from coterie.workspace.survey import stamp_of
from coterie.workspace.trash import IN_HAND_S, Trash
from coterie.workspace.workspace import LiveWorkspace


def kept(trash: Trash) -> dict[str, bytes]:
    """Return the files of a run."""
    folder = trash.folder("run_1")
    return {} if folder is None else {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def files_below(folder: Path) -> list[str]:
    """Return the files, by path."""
    return [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]


def full(*_: object) -> None:
    """Be a disk without room."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def trash(tmp_path: Path) -> Trash:
    return Trash(tmp_path / "data" / "undone")


def test_each_content_is_kept_once_beside_the_others(trash: Trash) -> None:
    for content in (b"one", b"two", b"one", b"two", b"three"):
        trash.put("run_1", "src/a.txt", content)
    assert kept(trash) == {"src/a.txt": b"one", "again-2/src/a.txt": b"two", "again-3/src/a.txt": b"three"}


@pytest.mark.parametrize("paths", [("a", "a/b"), ("a/b", "a")])
def test_what_was_a_file_and_a_folder_is_kept_as_both(trash: Trash, paths: tuple[str, str]) -> None:
    for path in paths:
        trash.put("run_1", path, path.encode())
    assert set(kept(trash).values()) == {b"a", b"a/b"}


def test_nobody_else_can_read_it(trash: Trash) -> None:
    trash.put("run_1", "src/a.txt", b"one")
    folder = trash.folder("run_1")
    assert folder is not None
    assert {path.stat().st_mode & 0o077 for path in (folder.parent, folder, *folder.rglob("*"))} == {0}


def test_what_nobody_came_back_for_goes_when_the_next_run_is_undone(trash: Trash) -> None:
    for run_id in ("run_1", "run_2"):
        trash.put(run_id, "a.txt", b"one")
    folder = trash.folder("run_2")
    assert folder is not None
    long_ago = folder.stat().st_mtime - (KEPT_DAYS + 1) * 24 * 3600
    os.utime(folder, (long_ago, long_ago))
    trash.put("run_3", "b.txt", b"two")
    assert (trash.folder("run_2"), kept(trash)) == (None, {"a.txt": b"one"})


KB = 1024
CONTENT = os.urandom(64 * KB)  # which no disk makes smaller


def keep_long_ago(trash: Trash, *run_ids: str) -> None:
    """Keep a content of each run, the first one longest ago, but none within the last minutes."""
    for ago, run_id in enumerate(reversed(run_ids), 1):
        trash.put(run_id, "a.bin", CONTENT)
        folder = trash.folder(run_id)
        assert folder is not None
        then = time.time() - ago * IN_HAND_S - 60
        os.utime(folder, (then, then))


def held(trash: Trash, *run_ids: str) -> list[str]:
    """Return of which of these runs anything is kept."""
    return [run_id for run_id in run_ids if trash.folder(run_id) is not None]


def test_the_oldest_goes_when_there_is_no_more_room_and_that_is_told_once(trash: Trash) -> None:
    runs = ("run_1", "run_2", "run_3", "run_4")
    keep_long_ago(trash, *runs[:3])
    trash.put("run_4", "a.bin", CONTENT)
    trash.bound("run_4", 300 * KB)
    assert (held(trash, *runs), trash.let_go("run_4")) == ([*runs], 0)
    trash.bound("run_4", 150 * KB)
    assert (held(trash, *runs), trash.let_go("run_4"), trash.let_go("run_4")) == (["run_3", "run_4"], 2, 0)


def test_what_the_undo_in_hand_needs_stays_however_much_it_is(trash: Trash) -> None:
    keep_long_ago(trash, "run_1", "run_2")
    folder = trash.folder("run_2")
    assert folder is not None
    for number in range(4):
        trash.put("run_2", f"{number}.bin", CONTENT)
        os.utime(folder, (1_000_000_000,) * 2)  # an undo that takes its time
        trash.bound("run_2", 100 * KB)
    assert held(trash, "run_1", "run_2") == ["run_2"]
    assert sorted(files_below(folder)) == ["0.bin", "1.bin", "2.bin", "3.bin", "a.bin"]


def test_what_another_server_has_just_kept_stays(trash: Trash, tmp_path: Path) -> None:
    trash.put("run_1", "a.bin", CONTENT)
    other = Trash(tmp_path / "data" / "undone")
    other.put("run_2", "a.bin", CONTENT)
    other.bound("run_2", 100 * KB)
    assert held(trash, "run_1", "run_2") == ["run_1", "run_2"]


def test_what_comes_once_there_was_room_is_counted(trash: Trash) -> None:
    keep_long_ago(trash, "run_1")
    for number in range(3):
        trash.put("run_2", f"{number}.bin", CONTENT)
        trash.bound("run_2", 200 * KB)
    assert held(trash, "run_1", "run_2") == ["run_2"]


def test_many_small_files_take_the_room_that_they_take_on_the_disk(trash: Trash) -> None:
    keep_long_ago(trash, "run_1")
    for number in range(100):
        trash.put("run_2", f"{number}.txt", str(number).encode())
        trash.bound("run_2", 200 * KB)
    assert held(trash, "run_1") == []


def test_a_file_with_holes_takes_the_room_that_it_takes_on_the_disk(trash: Trash, tmp_path: Path) -> None:
    keep_long_ago(trash, "run_1")
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(1024 * KB * KB)
    trash.take("run_2", "sparse", tmp_path / "sparse")
    trash.bound("run_2", 1024 * KB)
    assert held(trash, "run_1", "run_2") == ["run_1", "run_2"]


async def test_a_workspace_keeps_no_more_than_the_settings_have_room_for(folder: Folder, root: Path, trash: Trash) -> None:
    keep_long_ago(trash, "run_1", "run_2")
    workspace = LiveWorkspace([folder], trash=trash, most_kept=lambda: 150 * KB)
    await workspace.set_aside("run_3", "a.txt", "one")
    assert held(trash, "run_1", "run_2", "run_3") == ["run_1", "run_2", "run_3"]
    place = root / "data.bin"
    place.write_bytes(CONTENT)
    made = LeftOut(
        folder=folder.uri, path="data.bin", uri=place.as_uri(), what="made", why="binary", now=file_mark(stamp_of(place.lstat()))
    )
    assert await workspace.give_back("run_3", made)
    assert held(trash, "run_1", "run_2", "run_3") == ["run_2", "run_3"]
    assert workspace.let_go_for("run_3") == 1


@pytest.mark.parametrize("is_link", [False, True])
def test_what_is_taken_from_another_disk_is_copied(trash: Trash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_link: bool) -> None:
    def elsewhere(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another disk", str(self), None, str(target))

    (tmp_path / "b").write_bytes(b"\0b")
    place = tmp_path / "data.bin"
    place.symlink_to("b") if is_link else place.write_bytes(b"\0data")
    monkeypatch.setattr(Path, "rename", elsewhere)
    trash.take("run_1", "data.bin", place)
    folder = trash.folder("run_1")
    assert folder is not None
    assert not os.path.lexists(place)
    assert (folder / "data.bin").is_symlink() == is_link
    assert is_link or kept(trash) == {"data.bin": b"\0data"}


@pytest.mark.parametrize("is_taken", [False, True])
def test_what_a_full_disk_cut_off_is_not_kept(trash: Trash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_taken: bool) -> None:
    def elsewhere(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another disk", str(self), None, str(target))

    def keep() -> None:
        trash.take("run_1", "data.bin", place) if is_taken else trash.put("run_1", "data.bin", b"\0data")

    place = tmp_path / "data.bin"
    place.write_bytes(b"\0data")
    monkeypatch.setattr(Path, "rename", elsewhere)
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            keep()
    assert (place.read_bytes(), files_below(tmp_path / "data" / "undone")) == (b"\0data", [])
    keep()
    assert (kept(trash), files_below(tmp_path / "data" / "undone")) == ({"data.bin": b"\0data"}, ["run_1/data.bin"])


def test_a_link_is_not_the_content_that_it_leads_to(trash: Trash, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"one")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    trash.take("run_1", "a", tmp_path / "a")
    trash.put("run_1", "a", b"one")
    (tmp_path / "b").unlink()
    assert kept(trash) == {"again-2/a": b"one"}


async def test_a_link_comes_back_though_a_full_disk_cut_its_undo_off(
    folder: Folder, root: Path, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, workspace = root / "current", LiveWorkspace([folder], trash=trash)
    place.write_bytes(b"\0data")
    mark = file_mark(stamp_of(place.lstat()))
    swapped = LeftOut(
        folder=folder.uri, path="current", uri=place.as_uri(), what="changed", why="binary", was=link_mark(b"releases/1"), now=mark
    )
    with monkeypatch.context() as disk:
        disk.setattr(Path, "symlink_to", full)
        with pytest.raises(ModelMistakeError, match="No space left"):
            await workspace.give_back("run_1", swapped)
    assert (place.read_bytes(), kept(trash), files_below(root)) == (b"\0data", {}, ["current"]), "it was left as it was"
    assert await workspace.give_back("run_1", swapped)
    assert place.readlink() == Path("releases/1")
    assert (kept(trash), [path.name for path in root.iterdir()]) == ({"current": b"\0data"}, ["current"])


async def test_what_was_taken_away_for_a_link_that_cannot_come_is_said_to_be_kept(
    folder: Folder, root: Path, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    def into_the_trash_alone(self: Path, target: Path) -> Path:
        return full() if target == place else rename(self, target)

    place, workspace, rename = root / "current", LiveWorkspace([folder], trash=trash), Path.rename
    place.write_bytes(b"\0data")
    mark = file_mark(stamp_of(place.lstat()))
    swapped = LeftOut(
        folder=folder.uri, path="current", uri=place.as_uri(), what="changed", why="binary", was=link_mark(b"releases/1"), now=mark
    )
    with monkeypatch.context() as disk:
        disk.setattr(Path, "rename", into_the_trash_alone)
        with pytest.raises(ModelMistakeError, match=r"No space left on device\. Undo it once more; what was in its place is kept"):
            await workspace.give_back("run_1", swapped)
    assert (kept(trash), [*root.iterdir()]) == ({"current": b"\0data"}, [])
    assert await workspace.give_back("run_1", swapped)
    assert place.readlink() == Path("releases/1")


async def test_what_comes_where_a_link_is_to_come_again_is_not_overwritten(folder: Folder, root: Path, tmp_path: Path) -> None:
    class Slow(Trash):
        def take(self, run_id: str, path: str, place: Path) -> None:
            super().take(run_id, path, place)
            place.write_text("mine", encoding="utf-8")

    place, workspace = root / "current", LiveWorkspace([folder], trash=Slow(tmp_path / "data" / "undone"))
    place.write_bytes(b"\0data")
    mark = file_mark(stamp_of(place.lstat()))
    swapped = LeftOut(
        folder=folder.uri, path="current", uri=place.as_uri(), what="changed", why="binary", was=link_mark(b"releases/1"), now=mark
    )
    with pytest.raises(ModelMistakeError, match="Another file has come where the link was"):
        await workspace.give_back("run_1", swapped)
    assert {path.name: path.read_text(encoding="utf-8") for path in root.iterdir()} == {"current": "mine"}


def test_what_cannot_be_taken_from_another_disk_is_kept_by_no_attempt(
    trash: Trash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another disk", str(self), None, str(target))

    def held(self: Path, *, missing_ok: bool = False) -> None:
        if self == place:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        unlink(self, missing_ok=missing_ok)

    place, unlink = tmp_path / "data.bin", Path.unlink
    place.write_bytes(b"\0data")
    monkeypatch.setattr(Path, "rename", elsewhere)
    monkeypatch.setattr(Path, "unlink", held)
    for _ in range(2):
        with pytest.raises(PermissionError):
            trash.take("run_1", "data.bin", place)
    assert (place.read_bytes(), files_below(tmp_path / "data" / "undone")) == (b"\0data", [])


async def test_what_is_too_large_to_be_copied_stays(folder: Folder, root: Path, trash: Trash, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another disk", str(self), None, str(target))

    monkeypatch.setattr(trash_module, "MOST_COPIED", 3)
    monkeypatch.setattr(Path, "rename", elsewhere)
    place = root / "data.bin"
    place.write_bytes(b"\0data")
    made = LeftOut(
        folder=folder.uri, path="data.bin", uri=place.as_uri(), what="made", why="binary", now=file_mark(stamp_of(place.lstat()))
    )
    with pytest.raises(ModelMistakeError, match="too large to be kept on another disk"):
        await LiveWorkspace([folder], trash=trash).give_back("run_1", made)
    assert place.read_bytes() == b"\0data"
