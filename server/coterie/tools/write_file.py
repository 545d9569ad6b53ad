"""``write_file``: the whole text of a file, new or replaced."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import EditProposal, Proposal
from coterie.tools.tool import Arguments, BuiltinTool


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

    @override
    def declare(self, arguments: WriteFileArguments) -> tuple[Effect, ...]:
        """Write one path."""
        return self.place.path_effects("write", arguments.path)

    @override
    async def work_out(self, arguments: WriteFileArguments) -> Proposal:
        """Propose the content, whatever was there when it is applied."""
        file = self.place.workspace.locate(arguments.path, self.place.folder)
        existed = await self.place.workspace.read(file) is not None
        content = arguments.content

        def rewrite(_: str | None) -> str:
            return content

        return EditProposal(file, rewrite, f"{'Replaced' if existed else 'Created'} {file.path}.")
