"""Two different editors of one person share a server: what one starts, the other sees, answers, and outlives."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.helix import helix
from editors.neovim import neovim
from editors.stage import TOUCH, staged
from served import fixture

pytestmark = pytest.mark.editors


async def test_a_run_is_watched_and_approved_in_another_editor_when_its_own_is_killed(tmp_path: Path) -> None:
    fixtures = [fixture("chat-model", 0, calls=[TOUCH]), fixture("chat-model", 1, text="It is there.")]
    async with staged(tmp_path, fixtures) as stage, helix(stage, "second") as second:
        async with neovim(stage, "first") as first:
            assert "Editors: 2." in await stage.coterie("daemon", "status")
            await first.run("Make the file")
            await first.terminal.shows("touch made", "Allow once")
            await second.terminal.shows("Coterie: Make the file", "touch made", "Allow once")
            await second.terminal.keep("asked")
            await first.terminal.kill()

        assert "Runs: 1." in await stage.coterie("daemon", "status")
        await second.allow()
        await second.logged("It is there.")
        assert (stage.project / "made").exists()
