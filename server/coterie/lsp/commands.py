"""The commands of ``workspace/executeCommand`` as one table: name, argument, result. As much a promise to clients as ``protocol``.

``handlers.commands`` runs them by it, code actions and lenses name them, ``schema`` describes them. Every command takes one object, which
may be missing where all of it may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Final, Literal

from coterie.domain.channels import Posted
from coterie.domain.commits import CommitMessage
from coterie.domain.edits import UndoConflict, UndoResult
from coterie.domain.runs import RunStarted, RunStateView, Selection, UndoScope
from coterie.domain.status import ProviderCheck
from coterie.domain.suggestions import SuggestionFeedback, SuggestionSnooze
from coterie.domain.wire import Json, wire
from coterie.lsp.command_names import CommandName
from coterie.lsp.payloads.channels import ChannelListParams, ChannelListResult
from coterie.lsp.payloads.commits import CommitMessageParams
from coterie.lsp.payloads.fields import Minutes, Words
from coterie.lsp.payloads.team import ApprovalAnswerResult


@wire
class RunArguments:
    """The argument of ``coterie.run``. ``action``: the code action that it stands for, by which a client finds it among others."""

    prompt: Words
    agent: str | None = None
    workflow: str | None = None
    channel_id: str | None = None
    selection: Selection | None = None
    action: str | None = None


@wire
class AskArguments:
    """The argument of ``coterie.ask``; ``action`` as in ``coterie.run``."""

    prompt: Words
    channel_id: str | None = None
    selection: Selection | None = None
    action: str | None = None


@wire
class UndoArguments:
    """The argument of ``coterie.undo``; without a run, the latest one of the workspace that has changes."""

    run_id: str | None = None
    scope: UndoScope = "run"
    ids: tuple[str, ...] = ()


@wire
class UndoGoesOn:
    """What ``coterie.undo`` answers while the editor has not told the text of an edit that it says it applied.

    The undo goes on: what could not be taken back is shown in the window, what was is logged there. Nothing is known yet of any file.
    """

    restored: tuple[str, ...] = ()
    conflicts: tuple[UndoConflict, ...] = ()
    goes_on: Literal[True] = True


@wire
class WhichRunArguments:
    """The argument of ``coterie.cancel`` and ``coterie.resume``; without a run, the latest one of the workspace that it can be done to."""

    run_id: str | None = None


@wire
class ApproveArguments:
    """The argument of ``coterie.approve``; without a question, the workspace's only open one; without an option, yes for this once.

    The option ``edit`` of a plan's gate without a ``plan`` takes it from the document that the person was given to change.
    """

    approval_id: str | None = None
    option_id: str | None = None
    scope: str | None = None
    plan: Mapping[str, Json] | None = None


@wire
class OpenChannelArguments:
    """The argument of ``coterie.openChannel``: a channel, or what a new one is called and who answers in it.

    ``selection`` is quoted where the person is to write; ``action`` is as in ``coterie.run``.
    """

    channel_id: str | None = None
    title: str | None = None
    agent: str | None = None
    model: str | None = None
    selection: Selection | None = None
    action: str | None = None


@wire
class ChatOpened:
    """The channel, and the URI of its document."""

    channel_id: str
    uri: str


@wire
class InspectContextArguments:
    """The argument of ``coterie.inspectContext``; without a channel, the one that something happened in last."""

    channel_id: str | None = None


@wire
class SendArguments:
    """The argument of ``coterie.send``: which document; not needed while only one is open."""

    uri: str | None = None


@wire
class AcceptArguments:
    """The argument of ``coterie.accept``: open hunks of which run, in which file, or which; all that are applied, when none is named."""

    run_id: str | None = None
    uri: str | None = None
    hunk_ids: tuple[str, ...] = ()


@wire
class Accepted:
    """How many changes were accepted."""

    accepted: int


@wire
class RejectArguments:
    """The argument of ``coterie.reject``: open hunks of which run, in which file, or which. One of them must be named."""

    run_id: str | None = None
    uri: str | None = None
    hunk_ids: tuple[str, ...] = ()


@wire
class FindingArguments:
    """The argument of ``coterie.fix`` and ``coterie.dismiss``: which finding, by the id in its diagnostic's ``data``."""

    finding_id: str


