"""The agent loop: context, model, tool calls, effects, again, until the model ends its turn or submits its artifact.

One `AgentLoop` is one attempt of one step of a run. All that it knows is in the journal: run again after a crash it goes on where the
journal ends. `agents.team` makes it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from coterie.agents.calls import Calls
from coterie.agents.chat_commands import ChatCommands
from coterie.agents.compacting import Compactor
from coterie.agents.conversation import Decided, LiveConversation, undecided
from coterie.agents.edit_records import as_seen_from
from coterie.agents.live_run import LiveRun
from coterie.agents.losses import losses
from coterie.agents.model_call import Asker, ModelCalls
from coterie.agents.summarising import Summariser
from coterie.base.errors import ProviderError, RunError
from coterie.context.assemble import addressed, assemble
from coterie.context.marking import without_dropped
from coterie.context.thread import NOTHING, Before
from coterie.context.verdicts import with_verdicts
from coterie.domain.chat_commands import command_in
from coterie.domain.events import Event, MessageEvent, WarningEvent
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import EventRecord, MessageRecord, Record
from coterie.domain.wire import Json

MAX_CALLS = 60
"""Model calls of one attempt of a step; more is an agent that goes in circles."""
MOST_ANEW = 3
"""So often a conversation begins anew because its host finds it too long: each time it is to take three quarters of that."""
MAX_REPEATS = 3
"""So many identical calls in a row, or answers without a usable call, end the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a conversation starts from.

    ``before`` is the conversation of the channel so far, ``first`` the task of this step with all that may go along: what the window has no
    room for is taken out before it is said. ``first_anew`` words it again, where a summary stands by then for what need not have been told;
    ``anew`` has the conversation begin once more, by what is known by then of what its model takes.
    """

    system: str
    tools: tuple[ToolSpec, ...]
    before: Before = NOTHING
    first: UserMessage
    first_anew: Callable[[], Awaitable[UserMessage]] | None = None
    anew: Callable[[], Awaitable[Opening]] | None = None
    marks: Decided = undecided


@dataclass(frozen=True, slots=True)
class Ended:
    """How a turn ended: the model's last words, and the artifact when it submitted one."""

    text: str
    artifact: Mapping[str, Json] | None = None


