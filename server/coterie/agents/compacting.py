"""Keeps a conversation inside its model's window: leaves out old outputs of tools, and then has the older part summarised.

`agents.loop` makes every request by it, and asks it what of a message goes in; `agents.chat_commands` calls it for ``/compact``. What it
decides is journalled before anything is sent shorter, so that a crash changes nothing; the messages themselves stay in the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal, TypeAlias

from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.model_call import ModelCalls
from coterie.agents.summarising import Summariser, Summary
from coterie.base.errors import RunError
from coterie.base.ids import new_id
from coterie.context.admitting import admitted, history_room, planned, reserve_of, wishes_of
from coterie.context.compaction import LEAST_SUMMARY_TOKENS, SHRUNK, WORTH, Fill, facts_of, fill_of, older, replacement
from coterie.context.marking import pinned_words, without_dropped
from coterie.context.overflow import fills_it
from coterie.context.pieces import Counting, Part, parts_of
from coterie.context.pruning import prunings, unseen
from coterie.context.thread import NOTHING, Before, Placed, as_sent, holds, since_cleared, standing, stretches_of
from coterie.context.window import input_limit
from coterie.domain.events import CompactionEvent, Event, MessageEvent, WarningEvent
from coterie.domain.inspection import NO_MARKS, Marks
from coterie.domain.messages import Message, ModelRequest, UserMessage
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import CompactionRecord, EventRecord

GROWN = 1.2
"""How much larger a conversation must be than when a summary of it failed, for one to be asked for again by itself."""

MOST_FAILURES = 3
"""How many summaries may fail in a row until none is made any more of a conversation that has not grown, but by a person's wish."""

MOST_OVERFLOWS = 3
"""How often in an attempt of a step a summary is made because a host said that the conversation is too long for it."""

NOTHING_TO_COMPACT = "There is nothing in this conversation that could be left out or summarised."
AGAIN = f"Summaries failed {MOST_FAILURES} times in a row and are not tried again by themselves: `/compact` does, `/clear` begins anew."

Summing: TypeAlias = Literal["now", "needed", "never"]
"""Whether a summary is made: in any case, where leaving out outputs is not enough, or not at all."""
Build = Callable[[tuple[Message, ...], ModelChoice], ModelRequest]
"""Makes the request of a conversation's messages."""
Decided = Callable[[], Awaitable[Marks]]
"""Tells what people have decided about the pieces of a conversation."""


async def undecided() -> Marks:
    """Tell that nothing is decided."""
    return NO_MARKS


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConversation:
    """A conversation of a run: what the channel said ``before`` it, and what the run's journal says of this attempt of a step.

    ``marks`` tells what people have decided about its pieces by now.
    """

    run: LiveRun
    step_id: str
    attempt: int
    before: Before = NOTHING
    build: Build
    marks: Decided = undecided

    @property
    def said(self) -> tuple[Placed, ...]:
        """All that was said, whatever is still sent of it."""
        own = self.run.history.conversations.get((self.step_id, self.attempt))
        return (*self.before.said, *(own.placed(self.run.run_id) if own is not None else ()))

    @property
    def compactions(self) -> tuple[CompactionRecord, ...]:
        """Its compactions, the earlier ones first."""
        mine = [each for each in self.run.history.compactions if (each.step_id, each.attempt) == (self.step_id, self.attempt)]
        return (*self.before.compactions, *mine)

    @property
    def task(self) -> tuple[str, int] | None:
        """Run and number of the message that the current task began with; None before there is one."""
        own = self.run.history.conversations.get((self.step_id, self.attempt))
        return (self.run.run_id, own.numbers[0]) if own is not None and own.numbers else None


@dataclass(frozen=True, slots=True)
class _Look:
    """A conversation as it stands: the request that it makes, and how much of the model's window that takes.

    ``limit`` is how many tokens the model is known to take, ``taken`` how many are planned with: less, where its host found fewer too many.
    """

    request: ModelRequest
    thread: tuple[Placed, ...]
    parts: tuple[Part, ...]
    fill: Fill
    limit: int | None
    taken: int | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants who asked for a compaction. ``asked_by`` is their message, where the agent's conversation was to hear it."""

    instructions: str = ""
    asked_by: str | None = None


NO_WISH = Wish()


