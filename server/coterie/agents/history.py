"""A run as its journal tells it. Pure: the same entries give the same history, live, after a crash, or years later.

``agents.team`` resumes from it, ``agents.undo`` takes changes back by it, ``features.runs`` answers ``get`` and ``diff`` with it. A
`History` is built by feeding it every record in order; a live run feeds the one it holds as it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from coterie.agents.spoken import Spoken
from coterie.agents.standing import Standings
from coterie.agents.told_verdicts import ToldVerdicts
from coterie.agents.working_time import WorkingTime
from coterie.context.thread import Placed
from coterie.domain.edits import FileChange
from coterie.domain.events import (
    ApprovalEvent,
    ArtifactEvent,
    ChangeEvent,
    CompactionEvent,
    Event,
    MessageDelta,
    MessageDiscarded,
    MessageEvent,
    PlanEvent,
    RunEvent,
    StepEvent,
    ThoughtDelta,
    ToolCallEvent,
    UsageEvent,
    WarningEvent,
)
from coterie.domain.messages import AssistantMessage, Message
from coterie.domain.records import (
    CallRecord,
    CommandIntent,
    CommandOutcome,
    CompactionRecord,
    ConversationRecord,
    EditIntent,
    EditOutcome,
    Entry,
    EventRecord,
    FindingRecord,
    GrantRecord,
    MessageRecord,
    Record,
    RestoredRecord,
    RevokedRecord,
    SeenRecord,
    SettledRecord,
    SuiteRecord,
    WorkerRecord,
)
from coterie.domain.runs import RunFailure, StepView
from coterie.domain.usage import NO_USAGE, Usage
from coterie.workspace.uris import place_below

if TYPE_CHECKING:
    from coterie.domain.wire import Json

FINISHED_CALLS = frozenset({"succeeded", "failed", "denied"})


@dataclass(slots=True)
class Conversation:
    """The conversation of one attempt of one step. ``numbers`` are those of the messages in the journal."""

    record: ConversationRecord
    messages: list[Message] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def placed(self, run_id: str) -> tuple[Placed, ...]:
        """Return its messages with where the journal of ``run_id`` has them."""
        return tuple(Placed(run_id, seq, message) for seq, message in zip(self.numbers, self.messages, strict=True))


@dataclass(slots=True)
class Edit:
    """A change of a file: its latest intent, and what became of it (None: nobody knows, the process died in between)."""

    intent: EditIntent
    state: str | None = None

    @property
    def file(self) -> str:
        """Where the file lies: one file may be found in two folders, one of which is within the other, or by two spellings of one's URI."""
        return place_below(self.intent.folder, self.intent.path)


