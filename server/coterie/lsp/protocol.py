"""The ``agent/*`` protocol as one table: method, params, result. Every other description of it is generated from here.

``rpc`` reads params by it, ``handlers`` answer by it, ``schema`` writes JSON Schema and ``docs/protocol.md`` from it. Names and fields are
a promise to clients: extend freely, do not rename. Shapes that the core has too live in ``domain``; those that only the wire has are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from coterie.domain.channels import Channel, ChannelChanged, ChannelFolder, ChannelOpened, ChannelPage, ChannelsFound, ChannelState, Posted
from coterie.domain.edits import FileDiff, UndoResult
from coterie.domain.events import AgentEvent, RunState
from coterie.domain.inspection import ContextView
from coterie.domain.permissions import Approval, Decision
from coterie.domain.runs import (
    Attachment,
    RunEvents,
    RunPage,
    RunRequest,
    RunStarted,
    RunStateView,
    RunView,
    UndoScope,
)
from coterie.domain.secrets import SecretName
from coterie.domain.status import ModelPage, ModelView, ProviderCheck, ProviderView, Status
from coterie.domain.suggestions import SuggestionExplanation, SuggestionFeedback, SuggestionSnooze
from coterie.domain.usage import Usage, UsageKey, UsageRow
from coterie.domain.wire import Json, Late, wire
from coterie.lsp.context_params import ContextDropParams, ContextInspectParams, ContextPinParams

Words = Annotated[str, Late("Field", min_length=1)]
Count = Annotated[int, Late("Field", ge=1)]
Minutes = Annotated[float, Late("Field", ge=0, le=60 * 24 * 365)]
Offset = Annotated[int, Late("Field", ge=0, le=2**53 - 1)]
"""At most what every client's numbers hold exactly."""


@wire
class NoParams:
    """Nothing."""


@wire
class RunParams:
    """Which run."""

    run_id: str


@wire
class RunListParams:
    """Which runs: those in ``state``, older than the run ``before``."""

    state: RunState | None = None
    limit: Count = 50
    before: str | None = None


@wire
class RunEventsParams:
    """Which events: those with a ``seq`` above ``after``."""

    run_id: str
    after: Offset = 0


@wire
class RunSteerParams:
    """What to say to a run."""

    run_id: str
    text: Words


@wire
class RunUndoParams:
    """What to take back: the whole run, or the steps, files or hunks in ``ids``."""

    run_id: str
    scope: UndoScope = "run"
    ids: tuple[str, ...] = ()


@wire
class RunDiffParams:
    """Which files of a run; none named: all."""

    run_id: str
    paths: tuple[str, ...] = ()


@wire
class ChannelListParams:
    """Which channels; ``query`` searches titles and messages."""

    folder: ChannelFolder | None = None
    state: ChannelState | None = None
    query: str | None = None


@wire
class ChannelSearchParams:
    """What to look for in titles and messages, in whatever case; at most ``limit`` channels and messages are wanted."""

    query: Words
    limit: Count = 50


@wire
class ChannelOpenParams:
    """What the new channel is called, and who answers in it."""

    title: str | None = None
    agent: str | None = None
    model: str | None = None


@wire
class ChannelPostParams:
    """What the person says."""

    channel_id: str
    text: Words
    attachments: tuple[Attachment, ...] = ()


@wire
class ChannelHistoryParams:
    """Which messages: those before the message ``before``, by default the latest."""

    channel_id: str
    before: str | None = None
    limit: Count = 50


@wire
class ChannelParams:
    """Which channel."""

    channel_id: str


@wire
class ChannelRenameParams:
    """What the channel is called from now on."""

    channel_id: str
    title: Words


@wire
class ChannelArchiveParams:
    """Put the channel away, or with ``archived`` false take it back out."""

    channel_id: str
    archived: bool = True


@wire
class ApprovalAnswerParams:
    """Which option; ``plan`` goes with the option ``edit`` of a plan's gate."""

    approval_id: str
    option_id: str
    scope: str | None = None
    plan: Mapping[str, Json] | None = None


@wire
class ModelListParams:
    """Whose models; nobody named: all."""

    provider: str | None = None


