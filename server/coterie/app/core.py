"""Builds one core: everything behind a front door, for one editor or one command.

The only place that constructs stores, providers, workspace, sandbox, agents and features. Nothing here opens a file, a connection or a
child before the first request that needs it, but for the settings.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from coterie.agents.approvals import Approvals
from coterie.agents.assembly import Assembly, Surroundings
from coterie.agents.coordinator import Coordinator
from coterie.app.settings import LiveSettings, provider_configs
from coterie.base.tasks import TaskSupervisor
from coterie.config.problems import Problem
from coterie.domain.ports import Audience, Editor, Folder
from coterie.domain.status import Status
from coterie.domain.wire import Json
from coterie.features.approvals import ApprovalService
from coterie.features.catalogue import AccountService, CatalogueService
from coterie.features.channels import ChannelService
from coterie.features.runs import RunService
from coterie.features.status import status_of
from coterie.providers.registry import ProviderRegistry
from coterie.sandbox.probe import ProbedSandbox
from coterie.storage.store import Store
from coterie.workspace.documents import Documents
from coterie.workspace.workspace import LiveWorkspace

RECORD = "COTERIE_RECORD"
"""The environment variable that names a file to record every model's answers into; for development."""

log = logging.getLogger(__name__)


class Core:
    """One core. Implements `coterie.features.application.Application` and `coterie.features.attachment.Attached`."""

    def __init__(
        self,
        environ: Mapping[str, str],
        folders: Sequence[Folder],
        audience: Audience,
        *,
        editor: Editor | None = None,
        editor_options: Mapping[str, Json] | None = None,
        command_line: Mapping[str, Json] | None = None,
    ) -> None:
        self._environ = environ
        self._audience = audience
        self._settings = LiveSettings(environ, folders, editor_options=editor_options, command_line=command_line)
        self._tasks = TaskSupervisor("core")
        settings, places = self._settings.loaded.settings, self._settings.loaded.places
        own_folders = (places.config, places.data, places.cache, places.state)
        self._store = Store(places.data)
        self._providers = ProviderRegistry(
            provider_configs(settings, environ),
            default_model=settings.model,
            record_to=Path(environ[RECORD]) if environ.get(RECORD) else None,
        )
        self.workspace = LiveWorkspace(self._settings.folders, editor=editor)
        self.sandbox = ProbedSandbox(settings.sandbox.level, environ, hidden=tuple(map(str, own_folders)), on_found=self._status_changed)
        approvals = Approvals(audience, self._touched)
        self._coordinator = Coordinator(
            self._store.runs,
            audience,
            self.workspace,
            Assembly(
                Surroundings(
                    loaded=lambda: self._settings.loaded,
                    runs=self._store.runs,
                    channels=self._store.channels,
                    usage=self._store.usage,
                    providers=self._providers,
                    workspace=self.workspace,
                    sandbox=self.sandbox,
                    approvals=approvals,
                    tasks=self._tasks,
                    own_folders=own_folders,
                    user_rules=places.config / "rules.md",
                )
            ),
            self._touched,
        )
        self.runs = RunService(
            self._coordinator,
            audience,
            runs=self._store.runs,
            channels=self._store.channels,
            providers=self._providers,
            workspace=self.workspace,
            settings=lambda: self._settings.loaded.settings,
        )
        self.channels = ChannelService(self._store.channels, self.runs, audience, pending=approvals.count, tasks=self._tasks)
        self.approvals = ApprovalService(approvals)
        self.catalogue = CatalogueService(self._providers)
        self.accounts = AccountService(self._store.usage)
        self._providers.on_change(self._status_changed)

    @property
    def application(self) -> Core:
        """The core itself: requests go here."""
        return self

    @property
    def documents(self) -> Documents:
        """The open buffers."""
        return self.workspace.documents

    @property
    def settings_problems(self) -> tuple[Problem, ...]:
        """What is wrong in the settings."""
        return tuple(problem for problem in self._settings.loaded.problems if problem.level == "warning")

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong in the settings, in words."""
        return tuple(problem.text for problem in self.settings_problems)

    async def status(self) -> Status:
        """Return the server's state; the first question tries the sandbox."""
        await self.sandbox.status()
        return self._status()

    async def set_folders(self, folders: tuple[Folder, ...]) -> None:
        """Work in these folders from now on, with the settings that they bring."""
        self._settings.set_folders(folders)
        self.workspace.set_folders(self._settings.folders)
        self._reloaded()

    async def reconfigure(self, options: Mapping[str, Json]) -> None:
        """Take over the editor's changed settings."""
        self._settings.set_pulled(options)
        self._reloaded()

    async def aclose(self) -> None:
        """Interrupt what runs, journal it, end every child, close the store."""
        await self._coordinator.aclose()
        await self._tasks.aclose()
        await self._providers.aclose()
        await self._store.aclose()

    def _reloaded(self) -> None:
        settings = self._settings.loaded.settings
        self._providers.configure(provider_configs(settings, self._environ), default_model=settings.model)
        self._status_changed()

    def _status(self) -> Status:
        return status_of(self._providers, self.sandbox, lambda: self.problems)

    def _status_changed(self) -> None:
        self._audience.status_changed(self._status())

    def _touched(self, channel_id: str) -> None:
        self.channels.touched(channel_id)
