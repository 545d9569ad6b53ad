"""Coterie is installed anew while editors are open: they keep their server, which ends with them, and later ones get the new one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psutil
import pytest

import coterie
from coterie import __version__
from daemon_stage import Stage, gone, playing_chat, stage
from served import Served

NEWER = "99.0.0"


class Installation:
    """A folder of modules of a test's own that begins as the tests' Coterie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = Path(coterie.__file__).parent
        (folder / "coterie").mkdir(parents=True)
        for each in package.iterdir():
            if each.name not in {"__init__.py", "__pycache__"}:
                (folder / "coterie" / each.name).symlink_to(each)
        self._marker = folder / "coterie" / "__init__.py"
        self._text = (package / "__init__.py").read_text(encoding="utf-8")
        self.install(__version__)

    def install(self, version: str) -> None:
        """Install a version in the place of what is there."""
        assert __version__ in self._text
        fresh = self._marker.with_suffix(".new")
        fresh.write_text(self._text.replace(__version__, version), encoding="utf-8")
        fresh.replace(self._marker)


async def version_of(editor: Served) -> tuple[str, bool]:
    """Return the version of an editor's server, and whether it says that its files are others now."""
    status: dict[str, Any] = await editor.client.request("agent/status", {})
    return status["version"], any(each["code"] == "superseded" for each in status["degraded"])


def daemons(here: Stage) -> list[psutil.Process]:
    """Return the shared servers of a stage."""
    found = []
    for each in psutil.process_iter(["cmdline"]):
        try:
            if each.info["cmdline"][-2:] == ["daemon", "run"] and each.environ().get("XDG_RUNTIME_DIR") == str(here.runtime):
                found.append(each)
        except (psutil.Error, TypeError):
            continue
    return found


@pytest.mark.parametrize("version", [NEWER, __version__])
async def test_an_editor_keeps_the_server_it_has_and_later_ones_get_the_new_one(tmp_path: Path, version: str) -> None:
    installation = Installation(tmp_path / "site")
    async with stage(tmp_path, PYTHONPATH=str(installation.folder)) as here:
        async with here.editor(tmp_path, playing_chat(tmp_path)) as early:
            assert await version_of(early) == (__version__, False)
            [first] = daemons(here)
            installation.install(version)
            async with here.editor(tmp_path, playing_chat(tmp_path)) as late:
                assert await version_of(late) == (version, False)
                assert await version_of(early) == (__version__, True)
                assert [each.pid for each in daemons(here)][:1] == [first.pid]
                assert len(daemons(here)) == 2, "each has its own"

                assert (await late.client.request("agent/channel/list", {})) == {"channels": []}
                opened = await early.client.request("agent/channel/open", {"title": "Of the earlier one"})
                told = await late.client.expect("agent/channel/changed", lambda params: params["channelId"] == opened["channelId"])
                assert told["channel"]["title"] == "Of the earlier one", "they share what is kept"
                assert first.is_running()
        # An hour without an editor is for one that will get another.
        await asyncio.to_thread(gone, first)
