"""Snapshots on the disk: what is read again and what is not, who may see it, and when it goes."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from coterie.base.errors import StorageError
from coterie.domain.workspace_ports import Folder
from coterie.workspace.comparing import pairs
from coterie.workspace.entries import View
from coterie.workspace.pack import Pack, Span
from coterie.workspace.snapshots import Snapshots
from coterie.workspace.workspace import LiveWorkspace

Write = Callable[[str, str], Path]


def seen(snapshots: Snapshots, root: Path) -> View:
    """View a folder that is not too large."""
    view = snapshots.view([str(root)])
    assert not isinstance(view, str), view
    return view


def test_a_file_whose_stamp_may_be_given_again_is_read_again_until_it_is_old_enough(tmp_path: Path, root: Path, write: Write) -> None:
    snapshots = Snapshots(tmp_path / "data")
    file = write("a.txt", "one")
    later = time.time() + 3600
    os.utime(file, (later, later))
    assert seen(snapshots, root)[str(file)] is not seen(snapshots, root)[str(file)]
    os.utime(file, (0, 0))
    while seen(snapshots, root)[str(file)] is not seen(snapshots, root)[str(file)]:
        assert time.time() < later, "it is never believed"
    snapshots.close()


def keep(snapshots: Snapshots, root: Path) -> str:
    """Keep what is in a folder now."""
    name = snapshots.name()
    snapshots.keep(name, {str(root): root.as_uri()}, seen(snapshots, root))
    return name


def test_what_did_not_change_is_kept_once(tmp_path: Path, root: Path, write: Write) -> None:
    snapshots = Snapshots(tmp_path / "data")
    write("a.txt", "x" * 1000)
    first = seen(snapshots, root)
    for _ in range(3):
        snapshots.forget(keep(snapshots, root))
    write("b.txt", "y" * 10)
    second = seen(snapshots, root)
    [pack] = (tmp_path / "data").glob("*/texts")
    assert pack.stat().st_size == 1010
    assert [(pair.before, pair.after and pair.after.path) for pair in pairs(first, second)] == [(None, "b.txt")]
    snapshots.close()


def test_another_process_finds_what_was_kept_and_takes_it_away_when_it_is_settled(tmp_path: Path, root: Path, write: Write) -> None:
    one, other = Snapshots(tmp_path / "data"), Snapshots(tmp_path / "data")
    file = write("a.txt", "one\n")
    name = keep(one, root)
    one.close()
    write("a.txt", "two\n")
    kept = other.find(name)
    assert kept is not None
    assert kept.folders == {str(root): root.as_uri()}
    assert kept.view[str(file)].text == "one\n"
    [pair] = pairs(kept.view, seen(other, root))
    assert pair.after is not None
    assert pair.after.text == "two\n"
    other.forget(name)
    assert other.find(name) is None
    other.close()
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize(("age_s", "stays"), [(0, True), (8 * 24 * 3600, False)])
def test_what_nobody_comes_back_for_goes_after_a_week(tmp_path: Path, root: Path, write: Write, age_s: float, *, stays: bool) -> None:
    dead, later = Snapshots(tmp_path / "data"), Snapshots(tmp_path / "data")
    write("a.txt", "one\n")
    name = keep(dead, root)
    dead.close()
    [manifest] = (tmp_path / "data").glob("*/*.json")
    os.utime(manifest, (time.time() - age_s,) * 2)
    seen(later, root)
    assert (later.find(name) is not None) is stays
    later.close()


def test_a_process_that_lives_loses_nothing_to_another(tmp_path: Path, root: Path, write: Write) -> None:
    one, other = Snapshots(tmp_path / "data"), Snapshots(tmp_path / "data")
    file = write("a.txt", "one\n")
    view = seen(one, root)
    seen(other, root)
    assert view[str(file)].text == "one\n"
    one.close()
    other.close()


def test_nobody_else_can_read_it(tmp_path: Path, root: Path, write: Write) -> None:
    snapshots = Snapshots(tmp_path / "home" / "data")
    write("a.txt", "one\n")
    keep(snapshots, root)
    assert {place.stat().st_mode & 0o077 for place in (tmp_path / "home" / "data").rglob("*") if place.is_dir()} == {0}
    assert (tmp_path / "home" / "data").stat().st_mode & 0o077 == 0
    snapshots.close()


@pytest.mark.parametrize("is_run", [False, True])
async def test_a_full_disk_is_said_and_whether_the_command_was_run(folder: Folder, tmp_path: Path, write: Write, *, is_run: bool) -> None:
    class Full(Pack):
        @override
        def add(self, content: bytes) -> Span:
            if content == b"one\n":
                return super().add(content)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    snapshots = Snapshots(tmp_path / "data", pack=Full)
    workspace = LiveWorkspace([folder], snapshots=snapshots)
    write("a.txt", "one\n" if is_run else "two\n")

    async def looked() -> None:
        look = await workspace.look()
        write("a.txt", "two\n")
        await look.end()

    with pytest.raises(StorageError, match="No space left") as failure:
        await looked()
    assert (failure.value.code, "was not run" in failure.value.message) == ("storage_full", not is_run)
    snapshots.close()


def test_a_disk_that_was_full_when_a_pack_was_to_be_made_costs_only_that_look(
    tmp_path: Path, root: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [True, False, True, False]

    def pack(path: Path) -> Pack:
        if full.pop(0):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return Pack(path)

    monkeypatch.setattr("coterie.workspace.snapshots.MOST_PACKED", 0)
    snapshots = Snapshots(tmp_path / "data", pack=pack)
    file = write("a.txt", "one\n")
    for text in ("one\n", "two\n"):
        with pytest.raises(StorageError, match="No space left"):
            seen(snapshots, root)
        write("a.txt", text)
        assert seen(snapshots, root)[str(file)].text == text
        snapshots.forget(keep(snapshots, root))
    assert full == []
    snapshots.close()


def test_what_somebody_has_just_seen_stays_when_a_pack_gives_way(
    tmp_path: Path, root: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coterie.workspace.snapshots.MOST_PACKED", 0)
    snapshots = Snapshots(tmp_path / "data")
    file = write("b.txt", "one\n")
    other = keep(snapshots, root)
    name = snapshots.name()
    view = seen(snapshots, root)
    snapshots.forget(other)
    write("a.txt", "two\n")
    seen(snapshots, root)
    assert view[str(file)].text == "one\n"
    snapshots.forget(name)
    seen(snapshots, root)
    with pytest.raises(StorageError):
        _ = view[str(file)].text
    snapshots.close()


def test_what_is_written_just_before_a_file_is_read_is_seen_in_the_end(
    tmp_path: Path, root: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a busy machine takes between two steps: that file has the same stamp for good, and is old enough to be believed."""
    real = os.fstat

    def late(descriptor: int) -> os.stat_result:
        write("a.txt", "two")
        monkeypatch.setattr(os, "fstat", real)
        return real(descriptor)

    snapshots = Snapshots(tmp_path / "data")
    file = write("a.txt", "one")
    monkeypatch.setattr("coterie.workspace.snapshots._RACY_NS", -(10**12))
    monkeypatch.setattr(os, "fstat", late)
    seen(snapshots, root)
    assert seen(snapshots, root)[str(file)].text == "two"
    snapshots.close()


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "a/b/c", "server_1/snapshot_1"])
def test_names_of_nothing_find_nothing_and_take_nothing_away(tmp_path: Path, name: str) -> None:
    snapshots = Snapshots(tmp_path / "data")
    assert snapshots.find(name) is None
    snapshots.forget(name)
    snapshots.close()


