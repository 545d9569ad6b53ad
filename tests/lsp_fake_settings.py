"""The settings of `lsp_fake_core`: one value, one problem, one file; a commit's message, what is attached, and one grant."""

from __future__ import annotations

from dataclasses import replace

from coterie.domain.commits import CommitMessage
from coterie.domain.completion import AttachmentItem, AttachmentItems
from coterie.domain.permissions import Grant
from coterie.domain.preferences import (
    FileLayer,
    FolderTrust,
    SettingProblem,
    SettingsChanged,
    SettingsFile,
    SettingsView,
    SettingView,
    SettingWritten,
)
from coterie.domain.runs import Position, Range
from coterie.domain.wire import Json

VALUE = SettingView(key="budget.usd", path=("budget", "usd"), value="3.0", origin="user", locked_by="editor")
PROBLEM = SettingProblem(
    file="/w/.coterie/config.toml",
    line=3,
    key="sandbox.network",
    message="It is left out.",
    suggestion="Trust it.",
    level="warning",
    ignored="untrusted",
)
CHANGED = SettingsChanged(keys=("budget.usd",), problems=(PROBLEM,))


class FakePreferences:
    """``agent/settings/*``."""

    async def view(self, folder: str | None = None) -> SettingsView:
        """Show them."""
        file = SettingsFile(
            layer="project", path="/w/.coterie/config.toml", uri="file:///w/.coterie/config.toml", exists=True, folder=folder, trusted=False
        )
        return SettingsView(
            values=(VALUE,),
            problems=(PROBLEM,),
            files=(file,),
            trusted_workspaces=("/home/me/work",),
            machine_scope=("sandbox.*",),
            json_schema={"type": "object", "properties": {"small_model": {"type": "string"}}},
        )

    async def set(self, key: str, value: Json, *, layer: FileLayer = "user", folder: str | None = None) -> SettingWritten:
        """Write nothing."""
        now = SettingView(key=key, path=(key,), value=value, origin=layer)
        return SettingWritten(key=key, layer=layer, file=f"{folder}/config.toml", changed=value is not None, now=(now,), problems=())

    async def trust(self, folder: str, *, trusted: bool) -> FolderTrust:
        """Do as told."""
        return FolderTrust(folder=folder, trusted=trusted, file="/home/me/config.toml", changed=True)


class FakeCommits:
    """``agent/commit/*``."""

    async def message(self, folder: str | None = None, *, staged: bool = True) -> CommitMessage:
        """Say what was asked."""
        return CommitMessage(text=f"Commit {folder}, staged: {staged}", model="Small", paths=("src/ä.py",), withheld=(".env",))


class FakeCompleter:
    """``agent/attachment/*``."""

    async def complete(self, query: str, *, folder: str | None = None, limit: int = 20) -> AttachmentItems:
        """Find a symbol of that name."""
        place = Range(start=Position(line=0, character=0), end=Position(line=limit, character=0))
        item = AttachmentItem(kind="symbol", label=query, detail="a.py:1", uri=f"{folder}/a.py", range=place, symbol_kind="function")
        return AttachmentItems(items=(item,), complete=False)


GRANT = Grant(
    grant_id="grant_1",
    scope="run",
    answer="allow_run",
    verdict="allow",
    rule="exec(touch made)",
    run_id="run_1",
    channel_id="channel_1",
    title="Größe",
)


class FakeGrants:
    """``agent/grant/*``."""

    async def list(self) -> tuple[Grant, ...]:
        """Return one."""
        return (GRANT,)

    async def revoke(self, grant_id: str) -> Grant:
        """Take it back."""
        return replace(GRANT, grant_id=grant_id)