@wire
class ProviderParams:
    """Which provider: its id, under any of the three names."""

    provider: str | None = None
    id: str | None = None
    provider_id: str | None = None


@wire
class ModelSearchParams:
    """What to look for, with one provider or all; an empty query lists what is available. ``page`` is the ``next`` of an earlier answer."""

    query: str = ""
    provider: str | None = None
    page: str | None = None


@wire
class ModelParams:
    """Which model: its id (``host/model``), under any of the three names."""

    model: str | None = None
    id: str | None = None
    model_id: str | None = None


@wire
class ModelInstallParams:
    """Which model, as in `ModelParams`. Its progress has the token, or else one of the server's where the client takes those."""

    model: str | None = None
    id: str | None = None
    model_id: str | None = None
    work_done_token: str | int | None = None


@wire
class ModelFavouriteParams:
    """Which model, as in `ModelParams`, and whether it is one of the person's favourites from now on."""

    model: str | None = None
    id: str | None = None
    model_id: str | None = None
    favourite: bool = True


@wire
class KeyParams:
    """Which key: its ``name`` (``provider/key``, or the provider alone), or ``provider`` and ``key`` apart."""

    name: str | None = None
    provider: str | None = None
    key: str | None = None


@wire
class KeySetParams:
    """Which key, as in `KeyParams`, and what it is."""

    value: str
    name: str | None = None
    provider: str | None = None
    key: str | None = None


@wire
class UsageParams:
    """By what to add up, and since when (ISO 8601)."""

    by: UsageKey = "run"
    since: str | None = None


@wire
class SuggestionParams:
    """Which suggestion: the id in the arguments of its command."""

    suggestion_id: str


@wire
class SuggestionAcceptedParams:
    """How much of a suggestion was taken: UTF-16 units from the start of its insert text, all in all; absent: the whole of it."""

    suggestion_id: str
    length: Count | None = None


@wire
class SuggestionSnoozeParams:
    """For how long; 0 ends it."""

    minutes: Minutes = 60


@wire
class SuggestionExplainParams:
    """Whose latest request; no document named: the latest of all."""

    uri: str | None = None


@wire
class RunSteerResult:
    """The id of the message that the agent will read."""

    message_id: str


@wire
class RunDiffResult:
    """The run's changes, file by file."""

    files: tuple[FileDiff, ...]


@wire
class ChannelListResult:
    """Channels, latest first."""

    channels: tuple[Channel, ...]


@wire
class ChannelDeleted:
    """The channel that is gone."""

    channel_id: str


@wire
class ApprovalListResult:
    """Questions that wait for an answer."""

    approvals: tuple[Approval, ...]


@wire
class ApprovalAnswerResult:
    """What was decided."""

    decision: Decision


@wire
class ProviderListResult:
    """The registered providers."""

    providers: tuple[ProviderView, ...]


@wire
class ModelListResult:
    """The models that can be chosen."""

    models: tuple[ModelView, ...]


@wire
class ModelInstalled:
    """The model that is there now."""

    model: ModelView


@wire
class ProvidersChanged:
    """The registered providers as they are now."""

    providers: tuple[ProviderView, ...]


@wire
class KeyListResult:
    """What the vault holds: names, never values."""

    keys: tuple[SecretName, ...]


@wire
class KeySet:
    """How the settings refer to the key that was kept. A provider without an ``api_key`` uses its own by itself."""

    name: str
    provider: str
    reference: str


@wire
class KeyDeleted:
    """The key that is gone."""

    name: str


@wire
class UsageResult:
    """Rows by key, and their total."""

    rows: tuple[UsageRow, ...]
    total: Usage


