"""Builds one core: everything behind a front door, for one editor or one command.

Puts the features of one client together, over what it shares with others (`shared`) and what is its own (`workplace`), and ends them in
order. Nothing here opens a file, a connection or a child before the first request that needs it, but for the settings.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from coterie.agents.assembly import Assembly
from coterie.app.editors import EditorRecord
from coterie.app.hosts import models_named
from coterie.app.literal_keys import moved
from coterie.app.settings import LiveSettings
from coterie.app.settings_watch import SettingsWatch
from coterie.app.shared import Shared
from coterie.app.workplace import Workplace
from coterie.config.paths import Places
from coterie.config.problems import Problem
from coterie.domain.client_ports import Audience, Editor
from coterie.domain.status import Status
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Folder
from coterie.features.actions import ActionService
from coterie.features.approvals import ApprovalService
from coterie.features.attachment import Introduction
from coterie.features.catalogue import AccountService, CatalogueService
from coterie.features.changes import Changes
from coterie.features.channels import ChannelService
from coterie.features.chat_documents import ChatDocuments
from coterie.features.chat_readings import ChatReadings
from coterie.features.completing import AttachmentCompleter
from coterie.features.findings import Findings
from coterie.features.grants import GrantService
from coterie.features.hunks import HunkService
from coterie.features.kept_rules import KeptRules
from coterie.features.plan_documents import PlanDocuments
from coterie.features.prediction_client import EditorPredictor
from coterie.features.preferences import PreferenceService
from coterie.features.roster import RosterService
from coterie.features.runs import RunService
from coterie.features.secrets import SecretService
from coterie.features.status import status_of
from coterie.features.suggestions.extents import Extents
from coterie.features.suggestions.outcomes import Outcomes
from coterie.features.suggestions.service import SuggestionService
from coterie.features.suggestions.snippets import SnippetSource
from coterie.features.titles import Titles
from coterie.workspace.documents import Documents
from coterie.workspace.editing import Editing
from coterie.workspace.overlays import Overlay

if TYPE_CHECKING:
    from coterie.app.on_request import OnRequest
    from coterie.features.commit_message import CommitMessages
    from coterie.features.context_documents import ContextDocuments
    from coterie.features.inspector import Inspector

log = logging.getLogger(__name__)


class Core:
    """One client's core. Implements `coterie.features.application.Application` and `coterie.features.attachment.Attached`."""

    def __init__(
        self,
        shared: Shared,
        settings: LiveSettings,
        environ: Mapping[str, str],
        audience: Audience,
        *,
        editor: Editor | None = None,
        no_daemon: str | None = None,
        index_wait_s: float | None = None,
    ) -> None:
        self._shared = shared
        self._no_daemon = no_daemon  # why there is none, where one was wanted
        self._settings = settings
        self._audience = audience
        self._place = Workplace(
            shared,
            settings,
            environ,
            editor=editor,
            findings=lambda: self.findings.open(),  # noqa: PLW0108 - which come later
            changed=self._status_changed,
        )
        self._providers, self._tasks, index = self._place.providers, self._place.tasks, self._place.index
        self.workspace = self._place.workspace
        self.sandbox = self._place.sandbox
        self.attention = self._place.attention
        self.indexing = self._place.indexing
        self.preferences = PreferenceService(settings, environ, reread=self._reread, changed=audience.settings_changed)
        kept_rules = KeptRules(self.preferences)
        self._base = Assembly(self._place.surroundings(kept_rules, index_wait_s=index_wait_s))
        self.runs = RunService(
            shared.coordinator,
            shared.news,
            base=self._base,
            runs=shared.store.runs,
            channels=shared.store.channels,
            providers=self._providers,
            settings=lambda: self._settings.loaded.settings,
        )
        self.channels = ChannelService(shared.store.channels, shared.store.runs, self.runs, shared.news, shared.channel_watch)
        self.approvals = ApprovalService(shared.approvals, shared.attendance_changed)
        self.grants = GrantService(shared.coordinator, shared.store.runs, self._base.session, kept_rules)
        self.catalogue = CatalogueService(self._providers, shared.store.favourites)
        self.roster = RosterService(self._base, self._providers, lambda: self._settings.loaded.settings)
        self.completer = AttachmentCompleter(self.workspace, index, self.attention, self._tasks)
        self.accounts = AccountService(shared.store.usage)
        self.secrets = SecretService(shared.store.vault, self._reread)
        self._predictor = EditorPredictor(shared.predictions, self.workspace.documents, lambda: self.workspace.roots)
        self.suggestions = SuggestionService(
            self.workspace.documents,
            self._providers,
            shared.store.usage,
            self._predictor,
            SnippetSource(self.workspace.documents, self.workspace, index, self.attention),
            extents=Extents(),
            settings=lambda: self._settings.loaded.settings,
            withheld=self.workspace.withheld,
            outcomes=Outcomes(self.places.state),
            snoozed=self._status_changed,
        )
        self.actions = ActionService(lambda: self._settings.loaded.settings)
        self.findings = Findings(shared.reviews, self.workspace, self.runs, self.concerns)
        self.hunks = HunkService(shared.store.runs, shared.coordinator, shared.unseen, self._base, self.concerns)
        self.changes = Changes(shared.store.runs, shared.coordinator, shared.unseen, self.concerns)
        chats = shared.data / "channels"
        self.chats = ChatDocuments(
            chats,
            self.workspace.documents,
            Editing(Overlay(self.workspace.documents, editor), lambda _: str(chats)),
            shared.store.channels,
            self.channels,
            active=shared.coordinator.active_in,
        )
        self.readings = ChatReadings(shared.store.channels, active=shared.coordinator.active_in)
        self._titles = Titles(
            runs=shared.store.runs,
            channels=shared.store.channels,
            usage=shared.store.usage,
            providers=self._providers,
            news=shared.news,
            tasks=self._tasks,
            settings=lambda: self._settings.loaded.settings,
            at_home=lambda run_id: shared.coordinator.at_home(run_id, self._base),
        )
        self.plans = PlanDocuments(shared.data / "plans", self.workspace.documents)
        self._providers.on_change(self._providers_changed)
        shared.succession.watch(self._status_changed)
        shared.storage.watch(self._status_changed)
        self._watch = SettingsWatch(lambda: settings.files, self._reread)
        self._tasks.spawn(self._watch.run(), name="watch the settings")
        # What follows runs hears of them before the client does, whose next request may be about it.
        self._listeners: tuple[Audience, ...] = (self.changes, self.chats, self.readings, self._titles)
        for each in self._listeners:
            shared.hub.join(each)

    @property
    def application(self) -> Core:
        """The core itself: requests go here."""
        return self

    @property
    def documents(self) -> Documents:
        """The open buffers."""
        return self.workspace.documents

    @property
    def inspector(self) -> Inspector:
        """What a model is sent, piece by piece."""
        return self._on_request.inspector

    @property
    def contexts(self) -> ContextDocuments:
        """The same as documents."""
        return self._on_request.contexts

    @property
    def commits(self) -> CommitMessages:
        """What writes the messages of commits."""
        return self._on_request.commits

    @cached_property
    def _on_request(self) -> OnRequest:
        from coterie.app.on_request import OnRequest  # noqa: PLC0415 - most clients ask for nothing of it, and no start waits for it

        return OnRequest(self._shared, self._settings, self._place, self._base)

    @property
    def settings_problems(self) -> tuple[Problem, ...]:
        """What is wrong in the settings."""
        return tuple(problem for problem in self._settings.loaded.problems if problem.level == "warning")

    @property
    def places(self) -> Places:
        """Where Coterie's files live for this client."""
        return self._settings.loaded.places

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong in the settings, in words."""
        return tuple(problem.text for problem in self.settings_problems)

    async def move_keys(self) -> tuple[str, ...]:
        """Move keys that stand in the open into the vault; return sentences about those that were."""
        if not self._settings.loaded.literals:
            return ()
        told = tuple([text async for text in moved(self._settings.loaded.literals, self._shared.store.vault, self.places.settings_lock)])
        if told:
            self._reread()
        return told

    async def introduce(self, introduction: Introduction, *, shared: bool) -> None:
        """Remember who the client is and how its requests for ghost text end, for ``coterie doctor``."""
        record = EditorRecord(self.places.state, introduction, shared=shared, tasks=self._tasks)
        self.suggestions.watch(record.decided)
        await record.keep()

    def join(self, *, hears_all: bool = True) -> None:
        """Let the client be told from now on; last, because what it is told it may ask about at once."""
        self._shared.hub.join(self._audience, self.concerns, hears_all=hears_all)

    def concerns(self, folder: str | None) -> bool:
        """Say whether what a run does there is a matter of this client's workspace; what has no folder is everybody's."""
        return folder is None or self.workspace.holds(folder)

    def catch_up(self) -> None:
        """Tell the client, unless it hears everything anyway, what goes on already; show what was found before it came.

        From now on there is time for its index, too.
        """
        self.indexing.start()
        self._shared.hub.catch_up(self._shared.coordinator.standing(), self._audience)
        self._look_back()

    async def status(self) -> Status:
        """Return the server's state; the first question tries the sandbox, and starts what the configured models need."""
        self._providers.warm(models_named(self._settings.loaded.settings))
        await self._providers.discover("listing")
        await self._shared.succession.look()
        await self.sandbox.status()
        return self._status()

    async def set_folders(self, folders: tuple[Folder, ...]) -> None:
        """Work in these folders from now on, with the settings that they bring."""
        self._settings.set_folders(folders)
        self._place.folders_changed()
        self.indexing.folders_changed()
        self._shared.hub.catch_up(self._shared.coordinator.standing())
        self._look_back()
        self._reloaded()

    async def reconfigure(self, options: Mapping[str, Json]) -> None:
        """Take over the editor's changed settings."""
        self._settings.set_pulled(options)
        self._reloaded()

    async def aclose(self) -> None:
        """Leave: the client is told nothing more. What it started goes on without it, and this core ends with the last of that."""
        await self._leave()
        self._shared.tasks.spawn(self._end_when_quiet(), name="the end of a client's core")

    async def _leave(self) -> None:
        for each in (self._audience, *self._listeners):
            self._shared.hub.leave(each)
        self._shared.succession.unwatch(self._status_changed)
        self._shared.storage.unwatch(self._status_changed)
        self.channels.leave()
        await self.chats.aclose()
        await self.readings.aclose()
        await self.findings.aclose()
        await self.changes.aclose()
        await self.suggestions.aclose()
        self._predictor.close()
        self.workspace.leave()
        await self.indexing.aclose()

    async def _end_when_quiet(self) -> None:
        await self._shared.coordinator.until_quiet(self._base)
        await self._place.aclose()

    def _reread(self) -> None:
        """Take over what the files say now."""
        self._watch.while_read(self._settings.reread)
        self._place.folders_changed()
        self._reloaded()

    def _look_back(self) -> None:
        self.findings.look_back()
        self.changes.look_back()

    def _reloaded(self) -> None:
        self._place.follow()
        self.suggestions.settings_changed()
        self._status_changed()
        self.preferences.reloaded()

    def _status(self) -> Status:
        return status_of(
            self._providers,
            self.sandbox,
            lambda: self.problems,
            model=self._settings.loaded.settings.model,
            storage=self._shared.store.problem,
            no_daemon=self._no_daemon,
            superseded=self._shared.succession.superseded,
            index=self.indexing.view(),
            unwatched=self.indexing.unwatched,
            unindexed=self.indexing.failed,
            suggestions=self.suggestions.view(),
        )

    def _providers_changed(self) -> None:
        self._audience.providers_changed(self._providers.list())
        self._status_changed()

    def _status_changed(self) -> None:
        self._audience.status_changed(self._status())
