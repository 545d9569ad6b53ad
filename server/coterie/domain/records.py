"""What the journal keeps of a run: every event but the deltas, and what only the server needs to go on after a crash.

``agents`` writes records in the order of what happened: an intent before its effect, the result after it. ``storage.journal`` keeps
them and interprets nothing. A record's ``kind`` and JSON come from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from coterie.domain.edits import HunkVerdict, LeftOut
from coterie.domain.events import Event
from coterie.domain.messages import AssistantMessage, ToolMessage, UserMessage
from coterie.domain.wire import Late, wire

FindingState = Literal["dismissed", "mended"]


@wire
class EventRecord:
    """Something that clients were told."""

    kind: Literal["event"] = "event"
    event: Event


@wire
class MessageRecord:
    """One message of the conversation between a step's agent and its model, exactly as it goes into the next request.

    ``message_id`` is the id by which clients know it: of the model's answer, or of what the person said while the run went on.
    ``told`` are the hunks of which it says what the person has decided.
    """

    kind: Literal["message"] = "message"
    step_id: str
    attempt: int
    message_id: str | None = None
    message: Annotated[UserMessage | AssistantMessage | ToolMessage, Late("Field", discriminator="role")]
    told: tuple[str, ...] = ()


@wire
class ConversationRecord:
    """A conversation begins: what stays the same in all of its requests. ``system`` is the digest of a kept text.

    Where that conversation had begun before, nothing that was said in it counts any more: it begins anew, shorter.
    """

    kind: Literal["conversation"] = "conversation"
    step_id: str
    attempt: int
    agent: str
    system: str
    tools: tuple[str, ...]


@wire
class EditIntent:
    """A file is about to change from ``before`` to ``after`` (digests of kept texts; None: no such file).

    ``mode`` are the permission bits of a file that goes, or that is to come by a move; ``moved_from`` is the URI of the file whose text
    comes here. An intent that carries out a person's ``verdict`` names the ``hunks`` that it is about. Where a part of a change is taken
    back, or put in later, a later intent of that change says what of it stands, with its outcome in the same transaction. ``summary`` is
    what the model is told when all of an edit is made that was proposed before. What a command did is found after it: its intents come
    with their outcomes, and ``unsure`` is why one of them may be somebody else's.
    """

    kind: Literal["edit_intent"] = "edit_intent"
    change_id: str
    step_id: str
    call_id: str
    folder: str
    path: str
    uri: str
    before: str | None
    after: str | None
    mode: int | None = None
    moved_from: str | None = None
    hunks: tuple[str, ...] = ()
    verdict: HunkVerdict | None = None
    summary: str | None = None
    unsure: str | None = None


@wire
class EditOutcome:
    """What became of the latest intent of ``change_id``.

    An undo is an outcome ``undone``, a verdict that was carried out ``decided``, what a person is to see before it happens ``proposed``.
    """

    kind: Literal["edit_outcome"] = "edit_outcome"
    change_id: str
    state: Literal["applied", "refused", "undone", "decided", "proposed"]
    reason: str | None = None


@wire
class CommandIntent:
    """A command is about to run; its result is the ``tool_call`` event of the same call.

    ``snapshot`` names what the workspace's files hold before it, until a `CommandOutcome` says that its changes are journalled; None where
    it only reads, or where nobody will know what it changed.
    """

    kind: Literal["command_intent"] = "command_intent"
    call_id: str
    step_id: str
    argv: tuple[str, ...]
    snapshot: str | None = None


@wire
class CommandOutcome:
    """What the latest command of a call did to files is known, as far as it can be: its edits stand before this in the journal.

    ``left_out`` is what it did besides; ``unknown`` is why nobody knows what it changed.
    """

    kind: Literal["command_outcome"] = "command_outcome"
    call_id: str
    left_out: tuple[LeftOut, ...] = ()
    unknown: str | None = None


@wire
class SettledRecord:
    """What commands did to a file and no text tells is ``undone``, or was ``told`` not to be undoable.

    ``of_mode`` says that it is about the file's permissions alone. The file itself says whether it was undone: no intent stands before it.
    """

    kind: Literal["settled"] = "settled"
    uri: str
    of_mode: bool
    state: Literal["undone", "told"]


@wire
class WorkerRecord:
    """A step's agent is somebody else's and works in the copy at ``place``, where ``session`` resumes it. A later record counts."""

    kind: Literal["worker"] = "worker"
    step_id: str
    attempt: int
    place: str
    session: str | None = None


@wire
class CallRecord:
    """A model call of ``agent`` has begun, to answer with the message ``message_id``; numbers calls across a restart."""

    kind: Literal["call"] = "call"
    step_id: str
    agent: str
    model: str
    call: int
    message_id: str


@wire
class SuiteRecord:
    """The result of a real run of the tests: which command, how it ended, which tests failed.

    ``step_id`` is the step whose agent ran them, None for the baseline before the first change.
    """

    kind: Literal["tests"] = "tests"
    step_id: str | None = None
    attempt: int = 0
    call_id: str
    command: str | None
    exit_code: int | None
    failures: tuple[str, ...]


@wire
class GrantRecord:
    """A permission that the person gave for the whole run."""

    kind: Literal["grant"] = "grant"
    rule: str
    verdict: Literal["allow", "deny"]


@wire
class RevokedRecord:
    """What the person granted for the whole run by a rule counts no more."""

    kind: Literal["revoked"] = "revoked"
    rule: str


@wire
class FindingRecord:
    """A finding of the run's latest review is dealt with: a person wants to hear no more of it, or another run has mended it."""

    kind: Literal["finding"] = "finding"
    finding_id: str
    state: FindingState


