"""Closed files: where they may lie, which are listed, how they are read and replaced."""

import asyncio
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.base.errors import EditMismatchError, ModelMistakeError
from coterie.domain.edits import Applied, Refused
from coterie.domain.workspace_ports import Folder
from coterie.workspace import files
from coterie.workspace.uris import path_of
from coterie.workspace.workspace import LiveWorkspace
from editor_fake import Intents

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.py", "a.py"),
        ("./src/../a.py", "a.py"),
        ("src/new/deep.py", "src/new/deep.py"),
        (".", "."),
        ("link_inside/a.py", "src/a.py"),
        ("file://{root}/a%20b.py", "a b.py"),
        ("{root}/src/a.py", "src/a.py"),
        ("{other}/x.py", "x.py"),
    ],
)
def test_paths_inside_are_found_where_they_really_lie(root: Path, tmp_path: Path, folder: Folder, path: str, found: str) -> None:
    (root / "src").mkdir()
    (root / "link_inside").symlink_to("src")
    other = tmp_path / "other"
    other.mkdir()
    workspace = LiveWorkspace([folder, Folder(uri=other.as_uri(), name="other", absolute=str(other))])
    file = workspace.locate(path.format(root=root, other=other))
    assert file.path == found
    assert path_of(file.uri) == file.absolute
    assert workspace.locate(file.path, file.folder) == file


def test_work_in_a_folder_inside_of_one_is_done_there_and_nowhere_around(root: Path, tmp_path: Path, folder: Folder) -> None:
    around = LiveWorkspace([Folder(uri=tmp_path.as_uri(), name="around", absolute=str(tmp_path), trusted=True)])
    assert around.folder(folder.uri) == Folder(uri=folder.uri, name="project", absolute=str(root), trusted=True)
    assert around.locate("src/a.py", folder.uri) == LiveWorkspace([folder]).locate("src/a.py", folder.uri)
    assert around.locate("../b.py", folder.uri).folder == tmp_path.as_uri(), "what lies beside it is the workspace's, too"
    (root / "out").symlink_to("/etc")
    for outside in (tmp_path.parent.as_uri(), f"{folder.uri}/out", "untitled:x"):
        assert around.folder(outside) is None
        with pytest.raises(ModelMistakeError, match="is not a folder of this workspace"):
            around.locate("a.py", outside)


@pytest.mark.parametrize(
    "path", ["..", "../outside.txt", "/etc/passwd", "link_out", "link_out/x", "a/../../x", "../project2/x", "~root/\0"]
)
def test_nothing_outside_is_reached(root: Path, workspace: LiveWorkspace, path: str) -> None:
    (root / "link_out").symlink_to("/etc")
    with pytest.raises(ModelMistakeError):
        workspace.locate(path)


async def test_a_link_that_is_put_there_later_is_not_followed(tmp_path: Path, root: Path, workspace: LiveWorkspace, write: Write) -> None:
    write("src/a.txt", "old")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("old")
    file = workspace.locate("src/a.txt")

    def swap() -> None:
        if not (root / "src").is_symlink():
            (root / "src").rename(root / "was")
            (root / "src").symlink_to(outside)

    with pytest.raises(ModelMistakeError):
        await workspace.change(file, lambda _: "new", label="edit", on_intent=Intents(swap))
    assert (outside / "a.txt").read_text() == "old"
    assert sorted(path.name for path in outside.iterdir()) == ["a.txt"]


async def test_listing_leaves_out_what_is_nobodys_business(root: Path, workspace: LiveWorkspace, write: Write) -> None:
    for path in (
        "a.py",
        "src/keep.log",
        "src/drop.log",
        "build/out.py",
        "docs/x.md",
        "docs/draft.md",
        ".git/config",
        "node_modules/m/index.js",
        ".env",
        "deploy.PEM",
        ".venv/pyvenv.cfg",
        ".venv/lib.py",
        "private/notes.txt",
        "b.py.123.coterie-tmp",
        "scratch.py",
    ):
        write(path, "text\n")
    write(".git/info/exclude", "scratch.*\n/a.py\n")
    write(".gitignore", "*.log\n/build/\n!a.py\n")
    write("src/.gitignore", "!keep.log\n")
    write("docs/.ignore", "draft.*\n")
    write(".coterieignore", "private\n")
    (root / "data").write_bytes(b"a\0b")
    (root / "picture.png").write_bytes(b"not even one")
    (root / "link.py").symlink_to("a.py")
    (root / "loop").symlink_to(".")
    workspace.documents.did_open((root / "src/new.py").as_uri(), 1, "", "python")
    workspace.documents.did_open((root / "src/new.log").as_uri(), 1, "", "log")
    listed = [file.path for file in await workspace.files()]
    assert listed == [".coterieignore", ".gitignore", "a.py", "docs/.ignore", "docs/x.md", "src/.gitignore", "src/keep.log", "src/new.py"]
    assert [file.path for file in await workspace.files(under="docs")] == ["docs/.ignore", "docs/x.md"]
    assert await workspace.files(under="build") == ()
    assert all(file == workspace.locate(file.path) for file in await workspace.files())
    with pytest.raises(ModelMistakeError):
        await workspace.files(under="..")