class AgentLoop:
    """Runs one conversation to its end."""

    def __init__(self, run: LiveRun, models: ModelCalls, asker: Asker, calls: Calls, opening: Opening, *, summariser: Summariser) -> None:
        self._run = run
        self._models = models
        self._asker = asker
        self._calls = calls
        self._opening = opening
        conversation = LiveConversation(
            run=run, step_id=asker.step_id, attempt=asker.attempt, before=opening.before, build=self._build, marks=opening.marks
        )
        self._compactor = Compactor(conversation, models, summariser, asker.meters)
        self._commands = ChatCommands(conversation, self._compactor)
        self._asked: ModelChoice | None = None
        self._begun_anew = 0
        self._lost: Sequence[WarningEvent] = ()

    @property
    def _messages(self) -> Sequence[Message]:
        """What was said in this attempt, all of it."""
        return self._run.history.conversations[self._asker.step_id, self._asker.attempt].messages

    async def converse(self) -> Ended:
        """Talk until the model is done. Raises `RunError` and `ApprovalRequiredError`."""
        await self._begin()
        if (accepted := await self._accepted_before()) is not None:
            return accepted
        for _ in range(MAX_CALLS):
            last = self._messages[-1]
            if isinstance(last, AssistantMessage):
                if last.tool_calls:
                    answered = await self._calls.answer(last)
                    if answered.artifact is not None:
                        await self._say(answered.message)
                        return Ended(last.text, answered.artifact)
                    await self._tell(answered.message)
                elif not self._unheard():
                    return Ended(last.text)
            await self._hear()
            if isinstance(last, AssistantMessage) and self._messages[-1] is last:
                return Ended(last.text)  # what was heard was for the channel itself, and there is nothing to answer
            self._check_progress()
            await self._ask()
        raise RunError(f"The {self._asker.agent} made {MAX_CALLS} model calls without coming to an end.", code="step_limit")

    async def _ask(self) -> None:
        try:
            await self._models.ask(self._asker, self._compose)
        except RunError as failure:
            if failure.code != "context_overflow" or self._asked is None:
                raise
            if not (isinstance(failure, ProviderError) and await self._begins_shorter(self._asked)):
                raise await self._compactor.too_long(failure, self._asked) from failure
            await self._ask()

    async def _begins_shorter(self, choice: ModelChoice) -> bool:
        """Begin the conversation anew, where its host has just shown what it takes; say whether it is shorter by that.

        Only where nothing was answered yet, and the person has left nothing of it out: what they decided is about what was said.
        """
        anew, began = self._opening.anew, self._messages
        own = self._run.history.conversations[self._asker.step_id, self._asker.attempt].placed(self._run.row.run_id)
        if anew is None or self._begun_anew == MOST_ANEW or len(began) > 1 or without_dropped(own, await self._opening.marks()) != own:
            return False
        self._begun_anew += 1
        size = await self._models.sizes.request(self._build(tuple(began), choice))
        self._opening = await anew()
        await self._begin()
        return await self._models.sizes.request(self._build(tuple(self._messages), choice)) < size

    async def _begin(self) -> None:
        if not self._messages:
            shortened = len(self._run.history.compactions)
            [first] = await self._admitted([self._opening.first])
            if self._opening.first_anew is not None and len(self._run.history.compactions) > shortened:
                [first] = await self._admitted([await self._opening.first_anew()])
            lost = await losses([first], self._asker.chain.first)
            await self._tell(first, events=[each for each in lost if each not in self._lost])  # what begins anew has told the same before
            self._lost = lost

    async def _accepted_before(self) -> Ended | None:
        """Return the turn's end when the process died after it had accepted the submission and before the step was told to be done."""
        match self._messages[-2:]:
            case [AssistantMessage() as submission, ToolMessage(results=results)] if any(map(_is_accepted, results)):
                return Ended(submission.text, (await self._calls.answer(submission)).artifact)
        return None

    async def _tell(self, message: UserMessage | ToolMessage, *, message_id: str | None = None, events: Sequence[Event] = ()) -> None:
        """Say something that the model reads next, with what the person has decided about its changes since it heard of that last.

        ``events`` are journalled with it.
        """
        untold = self._run.history.verdicts.untold(self._asker.step_id, self._asker.attempt, self._opening.before.decided)
        decided = as_seen_from(self._run.row.request.folder, untold)
        told = tuple(each.hunk.hunk_id for each in decided)
        await self._say(with_verdicts(message, decided), message_id=message_id, told=told, events=events)

    async def _say(
        self,
        message: UserMessage | ToolMessage,
        *,
        message_id: str | None = None,
        told: tuple[str, ...] = (),
        events: Sequence[Event] = (),
    ) -> None:
        step_id, attempt = self._asker.step_id, self._asker.attempt
        record: Record = MessageRecord(step_id=step_id, attempt=attempt, message_id=message_id, message=message, told=told)
        await self._run.record(record, *(EventRecord(event=event) for event in events))

    async def _compose(self, choice: ModelChoice, *, overflowed: bool = False) -> ModelRequest:
        self._asked = choice
        return addressed(await self._compactor.request(choice, overflowed=overflowed), choice)

    def _build(self, messages: tuple[Message, ...], choice: ModelChoice) -> ModelRequest:
        agent = self._asker.agent
        return assemble(
            system=self._opening.system,
            tools=self._opening.tools,
            messages=messages,
            choice=choice,
            agent=agent,
            call=self._run.history.model_calls.get(agent, 0),
            run=self._run.row.run_id,
        )

    def _unheard(self) -> Sequence[MessageEvent]:
        return self._run.history.spoken.unheard(self._asker.step_id, self._asker.attempt)

    async def _hear(self) -> None:
        if not (unheard := self._unheard()):
            return
        admitted = await self._admitted([UserMessage(text=said.text) for said in unheard])
        for said, message in zip(unheard, admitted, strict=True):
            if (command := command_in(said.text)) is not None:
                await self._commands.do(command, self._asker.chain.first, asked_by=said.message_id)
            else:
                await self._tell(message, message_id=said.message_id, events=await losses([message], self._asker.chain.first))

    async def _admitted(self, messages: Sequence[UserMessage]) -> Sequence[UserMessage]:
        """Return what the person says as there is room for it."""
        return await self._compactor.admitted(self._asker.chain.first, messages)

    def _check_progress(self) -> None:
        answers = [message for message in self._messages if isinstance(message, AssistantMessage)]
        calls = [_identity(call) for answer in answers[-MAX_REPEATS:] for call in answer.tool_calls]
        if len(calls) >= MAX_REPEATS and len(set(calls[-MAX_REPEATS:])) == 1:
            tool = answers[-1].tool_calls[-1].tool
            raise RunError(f"The {self._asker.agent} made the same call of {tool} {MAX_REPEATS} times in a row.", code="no_progress")
        if len(answers) >= MAX_REPEATS and all(_is_malformed(answer) for answer in answers[-MAX_REPEATS:]):
            raise RunError(f"The {self._asker.agent} sent {MAX_REPEATS} answers in a row that cannot be used.", code="malformed_answers")


def _is_accepted(result: ToolResult) -> bool:
    return result.tool == "submit" and not result.failed


def _identity(call: ToolCall) -> str:
    arguments = call.raw if call.arguments is None else json.dumps(dict(call.arguments), sort_keys=True)
    return f"{call.tool} {arguments}"


def _is_malformed(answer: AssistantMessage) -> bool:
    return bool(answer.tool_calls) and all(call.arguments is None for call in answer.tool_calls)
