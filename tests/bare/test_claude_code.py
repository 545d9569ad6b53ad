"""How the login of Claude Code stands, asked for by a command: told in the answer, and shown to whoever has nothing installed."""

from __future__ import annotations

from pathlib import Path

from claude_cli import scripted
from plain_editor import command, plain

NOWHERE = "http://127.0.0.1:9"


async def test_the_login_is_told_and_shown_each_time_that_it_is_asked_for(tmp_path: Path) -> None:
    cli = scripted(tmp_path)
    more = {"claude": {"type": "claude_code", "command": cli.command}}
    async with plain(tmp_path, NOWHERE, providers=more) as editor:
        for _ in range(2):
            check = await command(editor.client, "coterie.checkClaudeCode")
            assert (check["provider"], check["state"]) == ("claude", "ready")
            assert "someone@example.org" in check["text"]
            await editor.client.expect("window/showMessage", lambda params: params["message"] == check["text"])  # noqa: B023
    assert cli.heard == [], "no model is asked"