@pytest.mark.parametrize(
    ("content", "shown", "exact"),
    [(b"a\r\nb\n", "a\nb\n", "a\r\nb\n"), (b"\xef\xbb\xbfa", "a", "\ufeffa"), ("é😀".encode(), "é😀", "é😀"), (None, None, None)],
)
async def test_reading(root: Path, workspace: LiveWorkspace, content: bytes | None, shown: str | None, exact: str | None) -> None:
    if content is not None:
        (root / "a.txt").write_bytes(content)
    file = workspace.locate("a.txt")
    assert await workspace.read(file) == shown
    assert await workspace.read(file, exact=True) == exact


async def test_what_is_no_text_cannot_be_read_or_edited(root: Path, workspace: LiveWorkspace, write: Write) -> None:
    (root / "latin1").write_bytes("é".encode("latin-1"))
    (root / "binary").write_bytes(b"a\0b")
    (root / "folder").mkdir()
    os.mkfifo(root / "fifo")
    write("large", "x" * (files.MAX_BYTES + 1))
    for name in ("latin1", "binary", "folder", "fifo", "large"):
        with pytest.raises(ModelMistakeError, match=name):
            await workspace.read(workspace.locate(name))
        with pytest.raises(ModelMistakeError, match=name):
            await workspace.change(workspace.locate(name), lambda _: "x", label="edit", on_intent=Intents())


async def test_a_closed_file_is_replaced_with_its_mode_and_behind_its_link(root: Path, workspace: LiveWorkspace, write: Write) -> None:
    target = write("bin/run", "#!/bin/sh\r\nold\r\n")
    target.chmod(0o751)
    (root / "run").symlink_to("bin/run")
    intents = Intents()
    outcome = await workspace.change(workspace.locate("run"), lambda text: f"{text}new\n", label="edit", on_intent=intents)
    assert outcome == Applied(intents[0])
    assert (intents[0].before, intents[0].after) == ("#!/bin/sh\r\nold\r\n", "#!/bin/sh\r\nold\r\nnew\r\n")
    assert target.read_bytes() == b"#!/bin/sh\r\nold\r\nnew\r\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o751
    assert (root / "run").is_symlink()
    assert [path.name for path in target.parent.iterdir()] == ["run"]


async def test_a_file_is_created_and_taken_away_with_its_folders(root: Path, workspace: LiveWorkspace) -> None:
    file = workspace.locate("docs/guide/new.md")
    assert isinstance(await workspace.change(file, lambda _: "hello\n", label="add", on_intent=Intents()), Applied)
    assert (root / "docs/guide/new.md").read_bytes() == b"hello\n"
    assert isinstance(await workspace.change(file, lambda _: None, label="undo", on_intent=Intents()), Applied)
    assert list(root.iterdir()) == []


async def test_a_change_of_nothing_is_not_announced(workspace: LiveWorkspace, write: Write) -> None:
    write("a.txt", "\ufeffa\r\nb\n")
    intents = Intents()
    assert isinstance(await workspace.change(workspace.locate("a.txt"), lambda text: text, label="edit", on_intent=intents), Applied)
    assert intents == []


async def test_a_file_that_changes_after_the_intent_is_matched_anew(workspace: LiveWorkspace, write: Write) -> None:
    path = write("a.txt", "one\n")
    theirs = iter(["two\n"])
    intents = Intents(lambda: [path.write_text(text) for text in theirs])
    await workspace.change(workspace.locate("a.txt"), lambda text: f"{text}mine\n", label="edit", on_intent=intents)
    assert path.read_text() == "two\nmine\n"
    assert [draft.before for draft in intents] == ["one\n", "two\n"]