STATUS: Final = "agent/status"
RUN_START: Final = "agent/run/start"
RUN_LIST: Final = "agent/run/list"
RUN_GET: Final = "agent/run/get"
RUN_EVENTS: Final = "agent/run/events"
RUN_STEER: Final = "agent/run/steer"
RUN_INTERRUPT: Final = "agent/run/interrupt"
RUN_CANCEL: Final = "agent/run/cancel"
RUN_RESUME: Final = "agent/run/resume"
RUN_UNDO: Final = "agent/run/undo"
RUN_DIFF: Final = "agent/run/diff"
CHANNEL_LIST: Final = "agent/channel/list"
CHANNEL_OPEN: Final = "agent/channel/open"
CHANNEL_POST: Final = "agent/channel/post"
CHANNEL_HISTORY: Final = "agent/channel/history"
CHANNEL_RENAME: Final = "agent/channel/rename"
CHANNEL_ARCHIVE: Final = "agent/channel/archive"
CHANNEL_DELETE: Final = "agent/channel/delete"
CHANNEL_SEARCH: Final = "agent/channel/search"
CONTEXT_INSPECT: Final = "agent/context/inspect"
CONTEXT_PIN: Final = "agent/context/pin"
CONTEXT_DROP: Final = "agent/context/drop"
APPROVAL_LIST: Final = "agent/approval/list"
APPROVAL_ANSWER: Final = "agent/approval/answer"
PROVIDER_LIST: Final = "agent/provider/list"
PROVIDER_CONNECT: Final = "agent/provider/connect"
PROVIDER_DISCONNECT: Final = "agent/provider/disconnect"
PROVIDER_CHECK: Final = "agent/provider/check"
MODEL_LIST: Final = "agent/model/list"
MODEL_SEARCH: Final = "agent/model/search"
MODEL_INSTALL: Final = "agent/model/install"
MODEL_UNLOAD: Final = "agent/model/unload"
MODEL_FAVOURITE: Final = "agent/model/favourite"
KEY_LIST: Final = "agent/key/list"
KEY_SET: Final = "agent/key/set"
KEY_DELETE: Final = "agent/key/delete"
SUGGESTION_SHOWN: Final = "agent/suggestion/shown"
SUGGESTION_ACCEPTED: Final = "agent/suggestion/accepted"
SUGGESTION_REJECTED: Final = "agent/suggestion/rejected"
SUGGESTION_EXPLAIN: Final = "agent/suggestion/explain"
SUGGESTION_SNOOZE: Final = "agent/suggestion/snooze"
USAGE: Final = "agent/usage"

EVENT: Final = "agent/event"
CHANNEL_CHANGED: Final = "agent/channel/changed"
PROVIDER_CHANGED: Final = "agent/provider/changed"
STATUS_CHANGED: Final = "agent/status/changed"


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the client: what it sends, what it gets, and what it is for."""

    params: type
    result: type
    doc: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification of the server, sent to rich clients only."""

    params: type
    doc: str