@wire
class Stretch:
    """The messages of a conversation whose numbers in the journal of ``run_id`` are above ``after`` and at most ``through``."""

    run_id: str
    after: int = 0
    through: int


@wire
class OutputPlace:
    """One output of a tool: the ``place``-th (from 0) of the tool message with the number ``seq`` in the journal of ``run_id``.

    Where that is a message of the person's: the ``place``-th of what it is put together of, a text of a file.
    """

    run_id: str
    seq: int
    place: int


@wire
class CompactionRecord:
    """From here on a conversation is sent shorter; what it was stays in the journal, so that `RestoredRecord` brings it back.

    The messages in ``replaced`` are not sent any more: ``message`` stands in their place, or nothing does. The outputs in ``pruned`` are
    left out. Both are what this compaction adds to those before it. ``step_id`` and ``attempt`` say of which conversation of the run.
    ``asked_by`` is the id of the person's message that asked for it; ``call`` is the number of the summary's model call, None without one.
    ``failed_at`` says that a summary was asked for and could not be used: how many tokens the conversation had then.
    """

    kind: Literal["compaction"] = "compaction"
    compaction_id: str
    step_id: str
    attempt: int
    replaced: tuple[Stretch, ...] = ()
    message: UserMessage | None = None
    pruned: tuple[OutputPlace, ...] = ()
    asked_by: str | None = None
    call: int | None = None
    failed_at: int | None = None


@wire
class RestoredRecord:
    """A compaction of this run, or of an earlier one of its channel, counts no more."""

    kind: Literal["restored"] = "restored"
    compaction_id: str


@wire
class SeenRecord:
    """A person has accepted changes of the run. Journals of before hunks had a ``review`` of their own say so by this."""

    kind: Literal["seen"] = "seen"
    change_ids: tuple[str, ...]


Record: TypeAlias = Annotated[
    EventRecord
    | ConversationRecord
    | MessageRecord
    | EditIntent
    | EditOutcome
    | CommandIntent
    | CommandOutcome
    | SettledRecord
    | CallRecord
    | WorkerRecord
    | SuiteRecord
    | GrantRecord
    | RevokedRecord
    | FindingRecord
    | SeenRecord
    | CompactionRecord
    | RestoredRecord,
    Late("Field", discriminator="kind"),
]


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with its place in the run: ``seq`` is the event's number on the wire too."""

    seq: int
    at: str
    record: Record
