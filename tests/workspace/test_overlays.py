"""Files that are open in other editors too: read as their newest text, changed where that is, and never below somebody's buffer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from coterie.domain.edits import Applied, BufferEdit, Draft, Outcome, Refused
from coterie.domain.workspace_ports import Folder
from coterie.workspace.editing import DIVIDED, Patience
from coterie.workspace.overlays import Overlays
from coterie.workspace.workspace import LiveWorkspace
from editor_fake import FakeEditor, Intents

Write = Callable[[str, str], Path]


@dataclass
class Desk:
    """An editor with its workspace."""

    editor: FakeEditor
    workspace: LiveWorkspace

    async def change(self, path: str = "a.txt", *, old: str = "one", new: str = "two") -> Outcome:
        """Do what an agent would that is at home here."""
        file = self.workspace.locate(path)
        return await self.workspace.change(file, lambda text: str(text).replace(old, new), label="edit", on_intent=Intents())

    async def read(self, path: str = "a.txt") -> str | None:
        """Read what such an agent would read."""
        return await self.workspace.read(self.workspace.locate(path))


def desk(among: Overlays, *folders: Folder, editor: FakeEditor | None = None) -> Desk:
    editor = editor or FakeEditor()
    made = Desk(editor, LiveWorkspace(folders, editor=editor, patience=Patience(confirmation=0, refusal=0), among=among))
    editor.attach(made.workspace.documents)
    return made


@pytest.fixture
def desks(folder: Folder) -> tuple[Desk, Desk, Desk]:
    """Three editors in the same folder."""
    among = Overlays()
    return desk(among, folder), desk(among, folder), desk(among, folder)


async def test_what_another_editor_has_open_is_read_and_changed_there(desks: tuple[Desk, ...], write: Write) -> None:
    gone, other, _ = desks
    path = write("a.txt", "one\n")
    other.editor.open(path.as_uri(), "one\n")
    other.editor.type(path.as_uri(), 0, "unsaved ")
    other.editor.tell()
    gone.workspace.leave()
    assert await gone.read() == "unsaved one\n"
    assert gone.workspace.unsaved() == {str(path): "unsaved one\n"}
    assert isinstance(await gone.change(), Applied)
    assert (other.editor.texts[path.as_uri()], path.read_text()) == ("unsaved two\n", "one\n")


async def test_a_new_file_of_another_editor_is_there(desks: tuple[Desk, ...], root: Path) -> None:
    one, other, _ = desks
    uri = (root / "new.txt").as_uri()
    other.editor.open(uri, "fresh\n")
    assert [(file.path, file.uri) for file in await one.workspace.files()] == [("new.txt", uri)]
    other.workspace.leave()
    assert await one.workspace.files() == ()
    assert await one.read("new.txt") is None


async def test_another_project_is_no_business_of_an_editor_and_stays_outside(
    root: Path, folder: Folder, tmp_path: Path, write: Write
) -> None:
    """An editor that has a file open which is not of its folders is not asked; what it has open elsewhere stays out of reach."""
    among = Overlays()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    one, other = desk(among, folder), desk(among, Folder(uri=elsewhere.as_uri(), name="elsewhere", absolute=str(elsewhere)))
    path = write("a.txt", "one\n")
    other.editor.open(path.as_uri(), "looked at\n")
    other.editor.open((elsewhere / "b.txt").as_uri(), "private\n")
    assert await one.read() == "one\n"
    assert isinstance(await one.change(), Applied)
    assert path.read_text() == "two\n"
    assert one.workspace.unsaved() == {}
    assert [file.path for file in await one.workspace.files()] == ["a.txt"]
    assert other.editor.labels == []
    assert root.name == "project"


async def test_the_own_editor_comes_first_then_the_one_that_changed_the_file_last(desks: tuple[Desk, ...], write: Write) -> None:
    own, second, third = desks
    uri = write("a.txt", "one\n").as_uri()
    for each in (own, third, second):
        each.editor.open(uri, "one\n")
    assert isinstance(await own.change(), Applied)
    assert [each.editor.texts[uri] for each in desks] == ["two\n", "one\n", "one\n"]
    own.editor.close(uri)
    third.editor.type(uri, 0, "!")
    third.editor.tell()
    second.editor.type(uri, 0, "!")
    second.editor.tell()
    assert isinstance(await own.change(), Applied), "the same unsaved text divides nobody"
    assert [each.editor.texts[uri] for each in (second, third)] == ["!two\n", "!one\n"]


async def test_unsaved_text_comes_before_the_own_editor(desks: tuple[Desk, ...], write: Write) -> None:
    """Else there would be two unsaved texts of one file, made by us."""
    own, other, _ = desks
    uri = write("a.txt", "one\n").as_uri()
    own.editor.open(uri, "one\n")
    other.editor.open(uri, "one\n")
    other.editor.type(uri, 0, "unsaved ")
    other.editor.tell()
    assert await own.read() == "unsaved one\n"
    assert isinstance(await own.change(), Applied)
    assert (own.editor.texts[uri], other.editor.texts[uri]) == ("one\n", "unsaved two\n")


async def test_different_unsaved_texts_are_left_alone_and_told(desks: tuple[Desk, ...], write: Write) -> None:
    own, other, _ = desks
    path = write("a.txt", "one\n")
    uri = path.as_uri()
    for each, word in ((own, "my "), (other, "your ")):
        each.editor.open(uri, "one\n")
        each.editor.type(uri, 0, word)
        each.editor.tell()
    assert await own.read() == "my one\n"
    assert await own.change() == Refused(DIVIDED)
    assert [each.editor.texts[uri] for each in (own, other)] == ["my one\n", "your one\n"]
    assert path.read_text() == "one\n"
    other.editor.close(uri)
    assert isinstance(await own.change(), Applied)
    assert own.editor.texts[uri] == "my two\n"


async def test_a_buffer_that_is_behind_a_save_elsewhere_is_not_unsaved_text(desks: tuple[Desk, ...], write: Write) -> None:
    own, other, _ = desks
    path = write("a.txt", "one\n")
    uri = path.as_uri()
    own.editor.open(uri, "zero\n")
    other.editor.open(uri, "one\n")
    own.editor.type(uri, 0, "")
    own.editor.texts[uri] = "one\n"
    own.editor.type(uri, 0, "")  # as an editor does that loads a file anew: a change, and the text of the disk
    own.editor.tell()
    other.editor.type(uri, 0, "saved ")
    other.editor.tell()
    assert await own.read() == "saved one\n"
    path.write_text("saved one\n")
    other.workspace.documents.did_save(uri)
    assert await own.read() == "saved one\n"
    assert isinstance(await own.change(), Applied)
    assert (own.editor.texts[uri], other.editor.texts[uri]) == ("one\n", "saved two\n")


async def test_an_editor_that_leaves_while_it_is_asked_leaves_the_file_to_the_next(folder: Folder, write: Write) -> None:
    among = Overlays()
    uri = write("a.txt", "one\n").as_uri()

    class Leaving(FakeEditor):
        @override
        async def apply(self, edit: BufferEdit) -> str | None:
            self.labels.append(edit.label)
            leaving.workspace.leave()
            return "the editor refused: the client is gone"

    own, other = desk(among, folder), desk(among, folder)
    leaving = desk(among, folder, editor=Leaving())
    other.editor.open(uri, "one\n")
    leaving.editor.open(uri, "one\n")
    assert isinstance(await own.change(), Applied)
    assert (leaving.editor.labels, other.editor.texts[uri]) == (["edit"], "two\n")


async def test_a_file_is_changed_by_one_at_a_time_whoever_it_is(desks: tuple[Desk, ...], write: Write) -> None:
    one, other, _ = desks
    path = write("a.txt", "one\n")
    held: list[bool] = []

    async def intend(_: Draft) -> None:
        held.append(other.workspace._overlay.lock(str(path)).locked())

    file = one.workspace.locate("a.txt")
    assert isinstance(await one.workspace.change(file, lambda _: "two\n", label="edit", on_intent=intend), Applied)
    assert held == [True]
    assert not other.workspace._overlay.lock(str(path)).locked()


def test_a_workspace_holds_its_folders_what_lies_in_them_and_nothing_around(root: Path, folder: Folder, tmp_path: Path) -> None:
    (root / "part").mkdir()
    (tmp_path / "link").symlink_to(root)
    workspace = LiveWorkspace([folder])
    assert workspace.holds(folder.uri)
    assert workspace.holds(f"{folder.uri}/")
    assert workspace.holds((root / "part").as_uri())
    assert workspace.holds((tmp_path / "link").as_uri()), "another name of it"
    for other in (tmp_path.as_uri(), f"{folder.uri}2", "untitled:project"):
        assert not workspace.holds(other)
    workspace.set_folders([Folder(uri="vfs:/p", name="p", absolute=str(tmp_path / "elsewhere"))])
    assert workspace.holds("vfs:/p")
    assert not workspace.holds(folder.uri)