@dataclass(slots=True)
class History:
    """What is known of a run after some of its records."""

    state: RunEvent = field(default_factory=lambda: RunEvent(state="queued"))
    steps: dict[str, StepEvent] = field(default_factory=dict)
    began: dict[str, int] = field(default_factory=dict)  # by step: the number under which its latest attempt began
    conversations: dict[tuple[str, int], Conversation] = field(default_factory=dict)
    workers: dict[tuple[str, int], WorkerRecord] = field(default_factory=dict)
    artifacts: list[ArtifactEvent] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)  # the findings of the latest review that are dealt with
    plan: Mapping[str, Json] | None = None
    approved: frozenset[str] = frozenset()
    made_by: dict[str, str | None] = field(default_factory=dict)
    calls: dict[str, ToolCallEvent] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)  # by call: its step
    pending: dict[str, CommandIntent] = field(default_factory=dict)  # by call: the commands of which nobody has said what they changed
    outcomes: dict[str, list[CommandOutcome]] = field(default_factory=dict)  # by call
    standing: Standings = field(default_factory=Standings)
    edits: dict[str, Edit] = field(default_factory=dict)
    changes: dict[str, ChangeEvent] = field(default_factory=dict)
    proposals: dict[str, list[str]] = field(default_factory=dict)  # by call: the changes that a person was to see before they are made
    verdicts: ToldVerdicts = field(init=False)
    tests: list[SuiteRecord] = field(default_factory=list)
    grants: list[GrantRecord] = field(default_factory=list)
    spoken: Spoken = field(default_factory=Spoken)
    answered: bool = False  # whether anything was said to the person
    model_calls: dict[str, int] = field(default_factory=dict)
    unanswered: dict[str, CallRecord] = field(default_factory=dict)
    approvals: dict[str, ApprovalEvent] = field(default_factory=dict)
    compactions: list[CompactionRecord] = field(default_factory=list)
    restored: set[str] = field(default_factory=set)  # the compactions that count no more, of this run and of earlier ones
    summaries: int = 0  # how many were asked of a model
    usage: Usage = NO_USAGE
    last: int = 0
    working_time: WorkingTime = field(default_factory=WorkingTime)

    def __post_init__(self) -> None:
        """Let what is about the changes see them."""
        self.verdicts = ToldVerdicts(self.changes, self._place_of)

    def add(self, entry: Entry) -> None:
        """Take one more entry into account."""
        self.last = max(self.last, entry.seq)
        self.working_time.add(entry, running=self.state.state == "running")
        if isinstance(entry.record, EventRecord) and isinstance(entry.record.event, StepEvent):
            step = entry.record.event
            if step.step_id not in self.steps or self.steps[step.step_id].attempt != step.attempt:
                self.began[step.step_id] = entry.seq
        self._take(entry.record, entry.seq)

    def _take(self, record: Record, seq: int) -> None:  # noqa: C901, PLR0912 - one flat case for each member of a closed union
        match record:
            case EventRecord():
                self._event(record.event)
            case ConversationRecord():
                self.conversations[record.step_id, record.attempt] = Conversation(record)  # where there was one, it begins anew
                self.verdicts.forget(record.step_id, record.attempt)
            case MessageRecord():
                conversation = self.conversations[record.step_id, record.attempt]
                conversation.messages.append(record.message)
                conversation.numbers.append(seq)
                self.verdicts.tell(record.step_id, record.attempt, record.told)
                if isinstance(record.message, AssistantMessage):
                    self._answered(record)
                    self.made_by.update((call.call_id, record.message_id) for call in record.message.tool_calls)
                elif record.message_id is not None:
                    self.spoken.hear(record.step_id, record.attempt, record.message_id)
            case EditIntent():
                self.edits[record.change_id] = Edit(record)
            case EditOutcome():
                self.edits[record.change_id].state = record.state
                if record.state == "proposed":
                    self.proposals.setdefault(self.edits[record.change_id].intent.call_id, []).append(record.change_id)
            case CommandIntent():
                self.commands[record.call_id] = record.step_id
                if record.snapshot is not None:
                    self.pending[record.call_id] = record
            case CommandOutcome():
                self._ended(record)
            case SettledRecord():
                self.standing.settle(record)
            case CallRecord():
                self.unanswered[record.message_id] = record
            case WorkerRecord():
                self.workers[record.step_id, record.attempt] = record
            case SuiteRecord():
                self.tests.append(record)
            case GrantRecord():
                self.grants.append(record)
            case RevokedRecord():
                self.grants = [grant for grant in self.grants if grant.rule != record.rule]
            case FindingRecord():
                self.settled.add(record.finding_id)
            case SeenRecord():
                self.changes.update({each: _accepted(self.changes[each]) for each in record.change_ids if each in self.changes})
            case CompactionRecord():
                self._compacted(record)
            case RestoredRecord():
                self.restored.add(record.compaction_id)
            case _:
                assert_never(record)

    def _ended(self, command: CommandOutcome) -> None:
        """Note what a command did."""
        self.pending.pop(command.call_id, None)
        self.outcomes.setdefault(command.call_id, []).append(command)
        self.standing.add(command.left_out, self.commands.get(command.call_id, ""))

    def _event(self, event: Event) -> None:  # noqa: C901, PLR0912 - one flat case for each member of a closed union
        match event:
            case RunEvent():
                self.state = event
            case StepEvent():
                self.steps[event.step_id] = event
            case PlanEvent():
                self.plan = event.plan
            case ArtifactEvent():
                self.artifacts.append(event)
                if event.type == "findings":
                    self.settled.clear()
            case MessageEvent():
                self.unanswered.pop(event.message_id, None)
                self.answered |= event.role == "assistant"
                if event.role == "user":
                    self.spoken.say(event)
            case MessageDiscarded():
                self.unanswered.pop(event.message_id, None)
            case ToolCallEvent():
                self.calls[event.call_id] = event
                self._call_ended(event)
            case ChangeEvent():
                self.changes[event.change_id] = event
                if event.state == "proposed":
                    self.verdicts.offer(event.change_id)
            case ApprovalEvent():
                self._approval(event)
            case UsageEvent():
                self.usage = Usage(
                    input=event.input, cache_read=event.cache_read, cache_write=event.cache_write, output=event.output, usd=event.usd
                )
            case WarningEvent() | MessageDelta() | ThoughtDelta() | CompactionEvent():
                pass
            case _:
                assert_never(event)

    def _call_ended(self, call: ToolCallEvent) -> None:
        """Note which verdicts the model learns by a call's own result; one that was cut off says nothing of them."""
        if call.state not in {"succeeded", "denied"}:
            return
        decided = self.verdicts.answer_for(self.proposals.get(call.call_id, ()))
        if (step := self.steps.get(call.step_id or "")) is not None:
            self.verdicts.tell(step.step_id, step.attempt, decided)

    def _compacted(self, record: CompactionRecord) -> None:
        self.compactions.append(record)
        self.summaries += record.call is not None
        if record.asked_by is not None:
            self.spoken.hear(record.step_id, record.attempt, record.asked_by)

    def _answered(self, record: MessageRecord) -> None:
        # A call that was never answered is made again under its number: a recording then plays the answer that is still owed.
        agent = self.conversations[record.step_id, record.attempt].record.agent
        self.model_calls[agent] = self.model_calls.get(agent, 0) + 1

    def _approval(self, event: ApprovalEvent) -> None:
        self.approvals[event.approval_id] = event
        if event.decision is not None and event.decision.kind in {"approve", "edit"}:
            self.approved |= {effect.rule for effect in event.effects if effect.kind == "gate"}

    def _place_of(self, change_id: str) -> str:
        edit = self.edits.get(change_id)
        return "" if edit is None else edit.file

    @property
    def step_views(self) -> tuple[StepView, ...]:
        """The steps, in the order in which they first began."""
        return tuple(
            StepView(step_id=step.step_id, agent=step.agent, state=step.state, model=step.model, attempt=step.attempt)
            for step in self.steps.values()
        )

    @property
    def change_views(self) -> tuple[FileChange, ...]:
        """The changes, in their order."""
        return tuple(
            FileChange(
                change_id=change.change_id,
                path=change.path,
                uri=change.uri,
                state=change.state,
                hunks=change.hunks,
                unsure=change.unsure,
                what=change.what,
            )
            for change in self.changes.values()
        )

    @property
    def failure(self) -> RunFailure | None:
        """Why the run ended without success."""
        if self.state.state in {"failed", "interrupted", "cancelled"} and self.state.reason is not None:
            return RunFailure(code=self.state.reason, text=self.state.text or self.state.reason.replace("_", " "))
        return None

    def latest(self, kind: str) -> Mapping[str, Json] | None:
        """Return the latest artifact of a type."""
        return next((artifact.value for artifact in reversed(self.artifacts) if artifact.type == kind), None)

    def changed(self, path: str) -> bool:
        """Say whether the run has changed a file (a relative path or a URI), or may have, whatever became of that since."""
        untouched = {"refused", "proposed"}
        left_out = (each for outcomes in self.outcomes.values() for outcome in outcomes for each in outcome.left_out)
        return any(path in {each.path, each.uri} for each in left_out) or any(
            path in {edit.intent.path, edit.intent.uri} and edit.state not in untouched for edit in self.edits.values()
        )

    def applied(self, paths: Iterable[str] = ()) -> dict[str, list[Edit]]:
        """Return the edits that are in files now, oldest first, by file; only those of ``paths`` when given."""
        wanted = set(paths)
        moves = [edit.intent for edit in self.edits.values() if edit.intent.moved_from is not None] if wanted else []
        for move in moves:  # a moved file is one file: its old place and its new one belong together
            old = next((edit.intent for edit in self.edits.values() if edit.intent.uri == move.moved_from), None)
            # The old place of a move that was refused was never touched.
            if old is not None and wanted & {move.path, move.uri, old.path, old.uri}:
                wanted |= {move.uri, old.uri}
        meant = {edit.file for edit in self.edits.values() if not wanted or wanted & {edit.intent.path, edit.intent.uri}}
        by_file: dict[str, list[Edit]] = {}
        for edit in self.edits.values():
            if edit.state == "applied" and edit.file in meant:
                by_file.setdefault(edit.file, []).append(edit)
        return by_file

    def spans(self, paths: Iterable[str] = ()) -> dict[str, list[Edit]]:
        """Return what made of each file what the run leaves of it: the edits that are in it, and what was taken back since the first.

        Of what was taken back the intents alone know what the text was after it. Where nothing of the run is left there is nothing.
        """
        found = {}
        of_file: dict[str, list[Edit]] = {}
        for edit in self.edits.values():
            of_file.setdefault(edit.file, []).append(edit)
        for file in self.applied(paths):
            edits = of_file[file]
            begins = next(number for number, edit in enumerate(edits) if edit.state == "applied")
            since = [edit for edit in edits[begins:] if edit.state in {"applied", "decided"}]
            decided = {hunk_id for edit in since for hunk_id in edit.intent.hunks}
            taken_back = [edit for edit in edits[:begins] if edit.state == "undone" and decided & self.hunk_ids(edit.intent.change_id)]
            found[file] = [*taken_back, *since]
        return found

    def hunk_ids(self, change_id: str) -> set[str]:
        """Return the hunks of a change."""
        return {hunk.hunk_id for hunk in self.changes[change_id].hunks} if change_id in self.changes else set()

    def open_hunks(self, change_ids: Iterable[str]) -> frozenset[str]:
        """Return the hunks of proposed changes that nobody has decided about."""
        hunks = (hunk for change_id in change_ids for hunk in self.changes[change_id].hunks)
        return frozenset(hunk.hunk_id for hunk in hunks if hunk.state == "proposed" and hunk.is_open)

    def unresolved(self) -> tuple[Edit, ...]:
        """Return the edits of which the journal does not know whether they happened."""
        return tuple(edit for edit in self.edits.values() if edit.state is None)


def history_of(entries: Iterable[Entry]) -> History:
    """Fold the entries of one run."""
    history = History()
    for entry in entries:
        history.add(entry)
    return history


def _accepted(change: ChangeEvent) -> ChangeEvent:
    """Return a change that a person wants to keep."""
    return replace(change, hunks=tuple(replace(hunk, review="accepted") if hunk.state == "applied" else hunk for hunk in change.hunks))
