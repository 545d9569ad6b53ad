"""``list_files``: what files there are, without ignored, secret and binary ones."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from coterie.base.errors import ModelMistakeError
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import Proposal, Reply
from coterie.tools.patterns import PathPattern
from coterie.tools.tool import Arguments, BuiltinTool

_MAX_FILES = 500


class ListFilesArguments(Arguments):
    """``path`` is a folder; ``pattern`` a glob of paths, or of names when it holds no slash."""

    path: str | None = None
    pattern: str | None = None


class ListFiles(BuiltinTool[ListFilesArguments]):
    """Lists paths only: looking at a name is no effect on the file."""

    name: ClassVar[str] = "list_files"
    description: ClassVar[str] = "List files below path that match a glob: *.py, src/**."
    reads_only: ClassVar[bool] = True
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"read"})
    arguments = ListFilesArguments

    @override
    def declare(self, arguments: ListFilesArguments) -> tuple[Effect, ...]:
        """Read one folder."""
        return self.place.path_effects("read", arguments.path or ".")

    @override
    async def work_out(self, arguments: ListFilesArguments) -> Proposal:
        """List the paths, as many as fit."""
        folder = self.place.workspace.locate(arguments.path or ".", self.place.folder)
        under = "" if folder.path == "." else folder.path
        files = await self.place.workspace.files(folder.folder, under)
        if not files and arguments.path is not None:
            raise ModelMistakeError(f"path: there are no files below {arguments.path}.")
        if arguments.pattern is not None:
            glob = PathPattern(arguments.pattern if "/" in arguments.pattern else f"**/{arguments.pattern}")
            files = tuple(file for file in files if glob.matches_path(file.path))
        if not files:
            return Reply("No files.")
        cut = f"\n[{len(files) - _MAX_FILES} more; narrow it down with path or pattern]" if len(files) > _MAX_FILES else ""
        return Reply("\n".join(map(self.place.name_of, files[:_MAX_FILES])) + cut)
