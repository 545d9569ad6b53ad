"""``delete_file``: take a file away. Its text stays in the run's journal, so an undo brings it back."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from coterie.base.errors import ModelMistakeError
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import EditProposal, Proposal
from coterie.tools.rules import command_effect
from coterie.tools.tool import Arguments, BuiltinTool
from coterie.workspace.files import in_thread
from coterie.workspace.git import is_tracked


class DeleteFileArguments(Arguments):
    """A file, never a folder."""

    path: str


class DeleteFile(BuiltinTool[DeleteFileArguments]):
    """Deletes what version control knows; anything else is asked for, like the command that would do it."""

    name: ClassVar[str] = "delete_file"
    description: ClassVar[str] = "Delete a file."
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"write"})
    arguments = DeleteFileArguments

    @override
    def declare(self, arguments: DeleteFileArguments) -> tuple[Effect, ...]:
        """Write one path."""
        return self.place.path_effects("write", arguments.path)

    @override
    async def look_up(self, arguments: DeleteFileArguments) -> tuple[Effect, ...]:
        """Of a file that version control does not know there may be no other copy."""
        file = self.place.workspace.locate(arguments.path, self.place.folder)
        return () if await in_thread(is_tracked, file.absolute) else (command_effect(["rm", self.place.name_of(file)]),)

    @override
    async def look_ahead(self, arguments: DeleteFileArguments) -> None:
        """Say so when there is nothing to delete."""
        await self.work_out(arguments)

    @override
    async def work_out(self, arguments: DeleteFileArguments) -> Proposal:
        """Propose the deletion of the text that is there now."""
        file = self.place.file_itself(arguments.path)
        name, text = self.place.name_of(file), await self.place.workspace.read(file)
        if text is None:
            raise ModelMistakeError(f"There is no file {name}.")

        def rewrite(current: str | None) -> None:
            if current is not None and current != text:
                raise ModelMistakeError(f"{name} was edited meanwhile. Nothing was deleted. Look at it again first.")

        return EditProposal(file, rewrite, f"Deleted {name}.")
