"""``remember``: a note for later conversations about this project, in a file that people can read and edit.

Where the project is trusted that is `MEMORY_FILE` in its folder, an edit like any other; else a file in the person's own data folder. Rules
judge both as a write of `MEMORY_FILE`. ``context.memory`` reads them when the next conversation begins. `remembered` is pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from coterie.base.errors import ModelMistakeError
from coterie.base.ids import now
from coterie.base.redaction import looks_like_a_key
from coterie.base.text import bare_lines
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import EditProposal, NoteProposal, Proposal
from coterie.tools.rules import MEMORY_FILE
from coterie.tools.tool import Arguments, BuiltinTool

MAX_NOTE = 500
MAX_CHARACTERS = 8_000
"""Of a memory file, which is sent with every call: when it is full the oldest notes go."""
_HEAD = "# Memory\n\nWhat agents noted for later conversations, the newest last. Edit it as you like.\n"
_NOTE = "- "


class RememberArguments(Arguments):
    """``note`` is a sentence or two."""

    note: str = Field(min_length=1)


class Remember(BuiltinTool[RememberArguments]):
    """Adds a dated line. Says nothing twice, and nothing that looks like a secret."""

    name: ClassVar[str] = "remember"
    description: ClassVar[str] = "Note a lasting fact for later chats."
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"write"})
    arguments = RememberArguments

    @property
    @override
    def edits(self) -> bool:
        """Whether the note goes into a file of the workspace; else it goes into one of the person's own, which is not shown first."""
        return self.place.notes is None

    @override
    def declare(self, arguments: RememberArguments) -> tuple[Effect, ...]:
        """Write the memory of the project, wherever it is kept."""
        return self.place.path_effects("write", MEMORY_FILE)

    @override
    async def look_ahead(self, arguments: RememberArguments) -> None:
        """Raise for what is no note."""
        _line(arguments.note)
        if self.place.hide(arguments.note) != arguments.note or looks_like_a_key(arguments.note):
            raise ModelMistakeError("note: it holds what looks like a secret, and those are never kept. Leave that out.")

    @override
    async def work_out(self, arguments: RememberArguments) -> Proposal:
        """Propose the file with the note in it."""
        await self.look_ahead(arguments)
        line, day = _line(arguments.note), now()[:10]

        def rewrite(text: str | None) -> str:
            return remembered(text, line, day)

        if (own := self.place.notes) is not None:
            return NoteProposal(own, rewrite, "Noted.")
        return EditProposal(self.place.workspace.locate(MEMORY_FILE, self.place.folder), rewrite, "Noted.")


def remembered(text: str | None, note: str, day: str) -> str:
    """Return a memory file with a note in it, once, and without the oldest notes where there is no room for all."""
    lines = bare_lines(text or _HEAD)
    notes = [place for place, line in enumerate(lines) if line.startswith(_NOTE)]
    if any(_said(lines[place]) == _said(f"{_NOTE}{note}") for place in notes):
        return text or ""
    if notes and notes[-1] == len(lines) - 1:
        lines.append(f"{_NOTE}{day}: {note}")
    else:
        lines += ([""] if lines and lines[-1].strip() else []) + [f"{_NOTE}{day}: {note}"]
    too_much = sum(len(line) + 1 for line in lines) - MAX_CHARACTERS
    gone = set(notes[: _enough([len(lines[place]) + 1 for place in notes], too_much)])
    return "\n".join(line for place, line in enumerate(lines) if place not in gone) + "\n"


def _enough(sizes: Sequence[int], needed: int) -> int:
    """Say how many of the first ones make room enough; all of them when none do."""
    return 0 if needed <= 0 else 1 + next((count for count, freed in enumerate(accumulate(sizes)) if freed >= needed), len(sizes))


def _line(note: str) -> str:
    line = " ".join(note.split())
    if not line or len(line) > MAX_NOTE:
        raise ModelMistakeError(f"note: between one and {MAX_NOTE} characters, please; this has {len(line)}.")
    return line


def _said(line: str) -> str:
    """Return what a note says, without its date, for comparison."""
    said = line.removeprefix(_NOTE)
    date, colon, rest = said.partition(": ")
    return " ".join((rest if colon and len(date) == len("2026-01-31") and date[:4].isdigit() else said).split()).casefold().rstrip(".")
