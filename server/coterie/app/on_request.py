"""The features of one core that nothing but a request needs: `core` loads what they are made of with the first such request."""

from __future__ import annotations

from functools import cached_property

from coterie.agents.assembly import Assembly
from coterie.agents.inspection import Inspection
from coterie.app.settings import LiveSettings
from coterie.app.shared import Shared
from coterie.features.commit_message import CommitMessages
from coterie.features.context_documents import ContextDocuments
from coterie.features.inspector import Inspector
from coterie.providers.registry import ProviderRegistry
from coterie.workspace.workspace import LiveWorkspace


class OnRequest:
    """Each is made when it is asked for, and once."""

    def __init__(
        self, shared: Shared, settings: LiveSettings, base: Assembly, workspace: LiveWorkspace, providers: ProviderRegistry
    ) -> None:
        self._shared = shared
        self._settings = settings
        self._base = base
        self._workspace = workspace
        self._providers = providers

    @cached_property
    def inspector(self) -> Inspector:
        """What a model is sent, piece by piece."""
        shared = self._shared
        return Inspector(Inspection(self._base, shared.coordinator), shared.store.marks, self._workspace, shared.news.touched)

    @cached_property
    def contexts(self) -> ContextDocuments:
        """The same as documents."""
        return ContextDocuments(self._settings.loaded.places.state / "contexts", self.inspector)

    @cached_property
    def commits(self) -> CommitMessages:
        """What writes the messages of commits."""
        return CommitMessages(
            folders=lambda: self._settings.folders,
            providers=self._providers,
            usage=self._shared.store.usage,
            settings=lambda: self._settings.loaded.settings,
            withheld=self._workspace.withheld,
            hide=self._shared.redaction.hide,
        )
