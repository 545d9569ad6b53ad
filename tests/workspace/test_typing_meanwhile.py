"""A person types in the file that is being edited, over many seeded schedules and with editors of every manner.

What must hold: no keystroke is lost, an edit is in the text exactly once or it was refused, and undoing everything leaves exactly what the
person typed, or says that it cannot and leaves the text alone. An editor that ignores versions may itself destroy text; then the
workspace must say that it is unsure, and never "repair" it.
"""

import random
import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from coterie.base.errors import EditMismatchError, MergeConflictError
from coterie.domain.edits import Applied, Draft, Outcome, Refused, Rewrite
from coterie.domain.workspace_ports import Folder
from coterie.workspace.editing import Patience
from coterie.workspace.merge import revert
from coterie.workspace.workspace import LiveWorkspace
from editor_fake import FakeEditor, Manner, Point

SEEDS = range(200)
ORIGINAL = "".join(f"line {n} of the file\n" for n in range(6)) + "the TARGET word\n" + "".join(f"row {n}\n" for n in range(4)) + "end"
EDITS = (
    ("TARGET", "replaced"),
    ("line 2 of the file\n", "line 2 of the agent\nand one more\nand another\n"),
    ("row 1\n", ""),
    ("line 5", "😀 line 5"),
    ("end", "end of the file\n"),
)
# What the person types is unlike everything else, so that it can be told apart whatever happens to the text.
KEYSTROKES = re.compile(r"«\d+»(?:¶\n)?")


class Person:
    """Types at random places and moments, and remembers what."""

    def __init__(self, editor: FakeEditor, uri: str, seed: int) -> None:
        self.typed: list[str] = []
        self._editor, self._uri = editor, uri
        self._random = random.Random(seed)  # noqa: S311 - a schedule to repeat, not a secret
        self._restless = self._random.choice([0.0, 0.2, 0.5])

    def at_point(self, _: Point) -> None:
        while self._random.random() < self._restless:
            self.type()

    def type(self) -> None:
        text = self._editor.texts[self._uri]
        inside = {place for found in KEYSTROKES.finditer(text) for place in range(found.start() + 1, found.end())}
        words = f"«{len(self.typed)}»" + self._random.choice(["", "¶\n"])
        self._editor.type(self._uri, self._random.choice([place for place in range(len(text) + 1) if place not in inside]), words)
        self.typed.append(words)

    def maybe_type_and_tell(self) -> None:
        self.at_point("in_flight")
        self._editor.tell()


class Session:
    """One schedule: a workspace with one open file, its editor, its person, and what the file should read without the person's words."""

    def __init__(self, folder: Path, manner: Manner, seed: int) -> None:
        self.editor = FakeEditor(manner)
        # Only one manner makes anybody wait for what has not arrived when the editor answers.
        seconds = 60.0 if manner == "late" else 0.0
        self.workspace = LiveWorkspace(
            [Folder(uri=folder.as_uri(), name="work", absolute=str(folder))],
            editor=self.editor,
            patience=Patience(confirmation=seconds, refusal=seconds),
        )
        self.editor.attach(self.workspace.documents)
        self.file = self.workspace.locate("file.txt")
        self.editor.open(self.file.uri, ORIGINAL)
        self.person = Person(self.editor, self.file.uri, seed)
        self.editor.at_point = self.person.at_point

    @property
    def text(self) -> str:
        return self.editor.texts[self.file.uri]

    @property
    def others_words(self) -> str:
        return KEYSTROKES.sub("", self.text)

    async def change(self, rewrite: Rewrite, *, exact: bool = False) -> Outcome:
        async def intend(_: Draft) -> None:
            self.person.maybe_type_and_tell()

        outcome = await self.workspace.change(self.file, rewrite, label="edit", on_intent=intend, exact=exact)
        self.editor.tell()
        return outcome

    def check_keystrokes(self) -> None:
        assert Counter(KEYSTROKES.findall(self.text)) == Counter(self.person.typed)
        assert self.workspace.documents.text(self.file.uri) == self.text


def replacing(old: str, new: str) -> Rewrite:
    def rewrite(text: str | None) -> str:
        if text is None or text.count(old) != 1:
            raise EditMismatchError("not there once")
        return text.replace(old, new)

    return rewrite


def reverting(draft: Draft) -> Rewrite:
    return lambda text: revert(text, draft.before, draft.after)


async def play(session: Session, seen: Counter[str]) -> None:
    """Edit five times and take everything back, while the person types."""
    drafts: list[Draft] = []
    for old, new in EDITS:
        before = session.others_words
        try:
            outcome = await session.change(replacing(old, new))
        except EditMismatchError:
            outcome = Refused("typed into it")
        if not judged(session, outcome, before, before.replace(old, new), seen):
            return
        if isinstance(outcome, Applied):
            drafts.append(outcome.draft)
        session.person.maybe_type_and_tell()
    for draft in reversed(drafts):
        before = session.others_words
        try:
            outcome = await session.change(reverting(draft), exact=True)
        except MergeConflictError:
            outcome = Refused("conflict")
            seen["conflict"] += 1
        after = str(revert(before, KEYSTROKES.sub("", str(draft.before)), KEYSTROKES.sub("", str(draft.after))))
        if not judged(session, outcome, before, after, seen) or isinstance(outcome, Refused):
            return
    if len(drafts) == len(EDITS):
        seen["undone"] += 1
        assert session.others_words == ORIGINAL


def judged(session: Session, outcome: Outcome, before: str, after: str, seen: Counter[str]) -> bool:
    """Check the text after a change; False when the editor has made going on pointless, and the workspace has said so."""
    match outcome:
        case Applied():
            seen["applied"] += 1
            session.check_keystrokes()
            assert session.others_words == after
        case Refused(unsure=False):
            seen["refused"] += 1
            session.check_keystrokes()
            assert session.others_words == before
        case Refused():
            seen["unsure"] += 1
            if session.editor.manner == "careless":
                return False
            session.check_keystrokes()
            assert session.others_words in {before, after}
    return True


@pytest.mark.parametrize("manner", get_args(Manner))
async def test_no_keystroke_is_lost_and_no_edit_is_doubled(tmp_path: Path, manner: Manner) -> None:
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        session = Session(tmp_path, manner, seed)
        try:
            await play(session, seen)
        except AssertionError as failure:
            failure.add_note(f"{manner} editor, seed {seed}; the text is now:\n{session.text}")
            raise
    expected = {
        "strict": {"applied", "refused", "conflict", "undone"},
        "late": {"applied", "refused", "conflict", "undone"},
        "coalescing": {"applied", "refused", "conflict", "undone", "unsure"},
        "silent": {"refused", "unsure"},
        "careless": {"applied", "refused", "undone", "unsure"},
    }
    assert expected[manner] <= seen.keys(), "the schedules reach every outcome"