class Compactor:
    """Makes the requests of one conversation. A summary that failed is not tried again by itself until the conversation has `GROWN`."""

    def __init__(self, conversation: LiveConversation, models: ModelCalls, summariser: Summariser, meters: Sequence[Meter]) -> None:
        self._conversation = conversation
        self._run = conversation.run
        self._models = models
        self._summariser = summariser
        self._meters = meters
        self._overflows = 0

    async def request(self, choice: ModelChoice, *, overflowed: bool = False) -> ModelRequest:
        """Return the request for a model; a shorter one when the host said that this one is too long for it.

        Raises `RunError` ``context_overflow`` when the conversation cannot be made short enough.
        """
        look = await self._look(choice)
        if overflowed:
            less = await self._overflowed(look, choice)
            look = await self._look(choice)
            summing: Summing = "now" if self._overflows <= MOST_OVERFLOWS and not self._rests(look) else "never"
            if not await self._compact(look, choice, summing) and not await self._leave_unseen(look, choice, less):
                raise RunError(NOTHING_TO_COMPACT, code="context_overflow")
            look = await self._look(choice)
        elif look.taken is not None and look.fill.is_over:
            await self._compact(look, choice)
            look = await self._look(choice)
        if look.limit is not None and look.fill.total > look.limit and await self._leave_unseen(look, choice, look.limit):
            look = await self._look(choice)
        if look.limit is not None and look.fill.total > look.limit:
            raise RunError(
                f"The conversation needs about {look.fill.total:,} tokens and {choice.model} takes {look.limit:,} (its window of "
                f"{choice.context_tokens:,} without the answer).",
                code="context_overflow",
            )
        return look.request

    async def too_long(self, failure: RunError, choice: ModelChoice) -> RunError:
        """Return the end of a run whose conversation could not be made short enough for a model: with what fills it, and what helps."""
        look = await self._look(choice)
        text = fills_it(look.parts, history=AGAIN if self._gave_up(look) else None)
        return RunError(f"{failure.message} {text}", code=failure.code, action=failure.action)

    async def _overflowed(self, look: _Look, choice: ModelChoice) -> int:
        """Return how many tokens a host is taken to have room for that found these too many."""
        self._overflows += 1
        less = self._models.learned.refused(choice, look.fill.total)
        if self._overflows == 1 and look.limit is None:
            text = (
                f"{choice.label} does not take about {look.fill.total:,} tokens, and how many it takes is not known: the conversation is "
                f"sent shorter. `context_tokens` of the provider {choice.id.partition('/')[0]} says how many they are."
            )
            await self._run.event(WarningEvent(code="window_unknown", text=text))
        return less

    async def compact(self, choice: ModelChoice, wish: Wish) -> None:
        """Make the conversation shorter now, because the person wants it, and answer them."""
        await self._compact(await self._look(choice), choice, "now", wish=wish)

    async def admitted(self, choice: ModelChoice, messages: Sequence[UserMessage]) -> tuple[UserMessage, ...]:
        """Return what the person says now with as much of what goes along as the window has room for; it is to be journalled like that.

        One plan holds it all: where history has more than that plan leaves it, its older parts make room first.
        """
        look, is_task = await self._look(choice), self._conversation.task is None
        tokens = self._models.learned.calibration(choice).tokens
        wishes = await asyncio.to_thread(wishes_of, messages, tokens)
        if look.taken is not None:
            reserve = reserve_of(look.parts, look.taken, is_task=is_task)
            room = history_room(look.parts, wishes, look.taken, reserve=reserve)
            if 0 < room < look.fill.history + reserve:  # without any room for history, what is said now does not fit at all
                await self._compact(replace(look, fill=replace(look.fill, room=room)), choice)
                look = await self._look(choice)
        reserve = 0 if look.taken is None or self._rests(look) else reserve_of(look.parts, look.taken, is_task=is_task)
        window = planned(look.parts, wishes, look.taken, reserve=reserve)
        return await asyncio.to_thread(admitted, messages, wishes, window, tokens)

    async def tokens(self, thread: Sequence[Placed], choice: ModelChoice) -> int:
        """Return about how many tokens messages have."""
        messages, calibration = [placed.message for placed in thread], self._models.learned.calibration(choice)
        await self._models.sizes.counted(messages)
        return sum(calibration.tokens(self._models.sizes.message(message)) for message in messages)

    async def _look(self, choice: ModelChoice, more: Sequence[CompactionRecord] = ()) -> _Look:
        """Measure the conversation, with compactions that are not journalled yet."""
        talk = self._conversation
        marks = await talk.marks()
        thread = without_dropped(standing(talk.said, (*talk.compactions, *more)), marks)
        request = talk.build(as_sent(thread), choice)
        await self._models.sizes.counted([placed.message for placed in thread])
        learned = self._models.learned
        counting = Counting(self._models.sizes.message, learned.calibration(choice).tokens)
        parts = parts_of(request, thread, talk.task, counting, marks)
        limit = None if choice.context_tokens is None else input_limit(choice.context_tokens, request.max_output_tokens)
        taken = learned.limit(choice)
        return _Look(request, thread, parts, fill_of(parts, taken), limit, taken)

    async def _compact(self, look: _Look, choice: ModelChoice, summing: Summing = "needed", *, wish: Wish = NO_WISH) -> bool:
        """Say whether the conversation became shorter."""
        talk = self._conversation
        blank = CompactionRecord(compaction_id=new_id("compaction"), step_id=talk.step_id, attempt=talk.attempt, asked_by=wish.asked_by)
        pruned = replace(blank, pruned=prunings(look.parts, look.fill.low))
        after = await self._look(choice, (pruned,)) if pruned.pruned else look
        record, summary = pruned, None
        told: list[Event] = []
        why_not = NOTHING_TO_COMPACT
        if summing == "now" or (summing == "needed" and after.fill.total > look.fill.low and not self._rests(after)):
            try:
                record, summary = await self._summarised(look, choice, blank, asked=summing == "now", wish=wish)
                after = await self._look(choice, (record,))
            except RunError as failed:
                why_not = f"The conversation could not be summarised: {failed.message}"
                record = replace(pruned, failed_at=after.fill.total)
                if len(self._failed()) + 1 == MOST_FAILURES:
                    why_not = f"{why_not} {AGAIN}"
                told.append(WarningEvent(code="compaction_failed", text=why_not))
        is_shorter = bool(record.replaced or record.pruned)
        if is_shorter:
            told.append(_told(record, look, after, summary))
        if wish is not NO_WISH:
            told.append(answer(summary.text if summary is not None else why_not if not is_shorter else "Done."))
        if told:
            await self._run.record(record, *(EventRecord(event=event) for event in told))
        return is_shorter

    def _rests(self, look: _Look) -> bool:
        """Say whether a summary failed, in this run or an earlier one, and the conversation is about what it was then.

        What does not fit any more is tried once more in a few later runs: it could not go on without.
        """
        if not (failed := self._failed()) or self._has_grown(look, failed):
            return False
        return look.taken is None or look.fill.total <= look.taken or failed[0] in self._run.history.compactions or self._gave_up(look)

    def _failed(self) -> Sequence[CompactionRecord]:
        """Return the summaries that failed since one was made, the latest first."""
        tried = [each for each in reversed(self._conversation.compactions) if each.replaced or each.failed_at is not None]
        return list(takewhile(lambda each: not each.replaced, tried))

    def _has_grown(self, look: _Look, failed: Sequence[CompactionRecord]) -> bool:
        return look.fill.total >= GROWN * (failed[0].failed_at or 0)

    def _gave_up(self, look: _Look) -> bool:
        """Say whether a summary failed so often that it is left to the person to ask for one."""
        return len(failed := self._failed()) >= MOST_FAILURES and not self._has_grown(look, failed)

    async def _leave_unseen(self, look: _Look, choice: ModelChoice, limit: int) -> bool:
        """Leave out what a tool has just said, where nothing else makes it fit: else the run, and the channel, could never go on."""
        talk = self._conversation
        record = CompactionRecord(
            compaction_id=new_id("compaction"), step_id=talk.step_id, attempt=talk.attempt, pruned=unseen(look.parts, limit)
        )
        if record.pruned:
            told = _told(record, look, await self._look(choice, (record,)), None)
            await self._run.record(record, EventRecord(event=told))
        return bool(record.pruned)

    async def _summarised(
        self, look: _Look, choice: ModelChoice, blank: CompactionRecord, *, asked: bool, wish: Wish
    ) -> tuple[CompactionRecord, Summary | None]:
        """Return what replaces the older part by a summary. Raises `RunError` when there is none, or when it is no shorter.

        A person who wants one gets one also of the newest message, where nothing else is of any size.
        """
        for tail, most in [(look.fill.tail, look.fill.room), *([(0, 0)] if wish is not NO_WISH else [])]:
            replaced = older(look.thread, look.parts, tail, most)
            if await self._helps(look, choice, blank, replaced, asked=asked, wish=wish):
                break
        else:
            return replace(blank, pruned=prunings(look.parts, look.fill.low)), None
        room, words = look.fill.room, wish.instructions
        summary = await self._summariser.summarise(replaced, choice, self._meters, room=room, instructions=words)
        record, after = await self._laid(look, choice, blank, replaced, summary.text)
        if not _has_shrunk(after, look):
            raise RunError(f"the summary of {summary.model} is not shorter than what it stands for.", code="context_overflow")
        return replace(record, call=self._run.history.summaries), summary

    async def _helps(
        self, look: _Look, choice: ModelChoice, blank: CompactionRecord, replaced: Sequence[Placed], *, asked: bool, wish: Wish
    ) -> bool:
        """Say whether a summary of messages is worth its call: what stands beside any is known before one is paid for."""
        gone = {placed for placed in range(len(look.thread)) if any(look.thread[placed] is each for each in replaced)}
        worth = sum(part.piece.tokens for part in look.parts if part.place in gone)
        if not replaced or not (asked or worth >= max(WORTH * look.fill.room, 2 * LEAST_SUMMARY_TOKENS)):
            return False
        _, least = await self._laid(look, choice, blank, replaced, "")
        return _would_help(least, look, wish)

    async def _laid(
        self, look: _Look, choice: ModelChoice, blank: CompactionRecord, replaced: Sequence[Placed], summary: str
    ) -> tuple[CompactionRecord, _Look]:
        """Return what puts a summary in the place of messages, and the conversation after it."""
        talk, history = self._conversation, self._run.history
        stretches = stretches_of(replaced)
        all_stretches = [*stretches, *(stretch for each in since_cleared(talk.compactions) for stretch in each.replaced)]
        unsent, marks = [placed for placed in talk.said if any(holds(stretch, placed) for stretch in all_stretches)], await talk.marks()
        done = frozenset(
            str(step) for artifact in history.artifacts if artifact.type == "patch" for step in artifact.value.get("steps_done", ())
        )
        heard = [placed.message for placed in without_dropped(unsent, marks)]
        facts = facts_of(heard, plan=history.plan, done=done, pinned=pinned_words(unsent, marks))
        room = int(look.fill.room * self._models.learned.calibration(choice).bytes_per_token)
        record = replace(blank, replaced=stretches, message=replacement(summary, facts, room=room))
        after = await self._look(choice, (record,))
        if after.fill.is_over:
            record = replace(record, pruned=prunings(after.parts, after.fill.low))
            after = await self._look(choice, (record,))
        return record, after


