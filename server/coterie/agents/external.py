"""One attempt of one step by somebody else's agent: it works in a copy of the workspace, and what it changed is taken over at the end.

`agents.team` engages it where the settings say so, in the place of our own `agents.loop`. Each call of its tools is judged by our rules
before it happens; what it says and does is told and journalled as that of our own agents is. Interrupted, it goes on in its copy, in its
own session.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from coterie.agents.answer import Answer
from coterie.agents.approvals import RunApprovals
from coterie.agents.edit_records import Where, as_seen_from
from coterie.agents.effects import Effects
from coterie.agents.history import FINISHED_CALLS
from coterie.agents.importing import Import, Sorted
from coterie.agents.live_run import LiveRun
from coterie.agents.loop import Ended, Opening
from coterie.agents.losses import losses
from coterie.agents.meter import Meter
from coterie.agents.reconcile import UNKNOWN_OUTCOME
from coterie.agents.reserving import Held, reserved
from coterie.agents.wanted import Asking, Wanted
from coterie.base.errors import ModelMistakeError, ProviderError, RunError
from coterie.base.ids import new_id
from coterie.context.marking import heard_of
from coterie.context.verdicts import worded
from coterie.domain.events import ToolCallEvent, ToolCallState
from coterie.domain.messages import (
    AssistantMessage,
    TextDelta,
    ThoughtDelta,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UserMessage,
)
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.records import EventRecord, MessageRecord, WorkerRecord
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import NO_USAGE, CallOutcome, Usage
from coterie.domain.wire import Json
from coterie.domain.workers import Job, MessageEnded, SessionBegan, ToolReturned, TurnEnded, Worker, WorkEvent
from coterie.domain.workspace_ports import Folder, Workspace
from coterie.providers.prices import book
from coterie.tools.foreign import foreign_effects, foreign_title
from coterie.tools.rules import path_effect
from coterie.tools.tool import Place
from coterie.workspace.aside import Aside, find_aside, set_aside

WAYS_OUT = "Post `/compact`, or `/clear` to begin anew, attach less, or choose a model with a larger window."
_GO_ON = "You were interrupted. Go on from where you were."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hire:
    """An external agent as the settings want it. ``asides`` is the folder for copies of workspaces."""

    worker: Worker
    choice: ModelChoice
    flags: tuple[str, ...]
    asides: Path
    providers: Providers
    usage: UsageStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """The step that the agent works on: its own limits, and what it works with. ``writes`` are the only paths that it may write."""

    step_id: str
    attempt: int
    agent: str
    writes: tuple[str, ...]
    workspace: Workspace
    folder: str | None
    approvals: RunApprovals
    effects: Effects
    meters: tuple[Meter, ...]


class ExternalAgent:
    """Works until the worker is done."""

    def __init__(self, run: LiveRun, hire: Hire, post: Post, opening: Opening) -> None:
        self._run = run
        self._hire = hire
        self._post = post
        self._opening = opening
        self._answer: Answer | None = None
        self._last_words = ""
        self._written: set[str] = set()  # paths whose writing was allowed already
        self._used = NO_USAGE
        self._place: Place | None = None

    async def converse(self) -> Ended:
        """Work. Raises `RunError` and `ApprovalRequiredError`."""
        await self._close_left_open()
        aside, session = await self._aside()
        self._place = Place(workspace=aside.workspace)
        prompt = await self._prompt(resumed=session is not None)
        job = Job(
            prompt=prompt,
            prior=() if session is not None else heard_of(self._opening.before, await self._opening.marks()),
            folder=aside.folder.absolute,
            instructions=self._opening.system,
            session=session,
            max_usd=min((left for meter in self._post.meters if (left := meter.left_usd) is not None), default=None),
            flags=self._hire.flags,
        )
        with await reserved(self._post.meters, 0, None, output_tokens=1) as held:
            try:
                await self._work(job, aside, held)
            finally:
                held.settle(self._used, 0)
        await self._take_over(aside)
        return Ended(self._last_words)

    async def _work(self, job: Job, aside: Aside, held: Held) -> None:
        """Have the worker work, and show what it does."""
        outcome: CallOutcome = "stopped"
        try:
            async with aclosing(self._hire.worker.work(job, self._judge, self._hear)) as events:
                async for event in events:
                    held.check_time()
                    await self._take(event, aside)
            outcome = "answered"
            self._hire.providers.settled(self._hire.choice.id, None)
        except RunError as failure:
            outcome = "failed"
            if isinstance(failure, ProviderError):
                self._hire.providers.settled(self._hire.choice.id, failure)
            if failure.code == "context_overflow":
                raise RunError(f"{failure.message} {WAYS_OUT}", code=failure.code, action=failure.action) from failure
            raise
        finally:
            if outcome != "answered":
                await self._break_off()

    async def _aside(self) -> tuple[Aside, str | None]:
        """Return the copy to work in, and the session to go on with in it."""
        folder = self._folder()
        known = self._run.history.workers.get((self._post.step_id, self._post.attempt))
        if known is not None and known.session is not None and (aside := await find_aside(folder, Path(known.place))) is not None:
            return aside, known.session
        place = self._hire.asides / f"{self._run.run_id}-{self._post.step_id}-{self._post.attempt}"
        await self._run.record(WorkerRecord(step_id=self._post.step_id, attempt=self._post.attempt, place=str(place)))
        return await set_aside(self._post.workspace, folder, place), None

    def _folder(self) -> Folder:
        for folder in self._post.workspace.folders:
            if self._post.folder is None or folder.uri == self._post.folder:
                return folder
        raise RunError(f"The {self._post.agent} needs an open folder to work in.", code="no_folder")

    async def _prompt(self, *, resumed: bool) -> str:
        conversation = self._run.history.conversations[self._post.step_id, self._post.attempt]
        if not conversation.messages:
            await self._say(self._opening.first)
        more = await self._hear()
        return "\n\n".join([_GO_ON if resumed else self._opening.first.text, *more])

    async def _hear(self) -> Sequence[str]:
        """Return what the person said and decided in this run and this agent has not heard; it has now."""
        unheard = self._run.history.spoken.unheard(self._post.step_id, self._post.attempt)
        for message in unheard:
            await self._say(UserMessage(text=message.text), message_id=message.message_id)
        said = [message.text for message in unheard]
        if decided := self._run.history.verdicts.untold(self._post.step_id, self._post.attempt, self._opening.before.decided):
            said.append(worded(as_seen_from(self._run.row.request.folder, decided)))
            told = tuple(each.hunk.hunk_id for each in decided)
            await self._run.record(replace(self._record(UserMessage(text=said[-1]), None), told=told))
        return said

    async def _say(self, message: UserMessage | AssistantMessage, *, message_id: str | None = None) -> None:
        lost = await losses([message], self._hire.choice) if isinstance(message, UserMessage) else ()
        await self._run.record(self._record(message, message_id), *(EventRecord(event=event) for event in lost))

    def _record(self, message: UserMessage | AssistantMessage, message_id: str | None) -> MessageRecord:
        return MessageRecord(step_id=self._post.step_id, attempt=self._post.attempt, message_id=message_id, message=message)

    async def _take(self, event: WorkEvent, aside: Aside) -> None:
        match event:
            case SessionBegan(session):
                place = str(aside.place)
                record = WorkerRecord(step_id=self._post.step_id, attempt=self._post.attempt, place=place, session=session)
                if self._run.history.workers.get((self._post.step_id, self._post.attempt)) != record:
                    await self._run.record(record)
            case TextDelta() | ThoughtDelta() | ToolCallStarted() | ToolCallArguments():
                self._answer = self._answer or Answer(new_id("message"), self._post.step_id, self._post.agent, self._hire.choice)
                await self._answer.take(event, self._run)
            case ToolCallEnded(call_id):
                tool, raw = self._answer.calls[call_id] if self._answer is not None else ("", "")
                await self._tell(call_id, tool, _arguments(raw), "pending")
            case MessageEnded():
                await self._end_message()
            case ToolReturned(call_id, output, failed):
                known = self._run.history.calls.get(call_id)
                if known is not None and known.state not in FINISHED_CALLS:
                    await self._run.event(replace(known, state="failed" if failed else "succeeded", output=output))
            case TurnEnded(usage):
                await self._count(usage)

    async def _judge(self, call_id: str, tool: str, arguments: Mapping[str, Json]) -> str | None:
        """Say why a call may not happen, None when it may. See `coterie.domain.workers.Judge`."""
        assert self._place is not None  # noqa: S101 - set before the work begins
        if call_id not in self._run.history.calls:
            await self._tell(call_id, tool, arguments, "pending")
        try:
            effects = foreign_effects(tool, arguments, self._place)
        except ModelMistakeError as mistake:
            await self._tell(call_id, tool, arguments, "denied", mistake.message)
            return mistake.message
        title = foreign_title(tool, arguments, self._place)
        # What it edits is its copy: a person who sees edits before they are made sees them when they are taken over.
        wanted = Wanted(title=title, effects=tuple(effects), writes=self._post.writes, confined=False)
        verdict = await self._post.approvals.decide(wanted)
        if not verdict.allowed:
            await self._tell(call_id, tool, arguments, "denied", verdict.reason)
            return verdict.reason
        self._written.update(effect.target for effect in effects if effect.kind == "write")
        await self._tell(call_id, tool, arguments, "running")
        return None

    async def _tell(self, call_id: str, tool: str, arguments: Mapping[str, Json], state: ToolCallState, output: str | None = None) -> None:
        known = self._run.history.calls.get(call_id)
        made_by = known.message_id if known is not None else self._answer.message_id if self._answer is not None else None
        step_id = self._post.step_id
        event = ToolCallEvent(
            call_id=call_id, message_id=made_by, step_id=step_id, tool=tool, arguments=arguments, state=state, output=output
        )
        await self._run.event(event)

    async def _end_message(self) -> None:
        answer, self._answer = self._answer, None
        if answer is None:
            return
        self._last_words = answer.text or self._last_words
        # Its calls are events of their own: only its words are of use in a conversation with anybody else.
        said = AssistantMessage(text=answer.text, made_by=answer.choice.id)
        records = (self._record(said, answer.message_id),) if answer.text.strip() else ()
        await self._run.record(*records, EventRecord(event=answer.event()))
        self._run.settled(answer.message_id)

    async def _count(self, usage: Usage, outcome: CallOutcome = "answered") -> None:
        self._used += usage
        await self._run.add_usage(usage)
        row, choice = self._run.row, self._hire.choice
        await book(self._hire.usage, choice, usage, agent=self._post.agent, run_id=row.run_id, channel_id=row.channel_id, outcome=outcome)

    async def _break_off(self) -> None:
        """Keep what was seen of work that was stopped; of calls under way nobody knows what they did."""
        if self._answer is not None:
            answer, self._answer = self._answer, None
            self._run.settled(answer.message_id)
            await self._run.event(answer.event(partial=True))
        await self._close_left_open()

    async def _close_left_open(self) -> None:
        mine = [call for call in self._run.history.calls.values() if call.step_id == self._post.step_id]
        left = [replace(call, state="failed", output=UNKNOWN_OUTCOME) for call in mine if call.state not in FINISHED_CALLS]
        await self._run.event(*left)

    async def _take_over(self, aside: Aside) -> None:
        where = Where(self._post.step_id, self._post.attempt, new_id("call"))
        post, folder = self._post, self._folder().uri
        taking = Import(self._run, post.workspace, effects=post.effects, approvals=post.approvals, where=where, folder=folder)
        await taking.settle()
        sorted_out = Sorted()
        for change in await aside.differences():
            wanted = Wanted(
                title=f"Take over {change.path}",
                effects=(path_effect("write", change.path),),
                writes=self._post.writes,
                is_edit=True,
                # What an allowed call of its tools wrote was judged then; what a command wrote is judged now.
                judged=change.path in self._written,
            )
            standing = await self._post.approvals.weigh(wanted)
            if isinstance(standing, Asking):
                sorted_out.ask(standing, change)
            elif standing.allowed:
                sorted_out.allowed.append(change)
            else:
                sorted_out.denied.append((change.path, standing.reason))
        if not sorted_out or await taking.take_over(sorted_out):
            await aside.remove()


def _arguments(raw: str) -> Mapping[str, Json]:
    try:
        value: Json = json.loads(raw or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
