"""Open files: the buffer is the truth, the editor applies, and its text has the last word."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from coterie.domain.edits import Applied, BufferEdit, Refused
from coterie.domain.workspace_ports import Folder
from coterie.workspace.documents import Documents
from coterie.workspace.editing import ATTEMPTS, Patience
from coterie.workspace.text_changes import apply_text_changes, text_changes
from coterie.workspace.workspace import LiveWorkspace
from editor_fake import FakeEditor, Intents, Manner

Write = Callable[[str, str], Path]


class OddEditor(FakeEditor):
    """Does ``after`` with an edit that it has applied or dropped, and answers what that says."""

    def __init__(self, after: Callable[[BufferEdit], str | None], manner: Manner = "strict") -> None:
        super().__init__(manner)
        self._after = after

    @override
    async def apply(self, edit: BufferEdit) -> str | None:
        await super().apply(edit)
        return self._after(edit)


def attached(folder: Folder, editor: FakeEditor) -> LiveWorkspace:
    """Return a workspace of an editor that tells everything before it answers, so that nothing is waited for."""
    workspace = LiveWorkspace([folder], editor=editor, patience=Patience(confirmation=0, refusal=0))
    editor.attach(workspace.documents)
    return workspace


def unanswered(_: BufferEdit) -> str:
    raise TimeoutError


def replacing(old: str, new: str) -> Callable[[str | None], str]:
    return lambda text: str(text).replace(old, new)


async def test_an_open_file_is_edited_in_its_buffer_only(folder: Folder, write: Write) -> None:
    path = write("a.txt", "on disk\n")
    editor = FakeEditor()
    workspace = attached(folder, editor)
    editor.open(path.as_uri(), "one\r\ntwo\r\nthree\r\n")
    file = workspace.locate("a.txt")
    assert await workspace.read(file) == "one\ntwo\nthree\n"
    intents = Intents()
    outcome = await workspace.change(file, replacing("two\n", "2\n2½\n"), label="count", on_intent=intents)
    assert outcome == Applied(intents[0])
    assert editor.texts[path.as_uri()] == "one\r\n2\r\n2½\r\nthree\r\n" == await workspace.read(file, exact=True)
    assert editor.labels == ["count"]
    assert path.read_text() == "on disk\n"


@pytest.mark.parametrize(
    ("manner", "answer", "outcome"),
    [
        ("silent", lambda _: "no", Refused("no")),
        ("silent", unanswered, Refused("the editor did not answer; the edit may still appear", unsure=True)),
        ("strict", unanswered, Applied),
        ("strict", lambda _: "no", Applied),
        ("silent", lambda _: None, Refused("the editor said that it applied the edit, but its text has not changed", unsure=True)),
    ],
)
async def test_the_text_counts_and_not_the_answer(
    folder: Folder, write: Write, manner: Manner, answer: Callable[[BufferEdit], str | None], outcome: Refused | type[Applied]
) -> None:
    path = write("a.txt", "one\n")
    editor = OddEditor(answer, manner)
    workspace = attached(folder, editor)
    editor.open(path.as_uri(), "one\n")
    result = await workspace.change(workspace.locate("a.txt"), replacing("one", "two"), label="edit", on_intent=Intents())
    assert result == outcome or result.__class__ is outcome
    assert len(editor.labels) == 1, "an edit that may have come is not sent again"


async def test_an_edit_that_was_dropped_for_its_version_is_not_waited_for_when_the_text_says_so(folder: Folder, write: Write) -> None:
    path = write("a.txt", "one\n")
    editor = FakeEditor("silent")
    editor.at_point = lambda _: editor.type(path.as_uri(), 0, "typed ")
    workspace = LiveWorkspace([folder], editor=editor, patience=Patience(confirmation=3600, refusal=0))
    editor.attach(workspace.documents)
    editor.open(path.as_uri(), "one\n")
    outcome = await workspace.change(workspace.locate("a.txt"), replacing("one", "two"), label="edit", on_intent=Intents())
    assert outcome == Refused("the editor said that it applied the edit, but its text does not show it", unsure=True)


async def test_a_person_who_never_rests_is_left_to_type(folder: Folder, write: Write) -> None:
    path = write("a.txt", "")
    editor = FakeEditor()
    workspace = attached(folder, editor)
    editor.open(path.as_uri(), "one\n")
    editor.at_point = lambda _: editor.type(path.as_uri(), 0, "x")
    intents = Intents()
    outcome = await workspace.change(workspace.locate("a.txt"), replacing("one", "two"), label="edit", on_intent=intents)
    assert isinstance(outcome, Refused)
    assert not outcome.unsure
    assert [draft.before for draft in intents] == ["x" * times + "one\n" for times in range(ATTEMPTS)]
    assert editor.texts[path.as_uri()] == "xxxxxone\n"


async def test_a_file_that_is_opened_after_the_intent_goes_through_the_editor(folder: Folder, write: Write) -> None:
    path = write("a.txt", "one\n")
    editor = FakeEditor()
    workspace = attached(folder, editor)

    def open_it() -> None:
        if not editor.texts:
            editor.open(path.as_uri(), "mine one\n")

    intents = Intents(open_it)
    assert isinstance(await workspace.change(workspace.locate("a.txt"), replacing("one", "two"), label="edit", on_intent=intents), Applied)
    assert editor.texts[path.as_uri()] == "mine two\n"
    assert path.read_text() == "one\n"


async def test_a_file_that_is_closed_after_the_intent_is_edited_on_disk(folder: Folder, write: Write) -> None:
    path = write("a.txt", "one\n")
    editor = FakeEditor()
    workspace = attached(folder, editor)
    editor.open(path.as_uri(), "thrown away\n")

    def close_it() -> None:
        if editor.texts:
            editor.close(path.as_uri())

    intents = Intents(close_it)
    change = workspace.change(workspace.locate("a.txt"), lambda text: f"{text}mine\n", label="edit", on_intent=intents)
    assert isinstance(await change, Applied)
    assert path.read_text() == "one\nmine\n"


@pytest.mark.parametrize("saved", [True, False])
async def test_a_buffer_that_is_closed_before_it_showed_the_edit(folder: Folder, write: Write, *, saved: bool) -> None:
    path = write("a.txt", "one\n")

    def close(edit: BufferEdit) -> None:
        if saved:
            path.write_text("two\n")
        editor.close(edit.uri)

    editor = OddEditor(close, "silent")
    workspace = attached(folder, editor)
    editor.open(path.as_uri(), "one\n")
    intents = Intents()
    outcome = await workspace.change(
        workspace.locate("a.txt"), lambda text: f"{text}".replace("one", "two"), label="edit", on_intent=intents
    )
    assert isinstance(outcome, Applied)
    assert path.read_text() == "two\n"
    assert len(intents) == (1 if saved else 2)


async def test_without_an_editor_a_buffer_is_not_touched(folder: Folder, write: Write) -> None:
    path = write("a.txt", "one\n")
    workspace = LiveWorkspace([folder])
    workspace.documents.did_open(path.as_uri(), 1, "one\n", "plaintext")
    outcome = await workspace.change(workspace.locate("a.txt"), replacing("one", "two"), label="edit", on_intent=Intents())
    assert isinstance(outcome, Refused)
    assert path.read_text() == "one\n"


@pytest.mark.parametrize(("text", "gone"), [("one\n", True), ("one\nunsaved\n", False)])
async def test_an_open_file_is_deleted_only_when_nothing_is_unsaved(folder: Folder, write: Write, text: str, *, gone: bool) -> None:
    path = write("a.txt", "\ufeffone\n")
    editor = FakeEditor()
    workspace = attached(folder, editor)
    editor.open(path.as_uri(), text)
    intents = Intents()
    outcome = await workspace.change(workspace.locate("a.txt"), lambda _: None, label="undo", on_intent=intents)
    assert isinstance(outcome, Applied if gone else Refused)
    assert path.exists() is not gone
    assert len(intents) == gone
    assert editor.texts[path.as_uri()] == text


async def test_a_buffer_behind_a_link_or_another_spelling_is_the_files(root: Path, folder: Folder, write: Write) -> None:
    write("src/a b.txt", "one\n")
    (root / "link").symlink_to("src")
    editor = FakeEditor()
    workspace = attached(folder, editor)
    uri = f"{root.as_uri().replace('project', 'p%72oject')}/link/a%20b.txt"
    editor.open(uri, "mine\n")
    file = workspace.locate("src/a b.txt")
    assert file.uri == uri
    assert await workspace.read(file) == "mine\n"
    assert [(file.path, file.uri) for file in await workspace.files()] == [("src/a b.txt", uri)]


def test_unsaved_is_what_differs_from_the_disk(root: Path, tmp_path: Path, workspace: LiveWorkspace, write: Write) -> None:
    for name, text in {"same": "a\n", "marked": "\ufeffa\n", "typed": "a\n", "changed": "a\n"}.items():
        workspace.documents.did_open(write(name, text).as_uri(), 1, "a\n", "plaintext")
    workspace.documents.did_open((root / "new").as_uri(), 1, "", "plaintext")
    workspace.documents.did_open((tmp_path / "outside").as_uri(), 1, "secret", "plaintext")
    workspace.documents.did_open("untitled:Untitled-1", 1, "draft", "plaintext")
    (root / "latin1").write_bytes("é".encode("latin-1"))
    workspace.documents.did_open((root / "latin1").as_uri(), 1, "é", "plaintext")
    assert workspace.unsaved() == {str(root / "new"): ""}
    workspace.documents.did_change((root / "typed").as_uri(), 2, "ab\n")
    workspace.documents.did_change((root / "latin1").as_uri(), 2, "è")
    write("changed", "by somebody else\n")
    expected = {"new": "", "typed": "ab\n", "latin1": "è", "changed": "a\n"}
    assert workspace.unsaved() == {str(root / name): text for name, text in expected.items()}
    write("typed", "ab\n")
    workspace.documents.did_save((root / "latin1").as_uri())
    workspace.documents.did_close((root / "new").as_uri())
    assert workspace.unsaved() == {str(root / "changed"): "a\n"}


async def test_no_state_of_a_watched_buffer_is_missed() -> None:
    documents = Documents()
    documents.did_open("file:///a", 1, "a", "")
    with documents.watch("file:///a") as states:
        documents.did_change("file:///a", 2, "b")
        documents.did_change("file:///b", 2, "not open")
        documents.did_change("file:///a", 3, "c")
        documents.did_close("file:///a")
        assert [state and (state.version, state.text) for state in (states.get_nowait() for _ in range(3))] == [(2, "b"), (3, "c"), None]
    assert documents.text("file:///a") is None


def test_half_a_character_becomes_a_whole_one_of_the_same_length() -> None:
    documents = Documents()
    documents.did_open("file:///a", 1, "a\ud83db😀", "")
    assert documents.text("file:///a") == "a\ufffdb😀"


texts = st.lists(st.sampled_from(["a\r\n", "a\n", "\r\n", "ab", "😀", "\r"]), max_size=8).map("".join)


@given(texts, texts)
def test_text_changes_lead_from_one_text_to_the_other_and_cut_no_line_end(before: str, after: str) -> None:
    changes = text_changes(before, after)
    assert apply_text_changes(before, changes) == after
    for change in changes:
        for place in (change.start, change.end):
            assert before[place - 1 : place + 1] != "\r\n" or not place
        assert not (change.text.startswith("\n") and before[: change.start].endswith("\r"))
        assert not (change.text.endswith("\r") and before[change.end :].startswith("\n"))


def test_text_changes_are_small() -> None:
    changes = text_changes("def f(x):\n    return x\n\nend\n", "def f(y):\n    return x\n# more\n\nend\n")
    assert [(change.start, change.end, change.text) for change in changes] == [(6, 7, "y"), (23, 23, "# more\n")]