@wire
class ConfigureKeyArguments:
    """The argument of ``coterie.configureProviderKey``: which host; without one, the first that lacks its key."""

    provider: str | None = None


@wire
class KeyAdvice:
    """How the host ``provider`` gets its key: the ``command`` for a terminal, and all of it in words."""

    provider: str
    command: str
    text: str


@wire
class CheckClaudeCodeArguments:
    """The argument of ``coterie.checkClaudeCode``: which provider of that type; without one, the first."""

    provider: str | None = None


@wire
class AcceptedArguments:
    """The argument of ``coterie.suggestion.accepted``, which each suggestion carries as its command: editors run it themselves."""

    suggestion_id: str


@wire
class SnoozeArguments:
    """The argument of ``coterie.suggestion.snooze``; 0 ends it."""

    minutes: Minutes = 60


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``workspace/executeCommand``: its one argument, its result, and what it is for."""

    argument: type
    result: type | UnionType
    doc: str


COMMANDS: Final[Mapping[str, Command]] = {
    CommandName.RUN: Command(RunArguments, RunStarted, "Start a run; answers its id at once."),
    CommandName.ASK: Command(AskArguments, RunStarted, "Ask the chat agent; answers the run's id at once."),
    CommandName.UNDO: Command(UndoArguments, UndoResult | UndoGoesOn, "Take back what a run changed."),
    CommandName.CANCEL: Command(WhichRunArguments, RunStateView, "Stop a run."),
    CommandName.RESUME: Command(WhichRunArguments, RunStateView, "Go on with a run that was interrupted or has failed."),
    CommandName.APPROVE: Command(ApproveArguments, ApprovalAnswerResult, "Answer an open question."),
    CommandName.OPEN_CHANNEL: Command(OpenChannelArguments, ChatOpened, "Show a channel as a Markdown document to write in."),
    CommandName.CHANNELS: Command(
        ChannelListParams, ChannelListResult, "List the channels; a plain client lets the person choose one to open."
    ),
    CommandName.INSPECT_CONTEXT: Command(
        InspectContextArguments, ChatOpened, "Show what the model of a channel reads as a Markdown document."
    ),
    CommandName.SEND: Command(SendArguments, Posted, "Send what is written under the last heading of a chat document."),
    CommandName.ACCEPT: Command(
        AcceptArguments, Accepted, "Keep changes, which takes their lenses away; what was only proposed is applied."
    ),
    CommandName.REJECT: Command(
        RejectArguments, UndoResult | UndoGoesOn, "Take back changes, also of a run that goes on: its agent is told."
    ),
    CommandName.FIX: Command(FindingArguments, RunStarted, "Start a run that mends a finding of a review."),
    CommandName.DISMISS: Command(FindingArguments, FindingArguments, "Forget a finding of a review."),
    CommandName.CHECK_CLAUDE_CODE: Command(
        CheckClaudeCodeArguments, ProviderCheck, "Say whether the Claude Code command line is there, and who is logged in."
    ),
    CommandName.CONFIGURE_KEY: Command(
        ConfigureKeyArguments, KeyAdvice, "Say how a host gets its key; it is never typed into a prompt of the server's, which editors log."
    ),
    CommandName.COMMIT_MESSAGE: Command(CommitMessageParams, CommitMessage, "Write the message of a commit from what is staged."),
    CommandName.SUGGESTION_ACCEPTED: Command(AcceptedArguments, SuggestionFeedback, "Note that a suggestion was taken as a whole."),
    CommandName.SUGGESTION_SNOOZE: Command(SnoozeArguments, SuggestionSnooze, "Suggest nothing for a while unless asked by hand."),
}
