"""Takes back what commands did to files that no text tells: links, permissions, files that are no text.

`agents.undo` calls it around the texts: what stands in their way goes first, what lies where they come again is given back after them. No
intent stands in the journal before it, since each file shows by itself whether it was given back, and what is taken away is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from coterie.agents.live_run import LiveRun
from coterie.agents.standing import Standing
from coterie.base.errors import ModelMistakeError
from coterie.domain.edits import LeftOut, LeftOutWhy, UndoConflict
from coterie.domain.records import SettledRecord
from coterie.domain.workspace_ports import Workspace

WHY: dict[LeftOutWhy, str] = {
    "binary": "no text",
    "large": "too large",
    "secret": "a secret by its name",
    "link": "a symbolic link",
    "mode": "its permissions",
}
"""Why no text tells what was done to a file."""
_WRITABLE = 0o200
Place: TypeAlias = tuple[str, str]
"""What a file is called and its URI: files of two folders may have the same path."""


def reason(left_out: LeftOut) -> str:
    """Return why a file cannot be given back, for whoever wants it undone."""
    if left_out.unsure is not None and (left_out.is_known or left_out.is_place_known):
        return by_name(left_out.unsure)
    if left_out.unsure is not None:
        return f"{left_out.unsure} It was left as it is."
    if left_out.what == "made":
        return f"A command made it, and it was left as it is ({WHY[left_out.why]}). Delete it yourself if you do not want it."
    return f"A command {left_out.what} it, and what was there before is not kept ({WHY[left_out.why]})."


def by_name(unsure: str) -> str:
    """Say why something is not taken back with all others, and what helps: somebody else may have written what it holds."""
    return f"{unsure} Undo this file by its name to take it back all the same."


@dataclass(slots=True)
class GivenBack:
    """What an undo gives back beside texts, and what it cannot; ``named`` says that the person asked for these very files."""

    run: LiveRun
    workspace: Workspace
    standing: Sequence[Standing]
    named: bool
    restored: list[Place] = field(default_factory=list)
    conflicts: list[UndoConflict] = field(default_factory=list)
    not_undoable: list[UndoConflict] = field(default_factory=list)
    _later: Sequence[LeftOut] = ()

    async def before_texts(self) -> None:
        """Take away what may be where a text was, and give back permissions without which none can be written."""
        known = self._known()
        away = {uri for each in known if each.why != "mode" for uri in (each.uri, each.moved_from)}  # where another file may be, or none
        first = sorted((each for each in known if _comes_first(each, away)), key=lambda each: each.moved_from is not None)
        later = [*await self._give_back(first), *(each for each in known if each not in first)]
        self._later = sorted(later, key=lambda each: each.why == "mode")

    async def after_texts(self) -> None:
        """Give back the rest, and tell what cannot be given back."""
        await self._note([(each, "undone") for each in await self._give_back(self._later)])  # its file is gone for good
        untold = [each for each in self.standing if not self._can(each.left_out) and (self.named or not each.is_told)]
        self.not_undoable += [_conflict(each.left_out, reason(each.left_out)) for each in untold]
        await self._note([(each.left_out, "told") for each in untold if not each.is_told])

    def _known(self) -> Sequence[LeftOut]:
        return [each.left_out for each in self.standing if self._can(each.left_out)]

    def _can(self, left_out: LeftOut) -> bool:
        return (self.named or left_out.unsure is None) and (left_out.is_known or left_out.is_place_known)

    async def _give_back(self, left_out: Iterable[LeftOut]) -> Sequence[LeftOut]:
        """Give back what is there; returns what is not."""
        missing = []
        for each in left_out:
            try:
                if await self.workspace.give_back(self.run.run_id, each):
                    self.restored.append((each.path, each.uri))
                    if not each.is_known:  # but that it is where it was
                        self.not_undoable.append(_conflict(each, reason(replace(each, unsure=None))))
                    await self._note([(each, "undone")])
                else:
                    missing.append(each)
            except ModelMistakeError as mistake:
                self.conflicts.append(_conflict(each, mistake.message))
        return missing

    async def _note(self, settled: Iterable[tuple[LeftOut, Literal["undone", "told"]]]) -> None:
        await self.run.record(*(SettledRecord(uri=each.uri, of_mode=each.why == "mode", state=state) for each, state in settled))


def _comes_first(left_out: LeftOut, away: Collection[str | None]) -> bool:
    if left_out.why != "mode":
        return left_out.is_from_elsewhere and not (left_out.was or "").startswith("link ")
    return left_out.uri not in away and bool(int((left_out.was or "mode 0").split()[1], 8) & _WRITABLE)


def _conflict(left_out: LeftOut, why: str) -> UndoConflict:
    return UndoConflict(path=left_out.path, reason=why, uri=left_out.uri)
