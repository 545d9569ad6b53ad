"""What a command changed, and what of it is somebody else's: a person's saves, other agents' edits. And what open buffers are worth."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from typing_extensions import override

from coterie.domain.edits import Found
from coterie.domain.workspace_ports import Folder
from coterie.workspace.entries import View
from coterie.workspace.snapshots import Snapshots
from coterie.workspace.survey import Bounds
from coterie.workspace.workspace import LiveWorkspace
from editor_fake import FakeEditor, Intents

Write = Callable[[str, str], Path]
OLD, NEW = "one\ntwo\nthree\n", "one\n2\nthree\n"


class Desk:
    """A window: its editor, its workspace, and the snapshots of its server."""

    def __init__(self, folder: Folder, snapshots: Snapshots, *closed: Path) -> None:
        self.editor = FakeEditor()
        self.workspace = LiveWorkspace([folder], editor=self.editor, snapshots=snapshots, closed=closed)
        self.editor.attach(self.workspace.documents)

    async def read(self, path: str = "a.txt") -> str | None:
        """Read what an agent would."""
        return await self.workspace.read(self.workspace.locate(path))

    async def edit(self, old: str, new: str, path: str = "a.txt") -> None:
        """Edit as an agent would."""
        file = self.workspace.locate(path)
        await self.workspace.change(file, lambda text: str(text).replace(old, new), label="edit", on_intent=Intents())

    def reload(self, path: Path) -> None:
        """Read a file anew, as editors do on their own."""
        self.editor.reload(path.as_uri(), path.read_text(encoding="utf-8"))


@pytest.fixture
def snapshots(tmp_path: Path) -> Iterator[Snapshots]:
    made = Snapshots(tmp_path / "data" / "snapshots")
    yield made
    made.close()


@pytest.fixture
def desk(folder: Folder, snapshots: Snapshots) -> Desk:
    return Desk(folder, snapshots)


def age(path: Path) -> None:
    """Have a file be an hour old."""
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))


def told(found: Found) -> list[tuple[str, str | None, str | None]]:
    """Return the changes."""
    return [(change.draft.file.path, change.draft.before, change.draft.after) for change in found.changes]


async def test_what_a_person_saves_while_a_command_runs_is_theirs(desk: Desk, write: Write) -> None:
    file = write("a.txt", OLD)
    desk.editor.open(file.as_uri(), OLD)
    look = await desk.workspace.look()
    desk.editor.type(file.as_uri(), 0, "mine ")
    desk.editor.tell()
    write("a.txt", "mine " + OLD)
    desk.workspace.documents.did_save(file.as_uri())
    assert told(await look.end()) == []


async def test_a_save_of_which_the_editor_has_not_told_yet_is_the_persons(desk: Desk, write: Write) -> None:
    file = write("a.txt", OLD)
    desk.editor.open(file.as_uri(), OLD)
    look = await desk.workspace.look()
    for letter in ("m", "y"):
        desk.editor.type(file.as_uri(), 0, letter)
    desk.editor.tell()
    write("a.txt", "ym" + OLD)
    assert told(await look.end()) == []


async def test_text_that_was_unsaved_before_and_is_on_the_disk_now_is_the_persons(desk: Desk, write: Write) -> None:
    file = write("a.txt", OLD)
    desk.editor.open(file.as_uri(), OLD)
    desk.editor.type(file.as_uri(), 0, "mine ")
    desk.editor.tell()
    look = await desk.workspace.look()
    write("a.txt", "mine " + OLD)
    assert told(await look.end()) == []


async def test_what_a_command_does_to_text_that_was_saved_meanwhile_is_the_commands(desk: Desk, write: Write) -> None:
    file = write("a.txt", OLD)
    desk.editor.open(file.as_uri(), OLD)
    look = await desk.workspace.look()
    desk.editor.type(file.as_uri(), 0, "mine ")
    desk.editor.tell()
    write("a.txt", "mine " + OLD)
    desk.workspace.documents.did_save(file.as_uri())
    write("a.txt", "mine " + NEW)
    assert told(await look.end()) == [("a.txt", "mine " + OLD, "mine " + NEW)]


async def test_what_another_agent_edits_meanwhile_is_not_the_commands(desk: Desk, write: Write) -> None:
    write("a.txt", OLD)
    write("b.txt", OLD)
    look = await desk.workspace.look()
    await desk.edit("two", "edited")
    write("b.txt", NEW)
    assert told(await look.end()) == [("b.txt", OLD, NEW)]


async def test_commands_side_by_side_say_that_they_cannot_be_told_apart(desk: Desk, write: Write) -> None:
    write("a.txt", OLD)
    first, second = await desk.workspace.look(), await desk.workspace.look()
    write("a.txt", NEW)
    found = [await first.end(), await second.end()]
    doubts = [change.unsure or "" for each in found for change in each.changes]
    assert [told(each) for each in found] == [[("a.txt", OLD, NEW)]] * 2
    assert all("Another command ran at the same time" in doubt for doubt in doubts)
    later = await desk.workspace.look()
    write("a.txt", OLD)
    assert [change.unsure for change in (await later.end()).changes] == [None], "one that ran alone is sure"


async def test_of_a_notebook_that_is_saved_meanwhile_nobody_can_tell(desk: Desk, write: Write) -> None:
    documents, cell = desk.workspace.documents, "vscode-notebook-cell:/project/a.ipynb#c1"
    notebooks = [write(name, "{}\n") for name in ("a.ipynb", "b.ipynb")]
    documents.notebooks.did_open(notebooks[0].as_uri(), [cell])
    documents.did_open(cell, 1, "x = 1\n", "python")
    look = await desk.workspace.look()
    for notebook in notebooks:
        notebook.write_text("{...}\n", encoding="utf-8")
    documents.did_save(cell)
    unsure = {change.draft.file.path: change.unsure for change in (await look.end()).changes}
    assert "saved as a notebook" in (unsure.pop("a.ipynb") or "")
    assert unsure == {"b.ipynb": None}


async def test_a_look_that_is_given_up_puts_nobody_else_in_doubt(desk: Desk, write: Write) -> None:
    write("a.txt", OLD)
    await (await desk.workspace.look()).drop()
    look = await desk.workspace.look()
    write("a.txt", NEW)
    assert [change.unsure for change in (await look.end()).changes] == [None]


async def changed_by_command(desk: Desk, write: Write, *texts: str | None) -> Path:
    """Have commands change a file that is open, one after the other, without a word from its editor."""
    file = write("a.txt", OLD)
    desk.editor.open(file.as_uri(), OLD)
    for text in texts:
        look = await desk.workspace.look()
        if text is None:
            file.unlink()
        else:
            write("a.txt", text)
        assert len((await look.end()).changes) == 1
    return file


async def test_a_buffer_that_the_disk_has_overtaken_is_not_taken_for_the_file(desk: Desk, write: Write) -> None:
    file = await changed_by_command(desk, write, NEW)
    assert await desk.read() == NEW
    assert desk.workspace.unsaved() == {}, "else the next command would be shown the old text"
    assert [each.path for each in await desk.workspace.files()] == ["a.txt"]
    await desk.edit("three", "3")
    assert file.read_text(encoding="utf-8") == "one\n2\n3\n", "an edit goes to the disk, which holds the text"
    desk.reload(file)
    await desk.edit("one", "1")
    assert desk.editor.labels == ["edit"], "once it is read again, edits go through the editor"
    assert desk.editor.texts[file.as_uri()] == "1\n2\n3\n"


async def test_an_editor_that_reads_a_file_late_is_still_behind(desk: Desk, write: Write) -> None:
    file = await changed_by_command(desk, write, NEW, "newest\n")
    desk.workspace.documents.did_change(file.as_uri(), 5, NEW)
    assert await desk.read() == "newest\n"
    desk.workspace.documents.did_change(file.as_uri(), 6, "newest\n")
    assert await desk.read() == "newest\n"
    assert desk.workspace.unsaved() == {}
    write("a.txt", "by nobody we know\n")
    assert await desk.read() == "newest\n", "from here on the buffer is the file's text again"


async def test_who_types_into_text_that_is_behind_has_unsaved_text(desk: Desk, write: Write) -> None:
    file = await changed_by_command(desk, write, NEW)
    desk.editor.type(file.as_uri(), 0, "mine ")
    desk.editor.tell()
    assert await desk.read() == "mine " + OLD
    assert desk.workspace.unsaved() == {str(file): "mine " + OLD}


async def test_a_file_that_a_command_deletes_is_gone_though_it_is_open(desk: Desk, write: Write) -> None:
    await changed_by_command(desk, write, None)
    assert await desk.read() is None


async def test_what_an_editor_reads_again_while_the_command_runs_is_the_commands(desk: Desk, write: Write) -> None:
    file = write("a.txt", OLD)
    desk.editor.open(file.as_uri(), OLD)
    look = await desk.workspace.look()
    write("a.txt", NEW)
    desk.reload(file)
    assert told(await look.end()) == [("a.txt", OLD, NEW)]
    assert not [buffer for buffer in desk.workspace.documents.files() if buffer.touched], "it is as it was saved"


@pytest.mark.parametrize(
    ("bounds", "why"),
    [
        (Bounds(files=2), "more than 2 files"),
        (Bounds(bytes=20), "MB of text"),
        (Bounds(hidden=1), "more than 1 ignored files and folders"),
        (Bounds(seconds=0), "longer than 0 seconds"),
    ],
)
async def test_what_is_too_much_is_said(folder: Folder, tmp_path: Path, write: Write, bounds: Bounds, why: str) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "one.log", "two.log"):
        write(name, OLD)
    write(".ignore", "*.log\n")
    snapshots = Snapshots(tmp_path / "data", bounds)
    desk = Desk(folder, snapshots)
    look = await desk.workspace.look()
    assert look.snapshot is None
    write("a.txt", NEW)
    found = await look.end()
    assert (found.changes, found.left_out) == ((), ())
    assert why in str(found.unknown)
    snapshots.close()


async def test_binary_files_do_not_count_as_text(folder: Folder, tmp_path: Path, write: Write) -> None:
    snapshots = Snapshots(tmp_path / "data", Bounds(bytes=100))
    desk = Desk(folder, snapshots)
    write("a.txt", OLD)
    write("movie.mp4", "x" * 1000)
    look = await desk.workspace.look()
    write("a.txt", NEW)
    assert told(await look.end()) == [("a.txt", OLD, NEW)]
    snapshots.close()


async def test_our_own_folders_are_not_looked_into_where_they_lie_in_the_workspace(folder: Folder, root: Path, write: Write) -> None:
    home = root / ".home"
    snapshots = Snapshots(home / "data" / "snapshots")
    desk = Desk(folder, snapshots, home)
    write("a.txt", OLD)
    look = await desk.workspace.look()
    write("a.txt", NEW)
    write(".home/state/log.txt", "logged")
    found = await look.end()
    assert (told(found), found.left_out) == ([("a.txt", OLD, NEW)], ())
    snapshots.close()


RULES = {"a.txt": OLD, "out/built.txt": OLD, "local.txt": OLD, ".gitignore": "out/\nlocal.txt\n", "sub/b.txt": OLD}


@pytest.mark.parametrize("crashed", [False, True])
@pytest.mark.parametrize(
    ("path", "rules"), [(".gitignore", ""), (".gitignore", None), (".gitignore", "*.txt\n"), ("sub/pyvenv.cfg", ""), (".ignore", "*\n")]
)
async def test_to_be_ignored_no_longer_is_not_to_be_made_and_to_be_ignored_not_to_be_deleted(
    folder: Folder, tmp_path: Path, write: Write, path: str, rules: str | None, *, crashed: bool
) -> None:
    snapshots = Snapshots(tmp_path / "data")
    desk = Desk(folder, snapshots)
    for name, text in RULES.items():
        write(name, text)
    look = await desk.workspace.look()
    place = write(path, rules or "")
    if rules is None:
        place.unlink()
    write("a.txt", NEW)
    write("sub/b.txt", NEW)
    found = await (desk.workspace.look_again(look.snapshot or "") if crashed else look.end())
    assert found is not None
    assert {change for change in told(found) if change[0] not in {".gitignore", ".ignore"}} <= {
        ("a.txt", OLD, NEW),
        ("sub/b.txt", OLD, NEW),
        ("sub/pyvenv.cfg", None, ""),
    }
    assert {("a.txt", OLD, NEW), ("sub/b.txt", OLD, NEW)} <= set(told(found)), "also what is ignored by now"
    snapshots.close()


@pytest.mark.parametrize("crashed", [False, True])
@pytest.mark.parametrize(("old", "new"), [(".env", "env.txt"), ("out", "in"), ("out/built.txt", "built.txt")])
async def test_what_was_moved_from_where_nothing_is_looked_at_is_not_surely_made(
    folder: Folder, root: Path, tmp_path: Path, write: Write, *, old: str, new: str, crashed: bool
) -> None:
    snapshots = Snapshots(tmp_path / "data")
    desk = Desk(folder, snapshots)
    for name, text in RULES.items() | {(".env", "KEY=1\n")}:
        age(write(name, text))
    look = await desk.workspace.look()
    (root / old).rename(root / new)
    write("made.txt", NEW)
    found = await (desk.workspace.look_again(look.snapshot or "") if crashed else look.end())
    assert found is not None
    doubts = {change.draft.file.path.partition("/")[0]: change.unsure for change in found.changes if change.draft.before is None}
    assert "older than the command" in (doubts.pop(new) or "")
    assert list(doubts) == ["made.txt"]
    assert crashed or doubts == {"made.txt": None}
    snapshots.close()


async def test_texts_that_were_moved_from_where_they_are_known_are_as_sure_as_any(desk: Desk, root: Path, write: Write) -> None:
    for name in ("old/a/__init__.py", "old/b/__init__.py", "old/b/c.txt"):
        age(write(name, "" if name.endswith("py") else OLD))
    look = await desk.workspace.look()
    (root / "old").rename(root / "new")
    found = await look.end()
    assert len(found.changes) == 6
    assert {change.unsure for change in found.changes} == {None}


async def test_a_look_that_is_cancelled_leaves_nothing_behind(folder: Folder, tmp_path: Path, write: Write) -> None:
    class Slow(Snapshots):
        @override
        def keep(self, name: str, folders: Mapping[str, str], view: View) -> None:
            loop.call_soon_threadsafe(began.set)
            go_on.wait()
            super().keep(name, folders, view)

    loop, began, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    snapshots = Slow(tmp_path / "data")
    desk = Desk(folder, snapshots)
    write("a.txt", OLD)
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(desk.workspace.look())
        await began.wait()
        looking.cancel()
        go_on.set()
    assert list((tmp_path / "data").glob("*/*.json")) == []
    look = await desk.workspace.look()
    write("a.txt", NEW)
    assert [change.unsure for change in (await look.end()).changes] == [None], "and nobody is taken to watch still"
    snapshots.close()
