"""One line or a block, as the person sees it; and a parser that is not there, or not yet."""

from __future__ import annotations

import asyncio

import pytest
from tree_sitter import Parser

from coterie.context.fill import Gap
from coterie.domain.suggestions import FillRequest
from coterie.features.suggestions.extents import Extents, loaded
from coterie.features.suggestions.turns import Turns
from coterie.index.trees import parser_of
from ghost_stage import desk
from virtual_time import in_virtual_time

BODY = "total = 0\n        for each in items:\n            total += each\n        return total\n"
OPENED = "class A:\n    def f(self, items):\n        "


@in_virtual_time
async def test_the_tree_decides_and_the_model_is_told() -> None:
    async with desk(BODY) as place:
        assert await place.shown(f'{OPENED}"""Add up."""\n        |\n\n    def g(self):\n        pass\n') == (
            f'{OPENED}"""Add up."""\n        {BODY.rstrip()}\n\n    def g(self):\n        pass\n'
        )
        await place.ask("# For example:|\nx = 1\n")
        assert [request.max_tokens for request in place.model.requests if isinstance(request, FillRequest)] == [384, 96]


@pytest.mark.parametrize(
    ("failure", "seconds"), [(ImportError("no wheel"), 0.0), (None, 10_000.0)], ids=["there is no parser", "it takes too long"]
)
@in_virtual_time
async def test_without_a_parser_the_indentation_decides(failure: Exception | None, seconds: float) -> None:
    async def loading(grammar: str) -> Parser:
        await asyncio.sleep(seconds)
        if failure is not None:
            raise failure
        return parser_of(grammar)

    extents = Extents(loading)
    try:
        assert await extents.extent(Gap("# For example:", "\nx = 1\n"), "python", manual=False) == "block"
        assert await extents.extent(Gap("x = 1", "\n"), "python", manual=False) == "line"
        assert asyncio.get_running_loop().time() < 1
    finally:
        await extents.aclose()


async def test_a_parser_is_loaded_once_and_away_from_the_loop() -> None:
    asked: list[str] = []

    async def loading(grammar: str) -> Parser:
        asked.append(grammar)
        return await loaded(grammar)

    extents = Extents(loading)
    gap = Gap("# For example:", "\nx = 1\n")
    try:
        async with asyncio.timeout(60):
            while await extents.extent(gap, "python", manual=False) == "block":
                pass  # each request waits a moment for the parser
        assert await extents.extent(gap, "python", manual=False) == "line"
        assert await extents.extent(gap, "python", manual=True) == "block"
        assert await extents.extent(gap, "cobol", manual=False) == "block"
        assert asked == ["python"]
    finally:
        await extents.aclose()


@pytest.mark.parametrize("steps", range(8))
@in_virtual_time
async def test_a_turn_that_ends_just_as_its_parser_comes_is_over(steps: int) -> None:
    comes = asyncio.Event()

    async def loading(grammar: str) -> Parser:
        await comes.wait()
        return parser_of(grammar)

    async def wait() -> None:
        await extents.extent(Gap("x = ", "\n"), "python", manual=False)
        await asyncio.sleep(600)

    async def nothing() -> None:
        """Take the turn."""

    extents, turns = Extents(loading), Turns()
    try:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(turns.take("a", wait(), within_s=30))
            await asyncio.sleep(0.01)
            comes.set()
            for _ in range(steps):
                await asyncio.sleep(0)
            await turns.take("a", nothing(), within_s=30)
        assert first.result() == "superseded"
        assert asyncio.get_running_loop().time() < 1
    finally:
        await extents.aclose()
