"""Answers for always, kept in a file that a person and other servers write too."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from coterie.app.settings import LiveSettings
from coterie.base.errors import SettingsError
from coterie.domain.workspace_ports import Folder
from coterie.features.kept_rules import KeptRules
from coterie.features.preferences import PreferenceService

RULE = "exec(touch made)"


def server(home: Path, *folders: Folder) -> tuple[LiveSettings, PreferenceService]:
    """Return what one server at a home knows of its settings, and writes them by."""
    environ = {"COTERIE_HOME": str(home), "COTERIE_DISCOVERY": "false"}
    settings = LiveSettings(environ, folders)
    return settings, PreferenceService(settings, environ, reread=settings.reread, changed=lambda _: None)


async def test_a_rule_that_another_server_has_written_just_now_holds_here_too(tmp_path: Path) -> None:
    (mine, of_mine), (other, of_other) = server(tmp_path), server(tmp_path)
    await KeptRules(of_other).keep("allow", [RULE])
    await KeptRules(of_mine).keep("allow", [RULE])
    assert mine.loaded.settings.permissions.allow == other.loaded.settings.permissions.allow == (RULE,)


@pytest.mark.parametrize("verdict", ["allow", "deny"])
async def test_a_value_that_is_no_list_is_not_written_over(tmp_path: Path, verdict: Literal["allow", "deny"]) -> None:
    said = f'[permissions]\n{verdict} = "exec(pytest *)"\n'
    (tmp_path / "config.toml").write_text(said, encoding="utf-8")
    rules = KeptRules(server(tmp_path)[1])
    assert not await rules.can_keep(verdict, [RULE])
    with pytest.raises(SettingsError, match=f"`permissions.{verdict}` is no list"):
        await rules.keep(verdict, [RULE])
    assert (tmp_path / "config.toml").read_text(encoding="utf-8") == said


async def test_workspaces_that_are_no_list_are_not_written_over_by_trust(tmp_path: Path) -> None:
    said = '[trust]\nworkspaces = "/mine"\n'
    (tmp_path / "config.toml").write_text(said, encoding="utf-8")
    folder = Folder(uri="file:///project", name="project", absolute="/project")
    with pytest.raises(SettingsError, match=r"`trust.workspaces` is no list"):
        await server(tmp_path, folder)[1].trust(folder.uri, trusted=True)
    assert (tmp_path / "config.toml").read_text(encoding="utf-8") == said
