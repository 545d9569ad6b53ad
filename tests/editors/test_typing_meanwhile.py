"""The torture test, live: a person types in Neovim while a run edits the same file and the server is killed. No key is lost.

How the schedules of typing, editing and dying fall is left to chance here; `tests/workspace/test_typing_meanwhile.py` and
`tests/main_job/test_crash.py` choose them. Whatever they are, after the run was resumed and undone the buffer is what the person typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from editors.neovim import Neovim, neovim
from editors.stage import Stage, staged
from editors.terminal import BOUND_S
from served import fixture

pytestmark = pytest.mark.editors


def edit(n: int) -> Mapping[str, Any]:
    """Return what the agent does to a function."""
    return {"path": "calc.py", "edits": [{"old": f"    return {n}\n", "new": f"    total = {n}\n    print(total)\n    return total\n"}]}


FUNCTIONS = 6
BEFORE_DEATH = 3
"""How many answers of the model are asked for before the server dies."""
WORDS = ["left = 1", "right = left + 1", "both = left + right", "print(both)"]
PASSAGES = [("$", "o"), ("1", "O"), ("/^def f4", "O")]
"""Where the person writes: below the last line, above the first, in the middle."""
ORIGINAL = [line for n in range(1, FUNCTIONS + 1) for line in (f"def f{n}():", f"    return {n}", "")] + ["f1()"]
PACE = {"latency": 60, "chunkSize": 8}
"""A few characters at a time, as a model speaks, so that keys fall into the middle of everything."""
DYING = {**PACE, "latency": 300}
"""Of the answer during which the server dies: on a busy machine it is a while until it is seen to have begun."""
FIXTURES = [
    *(
        {
            **fixture("chat-model", n - 1, text=f"Now function {n}.", calls=[("edit_file", edit(n))]),
            **(DYING if n == BEFORE_DEATH + 1 else PACE),
        }
        for n in range(1, FUNCTIONS + 1)
    ),
    fixture("chat-model", FUNCTIONS, text="All print."),
    {"match": {"model": "fill-model"}, "response": {"content": "pass"}},
]


class Person:
    """Types lines in each place, and in the last one until the run has ended."""

    def __init__(self, editor: Neovim) -> None:
        self.run_has_ended = asyncio.Event()
        self._editor = editor
        self._written: list[list[str]] = [[] for _ in PASSAGES]

    async def write(self) -> None:
        """Type in bursts, each when the one before has had its effect on the screen."""
        for (place, key), written in zip(PASSAGES, self._written, strict=True):
            await self._editor.ex(place)
            await self._editor.normal(key)
            while len(written) < len(WORDS) or (written is self._written[-1] and not self.run_has_ended.is_set()):
                line = f"{WORDS[len(written) % len(WORDS)]}  # {len(written)}"
                await self._type(f"\n{line}" if written else line)
                written.append(line)
                await self._look_at(line)
        await self._editor.normal("")

    async def _type(self, text: str) -> None:
        for burst in text.partition(" "):
            await self._editor.terminal.type(burst)
            await self._editor.terminal.next_change()

    async def _look_at(self, line: str) -> None:
        """Take the time to see what was written, as people do."""

        async def seen() -> bool:
            return line in await self._editor.text()

        await self._editor.terminal.comes_true(seen, line)

    def text(self) -> str:
        """Return the file as it is when nobody else has written into it."""
        end, top, middle = self._written
        at = ORIGINAL.index("def f4():")
        return "\n".join([*top, *ORIGINAL[:at], *middle, *ORIGINAL[at:], *end, ""])


async def answers(stage: Stage) -> int:
    """Return how many times the agent's model was asked."""
    return sum(entry.model == "chat-model" for entry in await stage.host.journal())


async def die_and_go_on(stage: Stage, editor: Neovim, person: Person) -> None:
    """Kill the server in the middle of the run, and resume the run when Neovim has attached again."""
    server = await stage.server()
    [before] = await editor.evaluate("vim.tbl_map(function(client) return client.id end, vim.lsp.get_clients({ bufnr = 0 }))")
    while await answers(stage) <= BEFORE_DEATH:
        await editor.terminal.next_change()
    server.kill()
    assert await answers(stage) <= FUNCTIONS, "the run had ended before the server died"

    now = "(vim.lsp.get_clients({ bufnr = 0 })[1] or {})"
    await editor.until(f"{now}.initialized and {now}.id ~= {before}")
    await editor.evaluate("vim.cmd('CoterieResume')")
    await editor.logged("succeeded")
    person.run_has_ended.set()


async def test_the_buffer_is_what_the_person_typed_after_edits_a_crash_and_an_undo(tmp_path: Path) -> None:
    async with staged(tmp_path, FIXTURES) as stage:
        (stage.project / "calc.py").write_text("\n".join([*ORIGINAL, ""]), encoding="utf-8")
        async with neovim(stage, "torture") as editor:
            # A message of two lines would wait for a key and swallow it, whoever sent it.
            await editor.evaluate("vim.cmd('set messagesopt=wait:0,history:500')")
            await editor.run("Print every total")
            person = Person(editor)
            async with asyncio.timeout(3 * BOUND_S), asyncio.TaskGroup() as both:
                both.create_task(person.write())
                both.create_task(die_and_go_on(stage, editor, person))
            await editor.ex("1")
            await editor.terminal.shows("def f1():")
            await editor.terminal.keep("edited")
            assert "print(total)" in await editor.text(), "the run has edited what the person was typing in"

            await editor.undo()
            await editor.until("not table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false)):find('total')")
            await editor.terminal.keep("undone")
            assert await editor.text() == person.text()
