"""``read_file``: the text of a file as the person sees it, unsaved changes included."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from coterie.base.errors import ModelMistakeError
from coterie.base.text import lines_of
from coterie.domain.edits import FileRef
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import Proposal, Reply
from coterie.tools.seen import Seen
from coterie.tools.tool import Arguments, BuiltinTool, Place

_MAX_CHARACTERS = 40_000


class ReadFileArguments(Arguments):
    """Lines count from 1; ``end_line`` is included."""

    path: str
    start_line: int | None = Field(default=None, ge=1)
    end_line: int | None = Field(default=None, ge=1)


class ReadFile(BuiltinTool[ReadFileArguments]):
    """Answers plain text without line numbers, so that pieces of it can go into ``edit_file`` as they are."""

    name: ClassVar[str] = "read_file"
    description: ClassVar[str] = "Read a text file, or its lines start_line to end_line (from 1, inclusive)."
    reads_only: ClassVar[bool] = True
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"read"})
    arguments = ReadFileArguments

    def __init__(self, place: Place, seen: Seen) -> None:
        super().__init__(place)
        self.seen = seen

    @override
    def declare(self, arguments: ReadFileArguments) -> tuple[Effect, ...]:
        """Read one path."""
        return self.place.path_effects("read", arguments.path)

    @override
    async def work_out(self, arguments: ReadFileArguments) -> Proposal:
        """Read the lines asked for, as many as fit."""
        file = self.place.workspace.locate(arguments.path, self.place.folder)
        name, text = self.place.name_of(file), await self.place.workspace.read(file)
        if text is None:
            raise ModelMistakeError(f"There is no file {name}. list_files shows what is there.")
        lines = lines_of(text)
        first, last = arguments.start_line or 1, min(arguments.end_line or len(lines), len(lines))
        if arguments.end_line is not None and arguments.end_line < first <= len(lines):
            raise ModelMistakeError(f"end_line {arguments.end_line} is before start_line {first}.")
        if first > max(last, 1):
            raise ModelMistakeError(f"start_line {first} is past the end: {name} has {len(lines)} lines.")
        shown = _fitting(lines[first - 1 : last])
        if len(shown) == len(lines):
            self.seen.show(file, text)
            return Reply(text)
        self.seen.show_part(file, text)
        ends = first + len(shown) - 1
        more = f"; go on with start_line={ends + 1}" if ends < last else ""
        return Reply(f"{_part_of(name)}{first}-{ends} of {len(lines)}{more}]\n{''.join(shown)}")


def is_part(output: str, file: FileRef) -> bool:
    """Say whether an answer of ``read_file`` holds only some lines of a file."""
    return output.startswith((_part_of(file.path), _part_of(file.absolute)))


def _part_of(name: str) -> str:
    return f"[{name}: lines "


def _fitting(lines: list[str]) -> list[str]:
    """Return the first lines that fit into one answer; a first line that alone is too long is cut."""
    room, shown = _MAX_CHARACTERS, list[str]()
    for line in lines:
        room -= len(line)
        if room < 0:
            return shown or [line[:_MAX_CHARACTERS]]
        shown.append(line)
    return shown
