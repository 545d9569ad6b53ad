"""The one face that every front door sees; ``app`` builds what stands behind it.

Front doors convert their wire to these calls and the answers back, nothing else. Its parts are in ``protocol_faces``, by the names of the
protocol, and in ``editor_faces``, by what an editor shows.
"""

from __future__ import annotations

from typing import Protocol

from coterie.domain.status import Status
from coterie.features.editor_faces import (
    Actions,
    Attention,
    Changes,
    ChatDocuments,
    ChatReadings,
    ContextDocuments,
    Findings,
    Indexing,
    PlanDocuments,
)
from coterie.features.protocol_faces import (
    Accounts,
    Approvals,
    Catalogue,
    Channels,
    Commits,
    Completer,
    Grants,
    Hunks,
    Inspector,
    Preferences,
    Roster,
    Runs,
    Secrets,
    Suggestions,
)


class Application(Protocol):
    """Everything that front doors can do."""

    @property
    def runs(self) -> Runs:
        """``agent/run/*``."""
        ...

    @property
    def channels(self) -> Channels:
        """``agent/channel/*``."""
        ...

    @property
    def hunks(self) -> Hunks:
        """``agent/hunk/*`` and ``agent/review/list``."""
        ...

    @property
    def inspector(self) -> Inspector:
        """``agent/context/*``."""
        ...

    @property
    def approvals(self) -> Approvals:
        """``agent/approval/*``."""
        ...

    @property
    def grants(self) -> Grants:
        """``agent/grant/*``."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """``agent/provider/*`` and ``agent/model/*``."""
        ...

    @property
    def accounts(self) -> Accounts:
        """``agent/usage``."""
        ...

    @property
    def secrets(self) -> Secrets:
        """Keys of model hosts."""
        ...

    @property
    def roster(self) -> Roster:
        """What is available here."""
        ...

    @property
    def completer(self) -> Completer:
        """``agent/attachment/*``."""
        ...

    @property
    def commits(self) -> Commits:
        """``agent/commit/*``."""
        ...

    @property
    def preferences(self) -> Preferences:
        """``agent/settings/*``."""
        ...

    @property
    def suggestions(self) -> Suggestions:
        """Ghost text and ``agent/suggestion/*``."""
        ...

    @property
    def actions(self) -> Actions:
        """What can be done about a piece of code."""
        ...

    @property
    def chats(self) -> ChatDocuments:
        """Channels as Markdown documents."""
        ...

    @property
    def readings(self) -> ChatReadings:
        """Channels as texts that nobody writes in."""
        ...

    @property
    def contexts(self) -> ContextDocuments:
        """What models read, as documents."""
        ...

    @property
    def plans(self) -> PlanDocuments:
        """Plans at their gates as JSON documents."""
        ...

    @property
    def findings(self) -> Findings:
        """What reviewers found."""
        ...

    @property
    def changes(self) -> Changes:
        """What runs have changed, where it stands."""
        ...

    @property
    def indexing(self) -> Indexing:
        """The index of the client's folders."""
        ...

    @property
    def attention(self) -> Attention:
        """What the person has before them."""
        ...

    def concerns(self, folder: str | None) -> bool:
        """Say whether what a run does in a folder is a matter of this client's workspace; what has no folder is everybody's."""
        ...

    async def status(self) -> Status:
        """Return the server's state."""
        ...

    async def aclose(self) -> None:
        """Interrupt what runs, journal it, end every child, close the store."""
        ...
