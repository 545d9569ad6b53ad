"""``edit_file``: replace pieces of a file, each of which must stand there exactly once.

The proposal's rewrite is matched anew against what the person has typed by the time it is applied. ``regions`` words what did not fit.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from coterie.base.errors import EditMismatchError, ModelMistakeError
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import EditProposal, Proposal
from coterie.tools.regions import closest_region, places_of
from coterie.tools.seen import Seen
from coterie.tools.tool import Arguments, BuiltinTool, Place


class Replacement(Arguments):
    """One replacement."""

    old: str
    new: str


class EditFileArguments(Arguments):
    """The edits apply in order, each to what the one before it left."""

    path: str
    edits: tuple[Replacement, ...] = Field(min_length=1)


class EditFile(BuiltinTool[EditFileArguments]):
    """All edits or none; needs no earlier read."""

    name: ClassVar[str] = "edit_file"
    description: ClassVar[str] = "Replace text in a file. Each old must match exactly once; edits apply in order, all or none."
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"write"})
    arguments = EditFileArguments

    def __init__(self, place: Place, seen: Seen) -> None:
        super().__init__(place)
        self.seen = seen

    @override
    def declare(self, arguments: EditFileArguments) -> tuple[Effect, ...]:
        """Write one path."""
        return self.place.path_effects("write", arguments.path)

    @override
    async def work_out(self, arguments: EditFileArguments) -> Proposal:
        """Try the edits on the text as it is now, so that the model hears at once of what does not fit."""
        file = self.place.workspace.locate(arguments.path, self.place.folder)
        name, text = self.place.name_of(file), await self.place.workspace.read(file)

        def rewrite(current: str | None) -> str:
            if current is None:
                raise EditMismatchError(f"There is no file {name}. write_file creates one.")
            return apply_edits(current, arguments.edits, name)

        edited = await asyncio.to_thread(rewrite, text)
        if edited == text:
            raise ModelMistakeError(f"The edits change nothing in {name}: old and new are the same.")
        self.seen.follow(file, text or "", edited)
        count = len(arguments.edits)
        return EditProposal(file, rewrite, f"Edited {name}: {count} replacement{'s' if count > 1 else ''}.")


def apply_edits(text: str, edits: tuple[Replacement, ...], path: str) -> str:
    """Return ``text`` with every edit made. Raises `EditMismatchError` for the first that does not match exactly once.

    Agents see line feeds only (see `coterie.domain.workspace_ports.Workspace`), so a model that sends CRLF means the same.
    """
    for number, edit in enumerate(edits, 1):
        old, new = (piece.replace("\r\n", "\n") for piece in (edit.old, edit.new))
        which = f"edits.{number - 1}.old" if len(edits) > 1 else "old"
        if not old:
            raise EditMismatchError(f"{which} is empty. Quote the text to replace; write_file replaces a whole file.")
        places = places_of(old, text)
        if len(places) != 1:
            raise EditMismatchError(_mismatch(which, path, old, text, places))
        text = text[: places[0]] + new + text[places[0] + len(old) :]
    return text


def _mismatch(which: str, path: str, old: str, text: str, places: list[int]) -> str:
    if places:
        lines = ", ".join(str(text.count("\n", 0, place) + 1) for place in places[:10])
        return f"{which} matches {len(places)} times in {path} (lines {lines}); quote more around it. Nothing was changed."
    return f"{which} does not match in {path}. Nothing was changed. {closest_region(old, text)}"
