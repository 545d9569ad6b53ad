"""What front doors can do by ``agent/*``: a face for each kind of thing that the protocol names.

`application.Application` has one of each. Every method raises `RequestError` or `InvalidParamsError` for what cannot be had, with the codes
of the protocol.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Protocol

from coterie.domain.channels import Channel, ChannelForked, ChannelOpened, ChannelPage, ChannelsFound, Posted
from coterie.domain.commits import CommitMessage
from coterie.domain.completion import AttachmentItems
from coterie.domain.edits import FileDiff, HunkVerdict, UndoResult
from coterie.domain.inspection import ContextView
from coterie.domain.permissions import Approval, Decision, Grant
from coterie.domain.preferences import FileLayer, FolderTrust, SettingsView, SettingWritten
from coterie.domain.reviews import HunkChoice, HunkResult, ReviewedChange, ReviewList
from coterie.domain.roster import AgentView, CommandView, TemplateView, ToolView, WorkflowView
from coterie.domain.runs import Attachment, RunEvents, RunPage, RunRequest, RunStarted, RunStateView, RunSummary, RunView, UndoScope
from coterie.domain.secrets import SecretName
from coterie.domain.status import InstallProgress, ModelPage, ModelView, ProviderCheck, ProviderView
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

    async def diff(self, run_id: str, *, paths: Sequence[str] = (), texts: bool = False) -> tuple[FileDiff, ...]:
        """Return what the run changed, file by file, with the files' ``texts`` before and after it if wanted."""
        ...


class Hunks(Protocol):
    """``agent/hunk/*`` and ``agent/review/list``."""

    async def decide(self, choice: HunkChoice, run_id: str | None = None) -> HunkResult:
        """Carry out a verdict on hunks of a run, which may go on; the first one on a hunk counts. Answers after the effects.

        Raises `RequestError` ``unknown_hunk``, ``unknown_change``, ``already_resolved``.
        """
        ...

    async def decide_open(
        self, verdict: HunkVerdict, *, run_id: str | None = None, uri: str | None = None, hunk_ids: Collection[str] = ()
    ) -> tuple[tuple[ReviewedChange, ...], tuple[HunkResult, ...]]:
        """Carry out a verdict on all open hunks of a run or a file or with these ids, or on those that stand in the client's folders.

        Returns the changes that were decided, at least in part, and what came of it in each run.
        """
        ...

    async def list(self, *, folder: str | None = None, run_id: str | None = None) -> ReviewList:
        """Return the files with hunks that nobody has looked at: of a run, of a folder, or of the client's folders."""
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

    async def fork(self, channel_id: str, message_id: str | None = None) -> ChannelForked:
        """Make a channel that goes on from a place of another one, which stays as it is, and so do all files."""
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

    async def choose(self, channel_id: str, *, agent: str | None = None, model: str | None = None) -> Channel:
        """Say who answers from the next run on; None: what the settings say. Raises `RequestError` ``unknown_agent``, ``unknown_model``."""
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


class Grants(Protocol):
    """``agent/grant/*`` (implemented by ``features.grants``)."""

    async def list(self) -> tuple[Grant, ...]:
        """Return every answer that holds for more than its call: of runs, of this client's session, and in the user's settings."""
        ...

    async def revoke(self, grant_id: str) -> Grant:
        """Take one back: it is asked for again, by the very next call. Raises `RequestError` ``unknown_grant``, `SettingsError`."""
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


class Roster(Protocol):
    """What is available here (implemented by ``features.roster``)."""

    async def agents(self) -> tuple[AgentView, ...]:
        """Return the agents, each with the models that a run would ask now."""
        ...

    def templates(self) -> tuple[TemplateView, ...]:
        """Return the agents as they are brought."""
        ...

    def workflows(self) -> tuple[WorkflowView, ...]:
        """Return the workflows."""
        ...

    def tools(self) -> tuple[ToolView, ...]:
        """Return the tools, and which of them the rules keep from everybody."""
        ...

    def commands(self) -> tuple[CommandView, ...]:
        """Return what can be posted to a chat."""
        ...


class Completer(Protocol):
    """``agent/attachment/*`` (implemented by ``features.completing``)."""

    async def complete(self, query: str, *, folder: str | None = None, limit: int = 20) -> AttachmentItems:
        """Return what can be attached and fits, in one folder or in all."""
        ...


class Commits(Protocol):
    """``agent/commit/*`` (implemented by ``features.commit_message``)."""

    async def message(self, folder: str | None = None, *, staged: bool = True) -> CommitMessage:
        """Write a message for what is staged in a folder, or for all that is not committed. Raises `RequestError`, `ProviderError`."""
        ...


class Preferences(Protocol):
    """``agent/settings/*`` (implemented by ``features.preferences``)."""

    async def view(self, folder: str | None = None) -> SettingsView:
        """Return what holds: for all folders together, or as if ``folder`` were the only one."""
        ...

    async def set(self, key: str, value: Json, *, layer: FileLayer = "user", folder: str | None = None) -> SettingWritten:
        """Write one key into a file, or take it away (None), and answer when that holds."""
        ...

    async def trust(self, folder: str, *, trusted: bool) -> FolderTrust:
        """Trust a workspace folder, or no longer. Raises `RequestError` ``trust_overruled`` where something else decides that."""
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
