"""The ``agent/*`` protocol as one table: method, params, result. Every other description of it is generated from here.

``rpc`` reads params by it, ``handlers`` answer by it, ``schema`` writes JSON Schema and ``docs/protocol.md`` from it. Names and fields are
a promise to clients: extend freely, do not rename. Shapes that the core has too live in ``domain``; those that only the wire has are in
``payloads``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coterie.domain.channels import Channel, ChannelChanged, ChannelForked, ChannelOpened, ChannelPage, ChannelsFound, Posted
from coterie.domain.commits import CommitMessage
from coterie.domain.completion import AttachmentItems
from coterie.domain.edits import UndoResult
from coterie.domain.events import AgentEvent
from coterie.domain.inspection import ContextView
from coterie.domain.permissions import Grant
from coterie.domain.preferences import FolderTrust, SettingsChanged, SettingsView, SettingWritten
from coterie.domain.reviews import HunkResult, ReviewList
from coterie.domain.runs import RunEvents, RunPage, RunRequest, RunStarted, RunStateView, RunView
from coterie.domain.status import ModelPage, ModelView, ProviderCheck, ProviderView, Status
from coterie.domain.suggestions import SuggestionExplanation, SuggestionFeedback, SuggestionSnooze
from coterie.domain.wire import wire
from coterie.lsp.payloads import attachments, channels, commits, contexts, hunks, models, roster, runs, secrets, settings, suggestions, team


@wire
class NoParams:
    """Nothing."""


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
HUNK_ACCEPT: Final = "agent/hunk/accept"
HUNK_REJECT: Final = "agent/hunk/reject"
REVIEW_LIST: Final = "agent/review/list"
CHANNEL_LIST: Final = "agent/channel/list"
CHANNEL_OPEN: Final = "agent/channel/open"
CHANNEL_FORK: Final = "agent/channel/fork"
CHANNEL_POST: Final = "agent/channel/post"
CHANNEL_HISTORY: Final = "agent/channel/history"
CHANNEL_RENAME: Final = "agent/channel/rename"
CHANNEL_CHOOSE: Final = "agent/channel/choose"
CHANNEL_ARCHIVE: Final = "agent/channel/archive"
CHANNEL_DELETE: Final = "agent/channel/delete"
CHANNEL_SEARCH: Final = "agent/channel/search"
CONTEXT_INSPECT: Final = "agent/context/inspect"
CONTEXT_PIN: Final = "agent/context/pin"
CONTEXT_DROP: Final = "agent/context/drop"
APPROVAL_LIST: Final = "agent/approval/list"
APPROVAL_ANSWER: Final = "agent/approval/answer"
GRANT_LIST: Final = "agent/grant/list"
GRANT_REVOKE: Final = "agent/grant/revoke"
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
AGENT_LIST: Final = "agent/agent/list"
TEMPLATE_LIST: Final = "agent/template/list"
WORKFLOW_LIST: Final = "agent/workflow/list"
TOOL_LIST: Final = "agent/tool/list"
COMMAND_LIST: Final = "agent/command/list"
ATTACHMENT_COMPLETE: Final = "agent/attachment/complete"
COMMIT_MESSAGE: Final = "agent/commit/message"
SETTINGS_GET: Final = "agent/settings/get"
SETTINGS_SET: Final = "agent/settings/set"
TRUST_SET: Final = "agent/trust/set"
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
SETTINGS_CHANGED: Final = "agent/settings/changed"


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
    RUN_LIST: Request(runs.RunListParams, RunPage, "Live and past runs, newest first."),
    RUN_GET: Request(runs.RunParams, RunView, "A run as it stands."),
    RUN_EVENTS: Request(runs.RunEventsParams, RunEvents, "What a client missed, without gap or repeat."),
    RUN_STEER: Request(runs.RunSteerParams, runs.RunSteerResult, "Say something to the agent at its next boundary."),
    RUN_INTERRUPT: Request(runs.RunParams, RunStateView, "End the turn and keep the work."),
    RUN_CANCEL: Request(runs.RunParams, RunStateView, "Stop everything at once."),
    RUN_RESUME: Request(runs.RunParams, RunStateView, "Go on after an interruption, a crash or a failure."),
    RUN_UNDO: Request(runs.RunUndoParams, UndoResult, "Take back what a run changed; what the person wrote since is left alone."),
    RUN_DIFF: Request(runs.RunDiffParams, runs.RunDiffResult, "What a run changed, as unified diffs."),
    HUNK_ACCEPT: Request(
        hunks.HunkParams, HunkResult, "Keep hunks of a run, and apply those that were only proposed; the first verdict on a hunk counts."
    ),
    HUNK_REJECT: Request(
        hunks.HunkParams, HunkResult, "Take hunks of a run back, or drop those that were only proposed; an agent that works on is told."
    ),
    REVIEW_LIST: Request(hunks.ReviewListParams, ReviewList, "The files with hunks that nobody has accepted or rejected yet, across runs."),
    CHANNEL_LIST: Request(channels.ChannelListParams, channels.ChannelListResult, "Chat channels, latest first."),
    CHANNEL_OPEN: Request(channels.ChannelOpenParams, ChannelOpened, "Open a chat channel."),
    CHANNEL_FORK: Request(
        channels.ChannelForkParams,
        ChannelForked,
        "Open a channel that goes on from a place of another one: to go another way, to say something anew, or to try again.",
    ),
    CHANNEL_POST: Request(
        channels.ChannelPostParams, Posted, "Say something in a channel: starts a run, or steers the one that is active."
    ),
    CHANNEL_HISTORY: Request(channels.ChannelHistoryParams, ChannelPage, "A channel's messages, oldest first."),
    CHANNEL_RENAME: Request(channels.ChannelRenameParams, Channel, "Give a channel another title."),
    CHANNEL_CHOOSE: Request(channels.ChannelChooseParams, Channel, "Say who answers in a channel from its next run on."),
    CHANNEL_ARCHIVE: Request(channels.ChannelArchiveParams, Channel, "Put a channel away, or take it back out."),
    CHANNEL_DELETE: Request(
        channels.ChannelParams, channels.ChannelDeleted, "Take a channel and its messages away; its runs stay, and can be undone."
    ),
    CHANNEL_SEARCH: Request(
        channels.ChannelSearchParams, ChannelsFound, "The channels and messages in which something stands, latest first."
    ),
    CONTEXT_INSPECT: Request(contexts.ContextInspectParams, ContextView, "What a model is sent, or would be sent next, piece by piece."),
    CONTEXT_PIN: Request(contexts.ContextPinParams, ContextView, "Let a piece or a file stay in a channel's conversation, or no longer."),
    CONTEXT_DROP: Request(contexts.ContextDropParams, ContextView, "Leave a piece of a channel's conversation out, or no longer."),
    APPROVAL_LIST: Request(NoParams, team.ApprovalListResult, "Questions that wait for an answer."),
    APPROVAL_ANSWER: Request(team.ApprovalAnswerParams, team.ApprovalAnswerResult, "Answer a question; the first answer wins."),
    GRANT_LIST: Request(NoParams, team.GrantListResult, "The answers that hold for more than their call, and for how long."),
    GRANT_REVOKE: Request(team.GrantParams, Grant, "Take such an answer back; what it allowed is asked for again by the very next call."),
    PROVIDER_LIST: Request(NoParams, models.ProviderListResult, "The registered providers and their state."),
    PROVIDER_CONNECT: Request(models.ProviderParams, ProviderView, "Use a provider again, and see whether it is there."),
    PROVIDER_DISCONNECT: Request(
        models.ProviderParams, ProviderView, "Let go of a provider: nothing is asked of it until it is connected again."
    ),
    PROVIDER_CHECK: Request(
        models.ProviderParams,
        ProviderCheck,
        "Look at a provider's host: whether it answers, whether one is logged in. Without a provider: at all, and for new ones.",
    ),
    MODEL_LIST: Request(models.ModelListParams, models.ModelListResult, "The models that can be chosen."),
    MODEL_SEARCH: Request(models.ModelSearchParams, ModelPage, "What hosts have or could install, page by page, best first."),
    MODEL_INSTALL: Request(
        models.ModelInstallParams,
        models.ModelInstalled,
        "Have a host install a model, with `$/progress`; answered when it is there. Can be cancelled.",
    ),
    MODEL_UNLOAD: Request(models.ModelParams, ModelView, "Free the memory that a model takes at its host."),
    MODEL_FAVOURITE: Request(
        models.ModelFavouriteParams, ModelView, "Mark a model as a favourite, or take the mark away; kept over restarts."
    ),
    KEY_LIST: Request(NoParams, secrets.KeyListResult, "The names of the keys in the vault."),
    KEY_SET: Request(secrets.KeySetParams, secrets.KeySet, "Keep a key in the vault, in place of the one of this name."),
    KEY_DELETE: Request(secrets.KeyParams, secrets.KeyDeleted, "Take a key out of the vault."),
    AGENT_LIST: Request(NoParams, roster.AgentListResult, "The agents, each with the models that a run would ask now."),
    TEMPLATE_LIST: Request(NoParams, roster.TemplateListResult, "The agents as they are brought: their tools, and what they hand on."),
    WORKFLOW_LIST: Request(NoParams, roster.WorkflowListResult, "The workflows, with their steps and ways back."),
    TOOL_LIST: Request(NoParams, roster.ToolListResult, "The tools, who has them, and which of them the rules keep from everybody."),
    COMMAND_LIST: Request(NoParams, roster.CommandListResult, "What can be posted to a chat, for completion."),
    ATTACHMENT_COMPLETE: Request(
        attachments.AttachmentCompleteParams,
        AttachmentItems,
        "What can be attached to a message and fits what is typed: files, symbols, selection.",
    ),
    COMMIT_MESSAGE: Request(
        commits.CommitMessageParams,
        CommitMessage,
        "Write the message of a commit from what is staged, by the small model; nothing is committed.",
    ),
    SETTINGS_GET: Request(
        settings.SettingsGetParams, SettingsView, "The settings that hold, where each comes from, and what is wrong in them."
    ),
    SETTINGS_SET: Request(settings.SettingsSetParams, SettingWritten, "Write one key into a file of settings; answered when it holds."),
    TRUST_SET: Request(settings.TrustSetParams, FolderTrust, "Trust a workspace folder, or no longer; answered when that holds."),
    SUGGESTION_SHOWN: Request(suggestions.SuggestionParams, SuggestionFeedback, "The person could see a suggestion."),
    SUGGESTION_ACCEPTED: Request(
        suggestions.SuggestionAcceptedParams, SuggestionFeedback, "A suggestion was taken, as a whole or in part."
    ),
    SUGGESTION_REJECTED: Request(
        suggestions.SuggestionParams, SuggestionFeedback, "A suggestion was dismissed; it does not come again at its place."
    ),
    SUGGESTION_EXPLAIN: Request(
        suggestions.SuggestionExplainParams, SuggestionExplanation, "How the latest request for a suggestion ended: why there was none."
    ),
    SUGGESTION_SNOOZE: Request(suggestions.SuggestionSnoozeParams, SuggestionSnooze, "Suggest nothing for a while unless asked by hand."),
    USAGE: Request(
        team.UsageParams,
        team.UsageResult,
        "Tokens and money of every call, ghost text included; of no run or channel, it is in the rows of providers and days.",
    ),
}

NOTIFICATIONS: Final[Mapping[str, Notification]] = {
    EVENT: Notification(AgentEvent, "Something happened in a run."),
    CHANNEL_CHANGED: Notification(
        ChannelChanged, "A channel was created, updated or deleted, by this server or another one on the same home."
    ),
    PROVIDER_CHANGED: Notification(
        models.ProvidersChanged, "A provider came, went, or is in another state; told a few times a second at most."
    ),
    STATUS_CHANGED: Notification(Status, "The server's state changed."),
    SETTINGS_CHANGED: Notification(SettingsChanged, "Settings of this client are others now, by whatever layer."),
}