async def test_a_file_that_never_rests_is_left_alone(workspace: LiveWorkspace, write: Write) -> None:
    path = write("a.txt", "")
    intents = Intents(lambda: path.write_text(path.read_text() + "x"))
    outcome = await workspace.change(workspace.locate("a.txt"), lambda text: f"{text}mine\n", label="edit", on_intent=intents)
    assert isinstance(outcome, Refused)
    assert path.read_text() == "xxxxx"


async def test_what_the_rewrite_raises_comes_out_and_nothing_is_done(workspace: LiveWorkspace, write: Write) -> None:
    path = write("a.txt", "one\n")

    def mismatch(_: str | None) -> str:
        raise EditMismatchError("not there")

    with pytest.raises(EditMismatchError):
        await workspace.change(workspace.locate("a.txt"), mismatch, label="edit", on_intent=Intents())
    with pytest.raises(ModelMistakeError, match="surrogate"):
        await workspace.change(workspace.locate("a.txt"), lambda _: "\ud83d", label="edit", on_intent=Intents())
    assert path.read_text() == "one\n"


async def test_what_the_system_refuses_is_said_in_words(root: Path, workspace: LiveWorkspace, write: Write) -> None:
    write("a.txt", "one\n")
    outcome = await workspace.change(workspace.locate("a.txt/below"), lambda _: "x", label="edit", on_intent=Intents())
    assert isinstance(outcome, Refused)
    assert "cannot be written" in outcome.reason
    assert sorted(path.name for path in root.iterdir()) == ["a.txt"]


async def test_what_a_killed_server_left_is_swept(root: Path, workspace: LiveWorkspace, write: Write) -> None:
    path = write("a.txt", "one\n")
    dead, alive = root / f".a.txt.{2**22 + 1}{files.TEMPORARY_SUFFIX}", root / f".a.txt.{os.getppid()}{files.TEMPORARY_SUFFIX}"
    dead.touch()
    alive.touch()
    await workspace.change(workspace.locate("a.txt"), lambda _: "two\n", label="edit", on_intent=Intents())
    assert path.read_text() == "two\n"
    assert sorted(root.iterdir()) == sorted([path, alive])


async def test_a_cancellation_waits_for_the_effect() -> None:
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(60)
        ended.set()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(files.in_thread(work))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        asyncio.get_running_loop().call_soon(go.set)
    assert task.cancelled()
    assert ended.is_set()


async def test_two_changes_of_one_file_wait_for_each_other(workspace: LiveWorkspace, write: Write) -> None:
    path = write("a.txt", "")
    file, intents = workspace.locate("a.txt"), Intents()

    async def add(line: str) -> None:
        await workspace.change(file, lambda text: f"{text}{line}\n", label="edit", on_intent=intents)

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(add(str(number)))
    assert path.read_text() == "".join(f"{number}\n" for number in range(8))
    assert len(intents) == 8, "none had to be matched anew"


async def test_many_are_read_as_one_is_buffers_first_and_what_is_no_text_is_left_out(workspace: LiveWorkspace, write: Write) -> None:
    for path, text in (("a.py", "one\r\n"), ("b.bin", "x\0"), ("c.py", "\ufefftwo\n"), ("d.py", "on disk\n")):
        write(path, text)
    typed = workspace.locate("d.py")
    workspace.documents.did_open(typed.uri, 1, "typed\r\n", "python")
    wanted = [workspace.locate(path) for path in ("d.py", "gone.py", "c.py", "b.bin", "a.py")]
    found, complete = await workspace.read_many(wanted, room=100)
    assert complete
    assert {file.path: text for file, text in found} == {"d.py": "typed\n", "gone.py": "", "c.py": "two\n", "a.py": "one\n"}
    assert [file.path for file, _ in found] == ["d.py", "gone.py", "c.py", "a.py"]
    for file, text in found:
        assert text == (await workspace.read(file) or "")
    found, complete = await workspace.read_many(wanted, room=8)
    assert ([file.path for file, _ in found], complete) == (["d.py", "gone.py"], False)
    with pytest.raises(ModelMistakeError, match="outside"):
        await workspace.read_many([LiveWorkspace([Folder("file:///", "all", "/")]).locate("/etc/hosts")], room=9)
