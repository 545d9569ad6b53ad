"""Ghost text in the real VS Code beyond the first suggestion: in a notebook, one of several, and in part where characters are long."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from coterie.context.fill import CURSOR, NOT_AGAIN
from editors.stage import staged
from editors.vscode import CodeServer, code_server
from editors.window import Window

pytestmark = [pytest.mark.editors, pytest.mark.asyncio(loop_scope="module")]

ABOVE = "RATES = [3, 5, 8]\n\ndef compound(rate, years):\n    return (1 + rate / 100) ** years"
BELOW = "print(f'{total:.2f}')"
CALL = "compound(RATES[0], 10)"
HEAD = "def madd(a, b, c):\n"
FIRST, SECOND = "return a * b + c", "product = a * b"


def filling(text: str, shown: str = "") -> dict[str, object]:
    """Return the fixture of a model that fills each gap with this text where it is shown a certain text."""
    match = {"model": "fill-model", **({"userMessage": shown} if shown else {})}
    return {"match": match, "response": {"content": text}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def code(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodeServer]:
    """Return the one VS Code of these tests."""
    async with staged(tmp_path_factory.mktemp("vscode"), [filling(CALL)]) as stage, code_server(stage) as code:
        yield code


async def project_with(code: CodeServer, name: str, files: dict[str, str]) -> Path:
    """Make a project with these files, byte by byte."""
    project = await code.stage.another(name)
    for path, text in files.items():
        (project / path).write_bytes(text.encode())
    return project


async def shown_to_the_model(code: CodeServer) -> list[str]:
    """Return what the model was asked so far."""
    return [request.messages[-1]["content"] for request in await code.stage.host.journal()]


def notebook(*cells: str) -> str:
    """Return the text of a notebook; a cell that begins with `#` is prose."""
    made: list[dict[str, object]] = [
        {"cell_type": "markdown", "metadata": {}, "source": text}
        if text.startswith("#")
        else {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
        for text in cells
    ]
    return json.dumps({"cells": made, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 4})


async def test_a_cell_of_a_notebook_is_filled_in_with_what_stands_in_the_others(code: CodeServer) -> None:
    await code.stage.host.answer_with([filling("max(RATES)", f"worst = {CURSOR}"), filling(CALL)])
    project = await project_with(code, "notebook", {"rates.ipynb": notebook(ABOVE, "# The sum", "", BELOW)})
    async with code.window("notebook", project) as window:
        await window.until(partial(window.press, "Control+Shift+e"), window.row("rates.ipynb"), "the Explorer")
        cells = window.page.locator(".notebookOverlay .monaco-editor[data-uri]")
        await window.until(window.row("rates.ipynb").dblclick, cells.nth(2), "the cells")
        await window.until(cells.nth(1).click, cells.nth(1).and_(window.page.locator(".focused")), "the cursor in the second cell")
        await window.type("total = ")
        await window.suggests(CALL)
        await window.screenshot("shown")
        await window.press("Tab")
        await window.reads(f"total = {CALL}")
        assert f"{ABOVE}\n\ntotal = {CURSOR}\n\n{BELOW}" in (await shown_to_the_model(code))[-1]

        await window.command("Notebook: Insert Code Cell Below")
        await window.reads("")
        await window.type("worst = ")
        await window.suggests("max(RATES)")
        await window.press("Tab")
        await window.reads("worst = max(RATES)")
        assert f"{ABOVE}\n\ntotal = {CALL}\n\nworst = {CURSOR}\n\n{BELOW}" in (await shown_to_the_model(code))[-1]


async def test_by_hand_there_are_choices_and_the_server_is_told_which_one_was_taken(code: CodeServer) -> None:
    await code.stage.host.answer_with([filling(SECOND, NOT_AGAIN), filling(FIRST)])
    async with code.window("choices", await project_with(code, "choices", {"madd.py": f"{HEAD}   "})) as window:
        await window.trace()
        await window.open("madd.py")
        await window.press("Control+End")
        await window.type(" ")
        await window.suggests(FIRST)
        assert not any(NOT_AGAIN in shown for shown in await shown_to_the_model(code)), "unasked, the model is asked for one alone"

        async def has_another() -> bool:
            return SECOND in window.log()

        await window.until(partial(window.press, "Alt+Backslash"), has_another, "another suggestion")
        await window.comes_true(partial(is_ghost, window, FIRST), "what is read to stay where it is")
        ghost = window.page.locator('.view-lines [class*="ghost-text"]').first
        counter = window.page.locator(".inlineSuggestionsHints").get_by_text("1/2")
        await window.until(ghost.hover, counter, "how many choices there are")
        await window.screenshot("counted")
        await turn(window, "Alt+BracketRight", SECOND)
        await turn(window, "Alt+BracketLeft", FIRST)
        await turn(window, "Alt+BracketRight", SECOND)

        await window.press("Control+ArrowRight")
        await window.reads(f"{HEAD}    product")
        taken = re.search(rf'"insertText": "{re.escape(SECOND)}".*?"suggestionId": "(\w+)"', window.log(), re.DOTALL)
        assert taken is not None
        await window.logged(f'"suggestionId": "{taken[1]}",\n    "length": 7')
        await window.suggests(SECOND.removeprefix("product"))
        await window.press("Tab")
        await window.reads(f"{HEAD}    {SECOND}")
        await window.logged(f'"suggestionId": "{taken[1]}",\n    "state": "accepted"')
        assert sum(NOT_AGAIN in shown for shown in await shown_to_the_model(code)) == 1

        await code.stage.host.answer_with([filling("return product + c")])
        await window.press("Enter")
        await turn(window, "Alt+Backslash", "return product + c")

        async def is_dismissed() -> bool:
            return '"state": "rejected"' in window.log()

        await window.until(partial(window.press, "Shift+Escape"), is_dismissed, "the suggestion to be dismissed for good")
        await window.comes_true(partial(is_ghost, window, ""), "no ghost text")
        assert await window.document() == f"{HEAD}    {SECOND}\n    "


async def turn(window: Window, key: str, shown: str) -> None:
    """Press a key until this is the ghost text."""
    await window.until(partial(window.press, key), partial(is_ghost, window, shown), f"the ghost text {shown!r}")


async def is_ghost(window: Window, text: str) -> bool:
    """Say whether exactly this is the ghost text."""
    return await window.ghost() == text


async def test_what_is_taken_by_word_is_counted_in_the_suggestion_s_own_units(code: CodeServer) -> None:
    party = '# 🎉🎉\r\nname = "ann"\r\nprint("🎉🎊", {}, end="")'
    block = "# 🎉\r\ndef mean(values):\r\n    "
    files = {"party.py": party.format(""), "mean.py": block}
    async with code.window("units", await project_with(code, "units", files)) as window:
        await window.trace()
        await code.stage.host.answer_with([filling("name.title()")])
        await window.open("party.py")
        await window.press("Control+End", *["ArrowLeft"] * len(', end="")'))
        await turn(window, "Alt+Backslash", "name.title()")
        lines = party.replace("\r\n", "\n")
        await by_word(window, lines, "name.title()", 4)
        await window.press("Tab")
        await window.reads(lines.format("name.title()"))
        await window.logged('"state": "accepted"')
        await window.until(
            partial(window.press, "Control+s"), partial(holds, window.project / "party.py", party.format("name.title()")), "a saved file"
        )

        await code.stage.host.answer_with([filling("log()\n    return 1")])
        await window.open("mean.py")
        await window.press("Control+End")
        await turn(window, "Alt+Backslash", "log()\n    return 1")
        await window.screenshot("lines")
        await by_word(window, block.replace("\r\n", "\n") + "{}", "log()\n    return 1", 3, 10, 16)


async def by_word(window: Window, document: str, text: str, *lengths: int) -> None:
    """Take a suggestion's next words, which reach as far as that, and see that the server is told so."""
    for length in lengths:
        await window.press("Control+ArrowRight")
        await window.reads(document.format(text[:length]))
        await window.logged(f'"length": {length}\n')
        await window.comes_true(partial(is_ghost, window, text[length:]), f"the ghost text {text[length:]!r}")


async def holds(file: Path, text: str) -> bool:
    """Say whether a file holds exactly this."""
    return file.read_bytes() == text.encode()