def _has_shrunk(after: _Look, look: _Look) -> bool:
    return after.fill.total <= SHRUNK * look.fill.total


def _would_help(least: _Look, look: _Look, wish: Wish) -> bool:
    """Say whether a summary would do, by how the conversation would be beside one without a word.

    A person who wants one gets a shorter conversation; by itself one is made for a conversation that can go on with it.
    """
    staying = sum(part.piece.tokens for part in least.parts if part.output is None)
    return _has_shrunk(least, look) and (wish is not NO_WISH or look.limit is None or staying <= look.limit)


def _told(record: CompactionRecord, look: _Look, after: _Look, summary: Summary | None) -> CompactionEvent:
    messages = sum(not placed.is_summary for placed in look.thread) - sum(not placed.is_summary for placed in after.thread)
    before, now = look.fill.total, after.fill.total
    parts = []
    if messages and summary is not None:
        parts.append(f"{messages} earlier {'message is' if messages == 1 else 'messages are'} sent as a summary by {summary.model}")
    if record.pruned:
        outputs = len(record.pruned)
        parts.append(f"{outputs} old {'output of a tool is' if outputs == 1 else 'outputs of tools are'} left out")
    text = f"To make room, {' and '.join(parts)}: about {before:,} tokens became {now:,}."
    return CompactionEvent(
        compaction_id=record.compaction_id,
        step_id=record.step_id,
        text=text,
        messages=messages,
        outputs=len(record.pruned),
        tokens_before=before,
        tokens_after=now,
        summary=None if summary is None else summary.text,
        model=None if summary is None else summary.model,
    )


def answer(text: str) -> MessageEvent:
    """Return what is said to a person who posted to the channel itself."""
    return MessageEvent(message_id=new_id("message"), role="assistant", text=text)
