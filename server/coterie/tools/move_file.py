"""``move_file``: give a file another path. ``agents.effects`` makes the new file before it takes the old one away."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from coterie.base.errors import ModelMistakeError
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import MoveProposal, Proposal
from coterie.tools.tool import Arguments, BuiltinTool
from coterie.workspace.files import in_thread, mode_of


class MoveFileArguments(Arguments):
    """Both paths are relative to the workspace folder; nothing may be at ``to`` yet."""

    path: str
    to: str


class MoveFile(BuiltinTool[MoveFileArguments]):
    """Moves or renames one file of text. Folders on the way are made."""

    name: ClassVar[str] = "move_file"
    description: ClassVar[str] = "Move or rename a file; to is a path where no file is yet."
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"write"})
    arguments = MoveFileArguments

    @override
    def declare(self, arguments: MoveFileArguments) -> tuple[Effect, ...]:
        """Write both paths."""
        return (*self.place.path_effects("write", arguments.path), *self.place.path_effects("write", arguments.to))

    @override
    async def look_ahead(self, arguments: MoveFileArguments) -> None:
        """Say so when there is nothing to move, or no room for it."""
        await self.work_out(arguments)

    @override
    async def work_out(self, arguments: MoveFileArguments) -> Proposal:
        """Propose the move of the text that is there now, line ends and all."""
        workspace, folder = self.place.workspace, self.place.folder
        file, to = self.place.file_itself(arguments.path), workspace.locate(arguments.to, folder)
        name, new_name = self.place.name_of(file), self.place.name_of(to)
        text = await workspace.read(file, exact=True)
        if text is None:
            raise ModelMistakeError(f"There is no file {name}.")
        if file.absolute == to.absolute or await workspace.read(to) is not None:
            raise ModelMistakeError(f"{new_name} exists already. Nothing was moved.")
        mode = await in_thread(mode_of, file.absolute)
        return MoveProposal(file, to, text, mode, f"Moved {name} to {new_name}.")
