"""``symbols``: where a name is defined, and which files a question is about, from the index of the project.

The index is brought up to date with the disk first, which costs little when little has changed. It answers from the text of open buffers,
and knows what the person has before them.
"""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from coterie.base.errors import ModelMistakeError, RequestError
from coterie.domain.code_ports import Index
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import Proposal, Reply
from coterie.tools.rules import Policy, evaluate, path_effect
from coterie.tools.tool import Arguments, BuiltinTool, Place

_MOST_DEFINITIONS = 30
_MOST_FILES = 10
_NAME = re.compile(r"[\w.:]+")


class SymbolsArguments(Arguments):
    """``query`` is a name, a part of one, or a question."""

    query: str = Field(min_length=1)


class Symbols(BuiltinTool[SymbolsArguments]):
    """Tells paths, lines and names, and only of files that may be read without asking."""

    name: ClassVar[str] = "symbols"
    description: ClassVar[str] = "Find a name's definitions and uses, or files on a topic."
    reads_only: ClassVar[bool] = True
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"read"})
    arguments = SymbolsArguments

    def __init__(self, place: Place, policy: Policy, index: Index) -> None:
        super().__init__(place)
        self.policy = policy
        self.index = index

    @override
    def declare(self, arguments: SymbolsArguments) -> tuple[Effect, ...]:
        """Read the folder."""
        return self.place.path_effects("read", ".")

    @override
    async def work_out(self, arguments: SymbolsArguments) -> Proposal:
        """Ask for both, and tell what there is of each."""
        folder, query = str(self.place.root), arguments.query.strip()
        try:
            await self.index.refresh(folder)
            lines = [*await self._definitions(folder, query), *await self._files(folder, query)]
        except RequestError as failure:
            raise ModelMistakeError(f"{failure.message} Use search instead.") from failure
        return Reply("\n".join(lines) or "Nothing fits.")

    async def _definitions(self, folder: str, query: str) -> list[str]:
        if not _NAME.fullmatch(query):
            return []
        name = re.split(r"\.|::", query)[-1]
        if not name:
            return []
        answer = await self.index.definitions(folder, name, _MOST_DEFINITIONS)
        used = [path for path in answer.used_in if self._readable(path)]
        found = [each for each in answer.found if self._readable(each.path)]
        return [
            # What follows are files on the topic, which a model would otherwise take for where the name is.
            *([] if found else [f"No file that may be read defines {name}."]),
            *(f"{each.path}:{each.line}-{each.end_line} {each.kind} {each.name}" for each in found),
            *([f"used in {', '.join(used)}"] if used else []),
        ]

    async def _files(self, folder: str, query: str) -> list[str]:
        found = (await self.index.rank(folder, self.place.question(query, _MOST_FILES))).found
        lines = (":{}-{}".format(*each.lines) if each.lines is not None else "" for each in found)
        return [
            f"{each.path}{place} ({', '.join(each.reasons)})" for each, place in zip(found, lines, strict=True) if self._readable(each.path)
        ]

    def _readable(self, path: str) -> bool:
        return evaluate([path_effect("read", path)], self.policy).verdict == "allow"
