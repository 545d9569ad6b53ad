"""``write_file``: the whole text of a file, new or replaced.

It replaces what the model has seen, or a file of which it has seen nothing. What the person typed since is not the model's to remove:
while the call is under way it is merged in, and before that the model has to read again.
"""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from coterie.base.errors import EditMismatchError, MergeConflictError
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import EditProposal, Proposal
from coterie.tools.seen import Seen
from coterie.tools.tool import Arguments, BuiltinTool, Place
from coterie.workspace.line_ends import shown
from coterie.workspace.merge import merge


class WriteFileArguments(Arguments):
    """``content`` is the whole new text."""

    path: str
    content: str


class WriteFile(BuiltinTool[WriteFileArguments]):
    """Creates or replaces. Folders on the way are made by whoever carries it out."""

    name: ClassVar[str] = "write_file"
    description: ClassVar[str] = "Create a file or replace its whole content."
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"write"})
    arguments = WriteFileArguments

    def __init__(self, place: Place, seen: Seen) -> None:
        super().__init__(place)
        self.seen = seen

    @override
    def declare(self, arguments: WriteFileArguments) -> tuple[Effect, ...]:
        """Write one path."""
        return self.place.path_effects("write", arguments.path)

    @override
    async def work_out(self, arguments: WriteFileArguments) -> Proposal:
        """Propose the content. Raises `EditMismatchError` when the model writes over what it has not seen."""
        file = self.place.workspace.locate(arguments.path, self.place.folder)
        name, text, content = self.place.name_of(file), await self.place.workspace.read(file), arguments.content
        if text is not None and self.seen.is_news(file, text):
            raise EditMismatchError(f"{name} has changed since you read it. Nothing was changed. Read it again first, or use edit_file.")
        self.seen.show(file, shown(content))

        def rewrite(current: str | None) -> str:
            if current is None or current == text:
                return content
            try:
                return merge(text or "", shown(content), current)
            except MergeConflictError as conflict:
                raise EditMismatchError(
                    f"{name} was edited while you wrote it. {conflict.message} Nothing was changed. Read it again first."
                ) from conflict

        return EditProposal(file, rewrite, f"{'Created' if text is None else 'Replaced'} {name}.")
