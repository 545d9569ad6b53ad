"""The features of one core that nothing but a request needs: `core` loads what they are made of with the first such request."""

from __future__ import annotations

from functools import cached_property

from coterie.agents.assembly import Assembly
from coterie.agents.inspection import Inspection
from coterie.app.settings import LiveSettings
from coterie.app.shared import Shared
from coterie.app.workplace import Workplace
from coterie.features.commit_message import CommitMessages
from coterie.features.context_documents import ContextDocuments
from coterie.features.inspector import Inspector


class OnRequest:
    """Each is made when it is asked for, and once."""

    def __init__(self, shared: Shared, settings: LiveSettings, place: Workplace, base: Assembly) -> None:
        self._shared = shared
        self._settings = settings
        self._place = place
        self._base = base

    @cached_property
    def inspector(self) -> Inspector:
        """What a model is sent, piece by piece."""
        shared = self._shared
        return Inspector(Inspection(self._base, shared.coordinator), shared.store.marks, self._place.workspace, shared.news.touched)

    @cached_property
    def contexts(self) -> ContextDocuments:
        """The same as documents."""
        return ContextDocuments(self._settings.loaded.places.state / "contexts", self.inspector)

    @cached_property
    def commits(self) -> CommitMessages:
        """What writes the messages of commits."""
        return CommitMessages(
            folders=lambda: self._settings.folders,
            providers=self._place.providers,
            usage=self._shared.store.usage,
            settings=lambda: self._settings.loaded.settings,
            withheld=self._place.workspace.withheld,
            hide=self._shared.redaction.hide,
        )
