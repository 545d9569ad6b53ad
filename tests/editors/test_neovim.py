"""What Neovim has beyond the other editors of these tests: ghost text."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.neovim import neovim
from editors.stage import staged
from served import BROKEN

pytestmark = pytest.mark.editors

GHOST = """(function()
  local namespace = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
  local mark = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })[1]
  if not mark then return vim.NIL end
  local lines = vim.list_extend({ mark[4].virt_text }, mark[4].virt_lines or {})
  return table.concat(vim.tbl_map(function(chunks) return chunks[1][1] .. '|' .. chunks[1][2] end, lines), '; ')
end)()"""
"""The ghost text in the buffer: each line with its highlight."""
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
