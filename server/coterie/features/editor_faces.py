"""What front doors show in an editor's own terms: actions, documents, findings, changes, progress.

None of these has methods of ``agent/*``: editors reach them by what LSP has, and `application.Application` has one of each. Every method
raises `RequestError` or `InvalidParamsError` for what cannot be had, with the codes of the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from coterie.domain.actions import Action
from coterie.domain.channels import ChatPlace, Posted
from coterie.domain.retrieval import BuildNews
from coterie.domain.reviews import OpenFinding, Reviewable, Story
from coterie.domain.runs import RunStarted
from coterie.domain.wire import Json


class Actions(Protocol):
    """What can be done about a piece of code."""

    def offered(self, only: Sequence[str] = (), *, problems: bool = False) -> tuple[Action, ...]:
        """Return the actions of the wanted kinds and those below them; no kind wanted: all."""
        ...

    def worded(self, action_id: str, problems: Sequence[str] = ()) -> Action:
        """Return an action with the prompt for these problems. Raises `RequestError` ``unknown_action``."""
        ...


class ChatDocuments(Protocol):
    """Channels as Markdown documents."""

    def watch(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with words for the person when an open document cannot be kept up to date."""
        ...

    async def open(self, channel_id: str, *, draft: str = "", awaited: bool = False) -> str:
        """Make a channel's document and return its URI.

        ``draft`` is added to what is to be sent; ``awaited`` says that an editor is about to open it.
        """
        ...

    async def send(self, uri: str | None = None) -> Posted:
        """Post what stands under the last heading of a document, or of the only open one. Raises `RequestError` ``nothing_to_send``."""
        ...

    async def place(self, uri: str) -> ChatPlace | None:
        """Say what a document offers; None for one that is no chat."""
        ...

    def is_chat(self, uri: str) -> bool:
        """Say whether a document is a chat."""
        ...


class ChatReadings(Protocol):
    """Channels as texts that an editor asks for and nobody writes in."""

    def watch(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with the URI of a text that was read and is another one now, once in a while."""
        ...

    async def read(self, uri: str) -> str:
        """Return a channel's text as it is now. Raises `RequestError` ``unknown_channel``."""
        ...


class ContextDocuments(Protocol):
    """What models read, as documents for people."""

    async def offer(self, channel_id: str, *, as_file: bool) -> str:
        """Return the URI of a channel's document, and write it if it is to be a file. Raises `RequestError` ``unknown_channel``."""
        ...

    def is_context(self, uri: str) -> bool:
        """Say whether a text that an editor asks for is one of these."""
        ...

    async def read(self, uri: str) -> str:
        """Return the text of a document that is no file, as it is now. Raises `RequestError` ``unknown_channel``."""
        ...


class PlanDocuments(Protocol):
    """Plans at their gates as JSON documents."""

    async def offer(self, approval_id: str, plan: Mapping[str, Json]) -> str:
        """Write a plan's document and return its URI."""
        ...

    async def read(self, approval_id: str) -> Mapping[str, Json]:
        """Return the plan as it stands in its document now. Raises `InvalidParamsError`."""
        ...

    def question_of(self, uri: str) -> str | None:
        """Return the question that a document belongs to; None for one that is no plan."""
        ...


class Findings(Protocol):
    """What reviewers found."""

    def watch(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change."""
        ...

    def open(self, uri: str | None = None) -> tuple[OpenFinding, ...]:
        """Return the findings of a file, or all."""
        ...

    async def fix(self, finding_id: str) -> RunStarted:
        """Start a run that mends a finding; when it succeeds, the finding is gone. Raises `RequestError` ``unknown_finding``."""
        ...

    async def dismiss(self, finding_id: str) -> None:
        """Forget a finding. Raises `RequestError` ``unknown_finding``."""
        ...


class Changes(Protocol):
    """What runs have changed, where it stands."""

    def reviewable(self, uri: str, text: str) -> tuple[Reviewable, ...]:
        """Return the hunks that can be accepted or rejected in a file, each run's by line."""
        ...

    def watch(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when what can be accepted is something else without a run's event that says so."""
        ...

    async def story(self, uri: str, text: str, line: int) -> Story | None:
        """Say which run changed a line (from 0) and why; None when none did, or when somebody wrote it anew since."""
        ...


class Indexing(Protocol):
    """The index of the client's folders (implemented by ``features.indexing``)."""

    def watch(self, listener: Callable[[BuildNews], None]) -> None:
        """Call ``listener`` with how each build goes."""
        ...


class Attention(Protocol):
    """What the person has before them (implemented by ``features.attention``)."""

    def diagnosed(self, uri: str) -> None:
        """Note that the editor shows errors in a document."""
        ...
