"""The one face that every front door sees; ``app`` builds what stands behind it.

Front doors convert their wire to these calls and the answers back, nothing else. Every method raises `RequestError` or `InvalidParamsError`
for what cannot be had, with the codes of the protocol.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Protocol

from coterie.domain.actions import Action
from coterie.domain.channels import Channel, ChannelOpened, ChannelPage, ChannelsFound, ChatPlace, Posted
from coterie.domain.edits import FileDiff, UndoResult
from coterie.domain.inspection import ContextView
from coterie.domain.permissions import Approval, Decision
from coterie.domain.retrieval import BuildNews
from coterie.domain.reviews import OpenFinding, Reviewable, Story
from coterie.domain.runs import (
    Attachment,
    RunEvents,
    RunPage,
    RunRequest,
    RunStarted,
    RunStateView,
    RunSummary,
    RunView,
    UndoScope,
)
from coterie.domain.secrets import SecretName
from coterie.domain.status import InstallProgress, ModelPage, ModelView, ProviderCheck, ProviderView, Status
from coterie.domain.suggestions import Suggestion, SuggestionExplanation, SuggestionFeedback, SuggestionRequest, SuggestionSnooze
from coterie.domain.usage import Usage, UsageKey, UsageRow
from coterie.domain.wire import Json


class Runs(Protocol):
    """``agent/run/*``."""

    async def start(self, request: RunRequest) -> RunStarted:
        """Journal the run and acknowledge it, before any model is called."""
        ...

    async def check_model(self, model: str) -> None:
        """Raise what the protocol names when no run could use ``model``."""
        ...

    async def list(self, *, state: str | None = None, limit: int = 50, before: str | None = None) -> RunPage:
        """Return runs, newest first."""
        ...

    async def unapproved(self) -> RunSummary | None:
        """Return the latest run of the workspace if it was interrupted because nobody was there to approve something."""
        ...

    async def get(self, run_id: str) -> RunView:
        """Return a run as it stands."""
        ...

    async def events(self, run_id: str, after: int = 0) -> RunEvents:
        """Return what came after ``after``, without gap or repeat, with a streaming message as a partial one."""
        ...

    async def steer(self, run_id: str, text: str) -> str:
        """Say something to the agent at its next boundary; returns the message's id."""
        ...

    async def interrupt(self, run_id: str) -> RunStateView:
        """End the turn and keep the work."""
        ...

    async def cancel(self, run_id: str) -> RunStateView:
        """Stop everything at once."""
        ...

    async def resume(self, run_id: str) -> RunStateView:
        """Go on after an interruption, a crash or a failure."""
        ...

    async def undo(self, run_id: str, *, scope: UndoScope = "run", ids: Sequence[str] = ()) -> UndoResult:
        """Take back exactly what the run changed; answers after the effects."""
        ...

    async def diff(self, run_id: str, *, paths: Sequence[str] = ()) -> tuple[FileDiff, ...]:
        """Return what the run changed, file by file."""
        ...


class Channels(Protocol):
    """``agent/channel/*``."""

    async def list(self, *, folder: str | None = None, state: str | None = None, query: str | None = None) -> tuple[Channel, ...]:
        """Return channels, latest first."""
        ...

    async def search(self, query: str, *, limit: int = 50) -> ChannelsFound:
        """Return the channels and messages that hold ``query``, latest first."""
        ...

    async def open(self, *, title: str | None = None, agent: str | None = None, model: str | None = None) -> ChannelOpened:
        """Make a channel under *User Chats*."""
        ...

    async def post(self, channel_id: str, text: str, *, attachments: Sequence[Attachment] = ()) -> Posted:
        """Say something: starts a run, or steers the one that is active."""
        ...

    async def history(self, channel_id: str, *, before: str | None = None, limit: int = 50) -> ChannelPage:
        """Return messages, oldest first."""
        ...

    async def rename(self, channel_id: str, title: str) -> Channel:
        """Give a channel another title."""
        ...

    async def archive(self, channel_id: str, *, archived: bool = True) -> Channel:
        """Put a channel away, or take it back out. Raises `RequestError` ``run_active``."""
        ...

    async def delete(self, channel_id: str) -> None:
        """Take a channel and its messages away; its runs stay. Raises `RequestError` ``run_active``."""
        ...


class Inspector(Protocol):
    """``agent/context/*``."""

    async def inspect(self, *, channel_id: str | None = None, run_id: str | None = None) -> ContextView:
        """Show what the model of a channel or of a run is sent, or would be sent next."""
        ...

    async def pin(self, channel_id: str, *, piece_id: str | None = None, uri: str | None = None, pinned: bool = True) -> ContextView:
        """Let a piece, or a file, stay; or no longer. Raises `RequestError` ``unknown_piece``."""
        ...

    async def drop(self, channel_id: str, piece_id: str, *, dropped: bool = True) -> ContextView:
        """Leave a piece out from the next request on; or no longer. Raises `RequestError` ``unknown_piece``, ``piece_stays``."""
        ...


class Approvals(Protocol):
    """``agent/approval/*``."""

    async def list(self) -> tuple[Approval, ...]:
        """Return the pending questions."""
        ...

    async def answer(
        self, approval_id: str, option_id: str, *, scope: str | None = None, plan: Mapping[str, Json] | None = None
    ) -> Decision:
        """Answer a question; the first answer wins, a second one raises ``already_resolved``."""
        ...

    async def dismiss(self, approval_id: str) -> None:
        """Close a question without a choice: not now. A call is rejected this once; at a gate the run is interrupted."""
        ...

    def attendance_changed(self) -> None:
        """Note that a client cannot answer after all: whoever is left is asked, and if nobody is, questions are taken back."""
        ...


class Catalogue(Protocol):
    """``agent/provider/*`` and ``agent/model/*``."""

    async def providers(self) -> tuple[ProviderView, ...]:
        """Return the registered providers."""
        ...

    async def models(self, provider: str | None = None) -> tuple[ModelView, ...]:
        """Return the models of one provider or of all."""
        ...

    async def connect(self, provider: str) -> ProviderView:
        """Use a provider again, and see whether it is there: the row's state tells. Raises `RequestError` ``unknown_provider``."""
        ...

    async def disconnect(self, provider: str) -> ProviderView:
        """Use a provider no more until it is connected again. Raises `RequestError` ``unknown_provider``."""
        ...

    async def default_model(self) -> str | None:
        """Return the model that serves who names none; None where there is none."""
        ...

    async def discover(self) -> tuple[ProviderView, ...]:
        """Look around for hosts that nobody named, and return all there are."""
        ...

    async def check(self, provider: str | None = None) -> ProviderCheck:
        """Look at a provider's host, or, without one, at all of them and around. Raises `RequestError` ``unknown_provider``."""
        ...

    async def search(self, query: str, *, provider: str | None = None, page: str | None = None) -> ModelPage:
        """Return a page of what one host or all have or could install; an empty query matches all."""
        ...

    def install(self, model_id: str) -> AsyncGenerator[InstallProgress, None]:
        """Have a host install a model; closing cancels. Raises `ProviderError`, `RequestError`."""
        ...

    async def model(self, model_id: str) -> ModelView:
        """Return one model. Raises `RequestError` ``unknown_provider``, ``unknown_model``."""
        ...

    async def unload(self, model_id: str) -> ModelView:
        """Free the memory that a model takes at its host. Raises `ProviderError`, `RequestError`."""
        ...

    async def favourite(self, model_id: str, *, favourite: bool = True) -> ModelView:
        """Mark a model, or take its mark away. Raises `RequestError` ``unknown_provider``, ``unknown_model``."""
        ...


class Accounts(Protocol):
    """``agent/usage``."""

    async def usage(self, *, by: UsageKey = "run", since: str | None = None) -> tuple[tuple[UsageRow, ...], Usage]:
        """Return rows by key and their total."""
        ...


class Secrets(Protocol):
    """Keys of model hosts (implemented by ``features.secrets``)."""

    async def list(self) -> tuple[SecretName, ...]:
        """Return the names of what the vault holds."""
        ...

    async def set(self, name: str, value: str) -> str:
        """Keep a key and return its reference. Raises `InvalidParamsError`, `StorageError`."""
        ...

    async def delete(self, name: str) -> str:
        """Forget a key and return its whole name. Raises `InvalidParamsError`, `RequestError` ``unknown_key``, `StorageError`."""
        ...

    async def rotate(self) -> int:
        """Seal every key under a new data key; return how many. Raises `StorageError`."""
        ...


class Suggestions(Protocol):
    """Ghost text and ``agent/suggestion/*``. Whatever takes an id raises `RequestError` ``unknown_suggestion``."""

    async def suggest(self, ask: SuggestionRequest) -> tuple[Suggestion, ...]:
        """Return what could stand at the cursor; nothing, at once, when a later request of the document supersedes this one."""
        ...

    def shown(self, suggestion_id: str) -> SuggestionFeedback:
        """Note that the person could see a suggestion."""
        ...

    def accepted(self, suggestion_id: str, length: int | None = None) -> SuggestionFeedback:
        """Note that ``length`` UTF-16 units of its text were taken, counted from its start; None: all of it."""
        ...

    def rejected(self, suggestion_id: str) -> SuggestionFeedback:
        """Note that it was dismissed."""
        ...

    def explain(self, uri: str | None = None) -> SuggestionExplanation:
        """Return how the latest request, of a document or of all, ended."""
        ...

    def snooze(self, minutes: float) -> SuggestionSnooze:
        """Suggest nothing for so long unless asked by hand; 0 ends it."""
        ...


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
        """Return what can be accepted or taken back in a file, one for each run."""
        ...

    def watch(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when what can be accepted is something else without a run's event that says so."""
        ...

    async def accept(self, run_id: str | None = None, uri: str | None = None) -> int:
        """Note that a person has looked at changes, of a run or a file or all in the folders; returns how many there were."""
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
    def inspector(self) -> Inspector:
        """``agent/context/*``."""
        ...

    @property
    def approvals(self) -> Approvals:
        """``agent/approval/*``."""
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
