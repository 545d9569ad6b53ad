"""What a live run needs of whoever sets it going: a walk that does its work, and a base where it is at home.

`agents.coordinator` calls them. A `Walk` is a team or what a person posted to the channel itself, a `Base` what one client's runs share.
"""

from __future__ import annotations

from typing import Protocol

from coterie.agents.live_run import LiveRun
from coterie.domain.workspace_ports import Workspace


class Walk(Protocol):
    """Does the work of one run (implemented by `coterie.agents.team` and `coterie.agents.chat_commands`)."""

    async def walk(self) -> None:
        """Do what is not done yet. Raises `RunError` and `ApprovalRequiredError`."""
        ...


class Base(Protocol):
    """Where a run is at home: whoever started or resumed it lends it a workspace and puts its team together (`coterie.agents.assembly`)."""

    @property
    def workspace(self) -> Workspace:
        """The files that the run may touch."""
        ...

    async def assemble(self, run: LiveRun) -> Walk:
        """Build what does a run: its team, most often. Raises `RunError`, `RequestError` and `SettingsError`."""
        ...