def test_what_is_too_large_or_ignored_by_name_is_only_known_to_have_changed(tmp_path: Path, root: Path, write: Write) -> None:
    snapshots = Snapshots(tmp_path / "data")
    kinds = {"a.txt": "text", "b.bin": "binary", ".env": "secret", "c": "binary", "d": "large"}
    write("a.txt", "one")
    write("b.bin", "one")
    write(".env", "KEY=1")
    write("c", "a\0b")
    write("d", "x" * 5_000_001)
    (root / "e").symlink_to("a.txt")
    view = seen(snapshots, root)
    assert {entry.path: entry.kind for entry in view.values()} == {**kinds, "e": "link"}
    assert [entry.path for entry in view.values() if entry.text is not None] == ["a.txt"]
    assert b"KEY" not in next((tmp_path / "data").glob("*/texts")).read_bytes()
    snapshots.close()


def test_a_text_that_may_not_be_read_any_more_has_other_permissions_and_no_other_text(
    tmp_path: Path, root: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests as root may read everything: the system's refusal is made up."""

    def refused(path: str, *arguments: Any, **more: Any) -> int:
        if path == str(file) and not file.stat().st_mode & 0o400:
            raise PermissionError(errno.EACCES, "not allowed", path)
        return opened(path, *arguments, **more)

    file, later = write("a.txt", "one"), time.time() + 3600
    snapshots, opened = Snapshots(tmp_path / "data"), os.open
    monkeypatch.setattr(os, "open", refused)
    while not (before := seen(snapshots, root))[str(file)].is_certain:
        assert time.time() < later, "it is never believed"
    file.chmod(0)
    [pair] = pairs(before, seen(snapshots, root))
    left_out = pair.left_out({str(root): root.as_uri()})
    assert left_out is not None
    assert (pair.is_text, left_out.why, left_out.was, left_out.now) == (False, "mode", "mode 644", "mode 0")
    snapshots.close()
