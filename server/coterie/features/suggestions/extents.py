"""How much is suggested at a place: one line or a block, by the syntax tree where there is one and by indentation where there is not.

``service`` asks before anything else is asked. The parser of a language is loaded in a thread by the first request that needs it, and never
while the server starts; a request waits a moment for it. Parsing what a model is shown of a document takes two milliseconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from coterie.base.tasks import TaskSupervisor
from coterie.context.blocks import GRAMMAR_OF, extent_by_tree
from coterie.context.fill import Extent, Gap, extent_of

if TYPE_CHECKING:
    from tree_sitter import Parser

WITHIN_S = 0.15
"""What a request waits for a parser."""
log = logging.getLogger(__name__)

Loading: TypeAlias = Callable[[str], Awaitable["Parser"]]


async def loaded(grammar: str) -> Parser:
    """Load a parser, away from the event loop."""
    from coterie.index.trees import parser_of  # noqa: PLC0415 - only where ghost text is asked for

    return await asyncio.to_thread(parser_of, grammar)


class Extents:
    """Holds the parsers of one editor's languages."""

    def __init__(self, loading: Loading = loaded) -> None:
        self._loading = loading
        self._tasks = TaskSupervisor("parsers")
        self._parsers: dict[str, asyncio.Task[Parser | None]] = {}

    async def extent(self, gap: Gap, language: str, *, manual: bool) -> Extent:
        """Return how much may be suggested at a gap. ``language`` is what the editor calls it."""
        if manual or gap.line_after.strip() or (grammar := GRAMMAR_OF.get(language)) is None:
            return extent_of(gap, manual=manual)
        parser = await self.parser(language)
        told = None if parser is None else extent_by_tree(parser, gap, grammar)
        return told or extent_of(gap, manual=manual)

    async def aclose(self) -> None:
        """Wait for no parser any longer."""
        await self._tasks.aclose()

    async def parser(self, language: str) -> Parser | None:
        """Return the parser of a language; None where there is none, or it is not loaded in time."""
        if (grammar := GRAMMAR_OF.get(language)) is None:
            return None
        if (task := self._parsers.get(grammar)) is None:
            task = self._parsers[grammar] = self._tasks.spawn(self._load(grammar), name=f"parser of {grammar}")
        if task.done():
            return task.result()
        try:
            async with asyncio.timeout(WITHIN_S):  # `wait_for` would swallow the end of a turn that comes together with the parser
                return await asyncio.shield(task)
        except TimeoutError:
            return None

    async def _load(self, grammar: str) -> Parser | None:
        try:
            return await self._loading(grammar)
        except (ImportError, OSError, AttributeError, ValueError) as failure:
            log.warning("no syntax tree of %s: %s", grammar, failure)
            return None
