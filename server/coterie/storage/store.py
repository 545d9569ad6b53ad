"""The face of storage: one database and the stores on it. ``app`` builds a `Store` and closes it last."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from coterie.base.errors import StorageError
from coterie.domain.store_ports import ChannelStore, RunStore, UsageStore
from coterie.storage.channels import Channels
from coterie.storage.database import Database
from coterie.storage.favourites import Favourites
from coterie.storage.journal import Journal
from coterie.storage.marks import ContextMarks
from coterie.storage.owner import Owner
from coterie.storage.usage import UsageLog
from coterie.storage.vault import Vault

FILE = "coterie.db"

log = logging.getLogger(__name__)


class Store:
    """Everything durable, in ``folder`` (the data folder of ``config.paths``). Opens nothing before the first call of a part.

    ``runs``, ``channels`` and ``usage`` implement the ports `RunStore`, `ChannelStore` and `UsageStore`; ``vault`` implements `Secrets`,
    ``favourites`` the port of its name, ``marks`` `MarkStore`.
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / FILE)
        self._owner = Owner(folder / "owners")
        self.runs: RunStore = Journal(self._database, self._owner)
        self.channels: ChannelStore = Channels(self._database, self._owner)
        self.usage: UsageStore = UsageLog(self._database)
        self.vault = Vault(self._database)
        self.favourites = Favourites(self._database)
        self.marks = ContextMarks(self._database)

    @property
    def path(self) -> Path:
        """The database file."""
        return self._database.path

    @property
    def problem(self) -> StorageError | None:
        """Why nothing could be kept or read when it was tried last, if so. Nothing is opened to find out."""
        return self._database.problem

    def on_problem(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` when `problem` says something else than before."""
        self._database.on_problem = tell

    async def aclose(self) -> None:
        """Complete what was asked for, give up this server's runs and close the file. May be called twice."""
        if not self._database.opened:
            return
        try:
            if self.problem is None:  # whoever met with it was told
                await self._database.write(self._owner.retire)
        except StorageError as error:
            # The lock is dropped below, so other servers see the truth anyway.
            log.warning("this server could not sign off: %s", error)
        finally:
            await self._database.aclose()
            self._owner.drop()
