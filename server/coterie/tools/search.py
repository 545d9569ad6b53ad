"""``search``: lines that hold a text, or match a regular expression, over the files as the person sees them.

All files are searched, those first that the index takes for most relevant to the words of the query; where it cannot be asked, or knows
nothing yet, by path.

Expressions run in a process of their own (`coterie.tools.matching`): one that backtracks for ever cannot be stopped within this one, and
would block the event loop meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from coterie.base.errors import ModelMistakeError, RequestError
from coterie.domain.edits import FileRef
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import Proposal, Reply
from coterie.tools import matching
from coterie.tools.rules import Policy, evaluate, path_effect
from coterie.tools.tool import Arguments, BuiltinTool, Place

_MAX_RESULTS = 200
_MAX_CHARACTERS = 20_000_000
_REGEX_TIMEOUT_S = 10.0


class SearchArguments(Arguments):
    """``path`` is a folder or a file."""

    query: str = Field(min_length=1)
    path: str | None = None
    regex: bool = False


class Search(BuiltinTool[SearchArguments]):
    """Literal and with regard to case, unless ``regex``. Looks only into files that may be read without asking."""

    name: ClassVar[str] = "search"
    description: ClassVar[str] = "Search the files below path for a text or regex; answers path:line:text."
    reads_only: ClassVar[bool] = True
    kinds: ClassVar[frozenset[EffectKind]] = frozenset({"read"})
    arguments = SearchArguments

    def __init__(self, place: Place, policy: Policy, *, regex_timeout_s: float = _REGEX_TIMEOUT_S) -> None:
        super().__init__(place)
        self.policy = policy
        self.regex_timeout_s = regex_timeout_s

    @override
    def declare(self, arguments: SearchArguments) -> tuple[Effect, ...]:
        """Read one folder or file."""
        return self.place.path_effects("read", arguments.path or ".")

    @override
    async def work_out(self, arguments: SearchArguments) -> Proposal:
        """Search, and cut what is too much."""
        if arguments.regex:
            try:
                re.compile(arguments.query)
            except re.error as wrong:
                raise ModelMistakeError(f"query: not a valid regular expression: {wrong}.") from wrong
        files = await self._ordered(await self._files(arguments.path), arguments.query)
        read, complete = await self.place.workspace.read_many(files, room=_MAX_CHARACTERS)
        texts = [(self.place.name_of(file), text) for file, text in read]
        if arguments.regex:
            found = await self._match_apart(arguments.query, texts)
        else:
            found = await asyncio.to_thread(matching.literal_matches, arguments.query, texts, _MAX_RESULTS + 1)
        lines = found[:_MAX_RESULTS] or ["No matches."]
        if len(found) > _MAX_RESULTS:
            lines.append(f"[only the first {_MAX_RESULTS}; narrow it down]")
        if not complete:
            lines.append("[not all files were searched: there is too much text; give a path]")
        return Reply("\n".join(lines))

    async def _ordered(self, files: tuple[FileRef, ...], query: str) -> list[FileRef]:
        """Put the files first that the index finds for the query."""
        folder = self.place.workspace.folder(files[0].folder) if len(files) > 1 else None
        if self.place.index is None or folder is None:
            return list(files)
        try:
            answer = await self.place.index.rank(folder.absolute, self.place.question(query, _MAX_RESULTS, folder=folder.absolute))
        except RequestError:
            return list(files)
        places = {found.path: place for place, found in enumerate(answer.found)}
        return sorted(files, key=lambda file: places.get(file.path, len(places)))

    async def _files(self, path: str | None) -> tuple[FileRef, ...]:
        workspace = self.place.workspace
        start = workspace.locate(path or ".", self.place.folder)
        if path is not None and await asyncio.to_thread(Path(start.absolute).is_file):
            return (start,)
        files = await workspace.files(start.folder, "" if start.path == "." else start.path)
        if not files and path is not None:
            raise ModelMistakeError(f"path: there are no files below {path}.")
        return await asyncio.to_thread(self._readable, files)

    def _readable(self, files: tuple[FileRef, ...]) -> tuple[FileRef, ...]:
        return tuple(file for file in files if evaluate([path_effect("read", file.path)], self.policy).verdict == "allow")

    async def _match_apart(self, expression: str, texts: list[tuple[str, str]]) -> list[str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", matching.__file__, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        try:
            asked = await asyncio.to_thread(_asked, expression, texts)
            answer, _ = await asyncio.wait_for(process.communicate(asked), self.regex_timeout_s)
        except TimeoutError as slow:
            raise ModelMistakeError("query: this regular expression takes too long here; make it simpler.") from slow
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        found: list[str] = json.loads(answer)
        return found


def _asked(expression: str, texts: list[tuple[str, str]]) -> bytes:
    return json.dumps({"expression": expression, "texts": texts, "limit": _MAX_RESULTS + 1}).encode()
