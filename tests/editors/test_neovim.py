"""What Neovim has beyond the other editors of these tests: ghost text, lenses, the team's gate and findings."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from editors.neovim import neovim
from editors.stage import EDIT, staged
from editors.terminal import BOUND_S
from served import AGENTS, BROKEN, FIXED, SUITE, fixture

pytestmark = pytest.mark.editors

GHOST = """(function()
  local namespace = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
  local mark = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })[1]
  if not mark then return vim.NIL end
  local lines = vim.list_extend({ mark[4].virt_text }, mark[4].virt_lines or {})
  return table.concat(vim.tbl_map(function(chunks) return chunks[1][1] .. '|' .. chunks[1][2] end, lines), '; ')
end)()"""
"""The ghost text in the buffer: each line with its highlight."""
LOGGED = "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef NAME(a, b):\n    logger.info(a)\n    return a * b\n"
COUNT = """(function()
  asked, answered = 0, 0
  vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
    local request = event.data.request
    if request.method ~= 'textDocument/inlineCompletion' then return end
    if request.type == 'pending' then asked = asked + 1 else answered = answered + 1 end
  end })
end)()"""


async def test_ghost_text_is_shown_typed_into_and_taken(tmp_path: Path) -> None:
    fill = {"match": {"model": "fill-model"}, "response": {"content": "return a * b"}}
    async with staged(tmp_path, [fill]) as stage, neovim(stage, "ghost") as editor:
        await editor.evaluate(COUNT)
        await editor.ex("$")
        await editor.terminal.type("o\ndef mul(a, b):\n")
        await editor.terminal.shows("return a * b")
        await editor.terminal.keep("shown")
        assert await editor.evaluate(GHOST) == "return a * b|ComplHint"
        assert await editor.text() == f"{BROKEN}\ndef mul(a, b):\n    \n", "nothing of it is in the buffer"
        calls, asked = len(await stage.host.journal()), await editor.evaluate("asked")

        await editor.terminal.type("r")
        # Until it has asked again, Neovim shows the rest of what it had, and would put all of it in.
        await editor.until(f"asked > {asked} and answered == asked")
        assert await editor.evaluate(GHOST) == "eturn a * b|ComplHint"
        assert len(await stage.host.journal()) == calls, "what was typed is what was suggested"

        await editor.terminal.press("Tab")
        await editor.until("vim.api.nvim_get_current_line() == '    return a * b'")
        await editor.terminal.keep("taken")


async def test_without_a_model_the_ghost_text_is_the_projects_own(tmp_path: Path) -> None:
    async with staged(tmp_path, [fixture("fill-model", 0, text="return")], completion_model="none") as stage:
        for name in ("area", "cost", "size", "tax", "toll", "wage"):
            (stage.project / f"{name}.py").write_text(LOGGED.replace("NAME", name), encoding="utf-8")
        async with neovim(stage, "alone") as editor:
            await editor.evaluate(COUNT)
            await editor.ex("%d")
            await editor.terminal.type("iimport logging\n\nlogger = lo")
            # The first questions find the project unread; a person who goes on typing sees what it knows.
            async with asyncio.timeout(BOUND_S):
                while await editor.evaluate(GHOST) is None:
                    asked = await editor.evaluate("asked")
                    await editor.terminal.press("BSpace")
                    await editor.terminal.type("o")
                    await editor.until(f"asked > {asked} and answered == asked")
            await editor.terminal.shows("logger = logging.getLogger(__name__)")
            await editor.terminal.keep("shown")
            assert await editor.evaluate(GHOST) == "gging.getLogger(__name__)|ComplHint"
            await editor.terminal.press("Tab")
            await editor.until("vim.api.nvim_get_current_line() == 'logger = logging.getLogger(__name__)'")
            assert await stage.host.journal() == []


PLAN = {"goal": "add adds", "criteria": ["it adds"], "files": ["calc.py"], "steps": [{"id": "s1", "title": "Correct the sign"}]}
FOUND: dict[str, Any] = {
    "severity": "minor",
    "confidence": 0.9,
    "file": "calc.py",
    "line": 1,
    "title": "No docstring",
    "evidence": "def add(a, b):",
}
TEAM = [
    fixture("planner-model", 0, calls=[("submit", PLAN)]),
    fixture("coder-model", 0, calls=[("edit_file", EDIT)]),
    fixture("coder-model", 1, calls=[("submit", {"summary": "The sign was wrong.", "steps_done": ["s1"]})]),
    fixture("reviewer-model", 0, calls=[("submit", {"verdict": "approve", "findings": [FOUND]})]),
    fixture("tester-model", 0, calls=[("run_tests", {})]),
    fixture("tester-model", 1, calls=[("submit", {"summary": "Green."})]),
    fixture("documenter-model", 0, calls=[("submit", {"summary": "Nothing to say."})]),
]
MEND = f"A review found this in calc.py, line 1: {FOUND['title']}"
DOCUMENTED = {"path": "calc.py", "edits": [{"old": "b):\n", "new": 'b):\n    """Add."""\n'}]}
MENDED = [
    fixture("chat-model", 0, calls=[("edit_file", DOCUMENTED)], userMessage=MEND),
    fixture("chat-model", 1, text="It has one.", userMessage=MEND),
]
SETTINGS = "\n".join(
    [
        *(f'[agents.{agent}]\nmodel = "work/{agent}-model"' for agent in AGENTS),
        f'[tests]\ncommand = "{SUITE}"',
        '[permissions]\nallow = ["exec(python3 -m unittest *)"]',
    ]
)


async def test_a_finding_is_mended_by_its_code_action(tmp_path: Path) -> None:
    async with staged(tmp_path, [*TEAM, *MENDED], more=SETTINGS) as stage, neovim(stage, "mended") as editor:
        await editor.ex("CoterieTeam Mend add")
        await editor.terminal.shows("Correct the sign")
        await editor.allow()
        await editor.logged("succeeded")
        await editor.until("#vim.diagnostic.get(0) == 1")

        await editor.ex("1")
        await editor.act(f"Fix: {FOUND['title']}")
        await editor.terminal.shows('"""Add."""')
        await editor.until("#vim.diagnostic.get(0) == 0")
        await editor.terminal.keep("done")
        assert await editor.text() == 'def add(a, b):\n    """Add."""\n    return a + b\n'


async def test_a_chat_is_sent_by_its_lens(tmp_path: Path) -> None:
    async with staged(tmp_path, [fixture("chat-model", 0, text="It subtracts.")]) as stage, neovim(stage, "lens") as editor:
        await editor.chat("Signs")
        await editor.terminal.shows("# Signs", "Coterie: Send")
        await editor.write("What is wrong with add?")
        await editor.terminal.shows("What is wrong with add?")
        await editor.terminal.keep("send")

        await editor.ex("?^## You")
        await editor.normal("grx")
        await editor.terminal.shows("## Coterie", "It subtracts.")
        [asked] = await stage.host.journal()
        assert asked.messages[-1]["content"].endswith("What is wrong with add?")


@pytest.mark.parametrize(("title", "left"), [("Accept", FIXED), ("Reject in this file", BROKEN), ("Undo the whole run", BROKEN)])
async def test_a_change_is_judged_by_its_lens(tmp_path: Path, title: str, left: str) -> None:
    fixtures = [fixture("chat-model", 0, calls=[("edit_file", EDIT)]), fixture("chat-model", 1, text="It adds now.")]
    async with staged(tmp_path, fixtures) as stage, neovim(stage, f"lens-{title.split(maxsplit=1)[0].lower()}") as editor:
        await editor.run("Make test_add pass")
        await editor.logged("succeeded")
        await editor.terminal.shows("return a + b", f"Coterie: {title}")
        await editor.terminal.keep("shown")

        await editor.ex("2")
        await editor.lens(title)
        await editor.until("#vim.lsp.codelens.get({ bufnr = 0 }) == 0")
        assert await editor.text() == left


async def test_a_team_run_is_gated_reviewed_explained_and_undone(tmp_path: Path) -> None:
    async with staged(tmp_path, TEAM, more=SETTINGS) as stage, neovim(stage, "team") as editor:
        await editor.ex("CoterieTeam Mend add")
        await editor.terminal.shows("Correct the sign")
        await editor.terminal.keep("gate")
        await editor.allow()
        await editor.terminal.shows("return a + b")
        await editor.logged("succeeded")
        await editor.until("#vim.diagnostic.get(0) == 1")
        [finding] = await editor.evaluate("vim.diagnostic.get(0)")
        assert (finding["source"], finding["lnum"], finding["message"].splitlines()[0]) == ("coterie", 0, "No docstring")
        await editor.terminal.keep("reviewed")

        await editor.ex("2")
        await editor.normal("K")
        await editor.terminal.shows("Coterie's coder changed this for: Mend add")
        await editor.terminal.keep("explained")

        await editor.ex("1")
        await editor.act("Dismiss: No docstring")
        await editor.until("#vim.diagnostic.get(0) == 0")
        await editor.undo()
        await editor.terminal.shows("return a - b")
        assert await editor.text() == BROKEN
