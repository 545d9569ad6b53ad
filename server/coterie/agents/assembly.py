"""Where the runs of one client are at home: what they have in common lasts as long as it does.

`app.core` makes it, `agents.coordinator` asks it for a walk through each run; what makes that, `agents.mustering`, comes with the first.
"""

from __future__ import annotations

from coterie.agents.allowances import Allowances
from coterie.agents.approvals import SessionGrants
from coterie.agents.live_run import LiveRun
from coterie.agents.run_ports import Walk
from coterie.agents.surroundings import Surroundings
from coterie.domain.workspace_ports import Workspace


class Assembly:
    """Makes the teams of the runs that are at home with one client. Implements `coterie.agents.run_ports.Base`."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._allowances = Allowances(around.usage)
        self._session: SessionGrants = {}  # of this client: another one's workspace is another matter

    @property
    def around(self) -> Surroundings:
        """What its runs share."""
        return self._around

    @property
    def session(self) -> SessionGrants:
        """What a person answered for all of its runs."""
        return self._session

    @property
    def workspace(self) -> Workspace:
        """The files that its runs may touch."""
        return self._around.workspace

    async def assemble(self, run: LiveRun) -> Walk:
        """Put the team of a run together. Raises `SettingsError`, and whatever `Providers.choose` raises."""
        from coterie.agents.mustering import muster  # noqa: PLC0415 - all that a run works with, which a start would load for nothing

        return await muster(run, self._around, session=self._session, allowances=self._allowances)