REQUESTS: Final[Mapping[str, Request]] = {
    STATUS: Request(NoParams, Status, "The server's version and mode, its providers' health, and what is degraded and why."),
    RUN_START: Request(RunRequest, RunStarted, "Start a run; acknowledged before any model is called."),
    RUN_LIST: Request(RunListParams, RunPage, "Live and past runs, newest first."),
    RUN_GET: Request(RunParams, RunView, "A run as it stands."),
    RUN_EVENTS: Request(RunEventsParams, RunEvents, "What a client missed, without gap or repeat."),
    RUN_STEER: Request(RunSteerParams, RunSteerResult, "Say something to the agent at its next boundary."),
    RUN_INTERRUPT: Request(RunParams, RunStateView, "End the turn and keep the work."),
    RUN_CANCEL: Request(RunParams, RunStateView, "Stop everything at once."),
    RUN_RESUME: Request(RunParams, RunStateView, "Go on after an interruption, a crash or a failure."),
    RUN_UNDO: Request(RunUndoParams, UndoResult, "Take back what a run changed; what the person wrote since is left alone."),
    RUN_DIFF: Request(RunDiffParams, RunDiffResult, "What a run changed, as unified diffs."),
    CHANNEL_LIST: Request(ChannelListParams, ChannelListResult, "Chat channels, latest first."),
    CHANNEL_OPEN: Request(ChannelOpenParams, ChannelOpened, "Open a chat channel."),
    CHANNEL_POST: Request(ChannelPostParams, Posted, "Say something in a channel: starts a run, or steers the one that is active."),
    CHANNEL_HISTORY: Request(ChannelHistoryParams, ChannelPage, "A channel's messages, oldest first."),
    CHANNEL_RENAME: Request(ChannelRenameParams, Channel, "Give a channel another title."),
    CHANNEL_ARCHIVE: Request(ChannelArchiveParams, Channel, "Put a channel away, or take it back out."),
    CHANNEL_DELETE: Request(ChannelParams, ChannelDeleted, "Take a channel and its messages away; its runs stay, and can be undone."),
    CHANNEL_SEARCH: Request(ChannelSearchParams, ChannelsFound, "The channels and messages in which something stands, latest first."),
    CONTEXT_INSPECT: Request(ContextInspectParams, ContextView, "What a model is sent, or would be sent next, piece by piece."),
    CONTEXT_PIN: Request(ContextPinParams, ContextView, "Let a piece or a file stay in a channel's conversation, or no longer."),
    CONTEXT_DROP: Request(ContextDropParams, ContextView, "Leave a piece of a channel's conversation out, or no longer."),
    APPROVAL_LIST: Request(NoParams, ApprovalListResult, "Questions that wait for an answer."),
    APPROVAL_ANSWER: Request(ApprovalAnswerParams, ApprovalAnswerResult, "Answer a question; the first answer wins."),
    PROVIDER_LIST: Request(NoParams, ProviderListResult, "The registered providers and their state."),
    PROVIDER_CONNECT: Request(ProviderParams, ProviderView, "Use a provider again, and see whether it is there."),
    PROVIDER_DISCONNECT: Request(ProviderParams, ProviderView, "Let go of a provider: nothing is asked of it until it is connected again."),
    PROVIDER_CHECK: Request(
        ProviderParams,
        ProviderCheck,
        "Look at a provider's host: whether it answers, whether one is logged in. Without a provider: at all, and for new ones.",
    ),
    MODEL_LIST: Request(ModelListParams, ModelListResult, "The models that can be chosen."),
    MODEL_SEARCH: Request(ModelSearchParams, ModelPage, "What hosts have or could install, page by page, best first."),
    MODEL_INSTALL: Request(
        ModelInstallParams, ModelInstalled, "Have a host install a model, with `$/progress`; answered when it is there. Can be cancelled."
    ),
    MODEL_UNLOAD: Request(ModelParams, ModelView, "Free the memory that a model takes at its host."),
    MODEL_FAVOURITE: Request(ModelFavouriteParams, ModelView, "Mark a model as a favourite, or take the mark away; kept over restarts."),
    KEY_LIST: Request(NoParams, KeyListResult, "The names of the keys in the vault."),
    KEY_SET: Request(KeySetParams, KeySet, "Keep a key in the vault, in place of the one of this name."),
    KEY_DELETE: Request(KeyParams, KeyDeleted, "Take a key out of the vault."),
    SUGGESTION_SHOWN: Request(SuggestionParams, SuggestionFeedback, "The person could see a suggestion."),
    SUGGESTION_ACCEPTED: Request(SuggestionAcceptedParams, SuggestionFeedback, "A suggestion was taken, as a whole or in part."),
    SUGGESTION_REJECTED: Request(SuggestionParams, SuggestionFeedback, "A suggestion was dismissed; it does not come again at its place."),
    SUGGESTION_EXPLAIN: Request(
        SuggestionExplainParams, SuggestionExplanation, "How the latest request for a suggestion ended: why there was none."
    ),
    SUGGESTION_SNOOZE: Request(SuggestionSnoozeParams, SuggestionSnooze, "Suggest nothing for a while unless asked by hand."),
    USAGE: Request(
        UsageParams,
        UsageResult,
        "Tokens and money of every call, ghost text included; of no run or channel, it is in the rows of providers and days.",
    ),
}

NOTIFICATIONS: Final[Mapping[str, Notification]] = {
    EVENT: Notification(AgentEvent, "Something happened in a run."),
    CHANNEL_CHANGED: Notification(ChannelChanged, "A channel was created, updated or deleted."),
    PROVIDER_CHANGED: Notification(ProvidersChanged, "A provider came, went, or is in another state; told a few times a second at most."),
    STATUS_CHANGED: Notification(Status, "The server's state changed."),
}
