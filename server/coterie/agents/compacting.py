"""Keeps a conversation inside its model's window: leaves out old outputs of tools, and then has the older part summarised.

`agents.loop` makes every request by it, and asks it what of a message goes in; `agents.chat_commands` calls it for ``/compact``. What it
decides is journalled before anything is sent shorter, so that a crash changes nothing; the messages themselves stay in the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from coterie.agents.conversation import LiveConversation
from coterie.agents.failed_summaries import AGAIN, Failures
from coterie.agents.measuring import Look, Measuring
from coterie.agents.meter import Meter
from coterie.agents.model_call import ModelCalls
from coterie.agents.replacing import NO_WISH, Replacing, Wish
from coterie.agents.summarising import Summariser, Summary
from coterie.base.errors import RunError
from coterie.base.ids import new_id
from coterie.context.admitting import admitted, history_room, planned, reserve_of, wishes_of
from coterie.context.overflow import fills_it
from coterie.context.pruning import prunings, unseen
from coterie.context.thread import Placed
from coterie.domain.events import CompactionEvent, Event, MessageEvent, WarningEvent
from coterie.domain.messages import ModelRequest, UserMessage
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import CompactionRecord, EventRecord

MOST_OVERFLOWS = 3
"""How often in an attempt of a step a summary is made because a host said that the conversation is too long for it."""

NOTHING_TO_COMPACT = "There is nothing in this conversation that could be left out or summarised."

Summing: TypeAlias = Literal["now", "needed", "never"]
"""Whether a summary is made: in any case, where leaving out outputs is not enough, or not at all."""


class Compactor:
    """Makes the requests of one conversation. A summary that failed is not tried again by itself until the conversation has grown."""

    def __init__(self, conversation: LiveConversation, models: ModelCalls, summariser: Summariser, meters: Sequence[Meter]) -> None:
        self._conversation = conversation
        self._run = conversation.run
        self._learned = models.learned
        self._failures = Failures(conversation)
        self._measuring = Measuring(conversation, models)
        self._replacing = Replacing(conversation, self._measuring, models, summariser, meters)
        self._overflows = 0

    async def request(self, choice: ModelChoice, *, overflowed: bool = False) -> ModelRequest:
        """Return the request for a model; a shorter one when the host said that this one is too long for it.

        Raises `RunError` ``context_overflow`` when the conversation cannot be made short enough.
        """
        look = await self._measuring.look(choice)
        if overflowed:
            less = await self._overflowed(look, choice)
            look = await self._measuring.look(choice)
            summing: Summing = "now" if self._overflows <= MOST_OVERFLOWS and not self._failures.rests(look) else "never"
            if not await self._compact(look, choice, summing) and not await self._leave_unseen(look, choice, less):
                raise RunError(NOTHING_TO_COMPACT, code="context_overflow")
            look = await self._measuring.look(choice)
        elif look.taken is not None and look.fill.is_over:
            await self._compact(look, choice)
            look = await self._measuring.look(choice)
        if look.limit is not None and look.fill.total > look.limit and await self._leave_unseen(look, choice, look.limit):
            look = await self._measuring.look(choice)
        if look.limit is not None and look.fill.total > look.limit:
            raise RunError(
                f"The conversation needs about {look.fill.total:,} tokens and {choice.model} takes {look.limit:,} (its window of "
                f"{choice.context_tokens:,} without the answer).",
                code="context_overflow",
            )
        return look.request

    async def too_long(self, failure: RunError, choice: ModelChoice) -> RunError:
        """Return the end of a run whose conversation could not be made short enough for a model: with what fills it, and what helps."""
        look = await self._measuring.look(choice)
        text = fills_it(look.parts, history=AGAIN if self._failures.gave_up(look) else None)
        return RunError(f"{failure.message} {text}", code=failure.code, action=failure.action)

    async def _overflowed(self, look: Look, choice: ModelChoice) -> int:
        """Return how many tokens a host is taken to have room for that found these too many."""
        self._overflows += 1
        less = self._learned.refused(choice, look.fill.total)
        if self._overflows == 1 and look.limit is None:
            text = (
                f"{choice.label} does not take about {look.fill.total:,} tokens, and how many it takes is not known: the conversation is "
                f"sent shorter. `context_tokens` of the provider {choice.id.partition('/')[0]} says how many they are."
            )
            await self._run.event(WarningEvent(code="window_unknown", text=text))
        return less

    async def compact(self, choice: ModelChoice, wish: Wish) -> None:
        """Make the conversation shorter now, because the person wants it, and answer them."""
        await self._compact(await self._measuring.look(choice), choice, "now", wish=wish)

    async def admitted(self, choice: ModelChoice, messages: Sequence[UserMessage]) -> tuple[UserMessage, ...]:
        """Return what the person says now with as much of what goes along as the window has room for; it is to be journalled like that.

        One plan holds it all: where history has more than that plan leaves it, its older parts make room first.
        """
        tokens, is_task = self._learned.calibration(choice).tokens, self._conversation.task is None
        wishes = await asyncio.to_thread(wishes_of, messages, tokens)
        look = await self._measuring.look(choice, coming=[wish.element for wish in wishes])
        if look.taken is not None:
            reserve = reserve_of(look.parts, look.taken, is_task=is_task)
            room = history_room(look.parts, wishes, look.taken, reserve=reserve)
            if 0 < room < look.fill.history + reserve:  # without any room for history, what is said now does not fit at all
                await self._compact(replace(look, fill=replace(look.fill, room=room)), choice)
                look = await self._measuring.look(choice)
        reserve = 0 if look.taken is None or self._failures.rests(look) else reserve_of(look.parts, look.taken, is_task=is_task)
        window = planned(look.parts, wishes, look.taken, reserve=reserve)
        return await asyncio.to_thread(admitted, messages, wishes, window, tokens)

    async def tokens(self, thread: Sequence[Placed], choice: ModelChoice) -> int:
        """Return about how many tokens messages have."""
        return await self._measuring.tokens(thread, choice)

    async def _compact(self, look: Look, choice: ModelChoice, summing: Summing = "needed", *, wish: Wish = NO_WISH) -> bool:
        """Say whether the conversation became shorter."""
        talk = self._conversation
        blank = CompactionRecord(compaction_id=new_id("compaction"), step_id=talk.step_id, attempt=talk.attempt, asked_by=wish.asked_by)
        pruned = replace(blank, pruned=prunings(look.parts, look.fill.low))
        after = await self._measuring.look(choice, (pruned,)) if pruned.pruned else look
        record, summary = pruned, None
        told: list[Event] = []
        why_not = NOTHING_TO_COMPACT
        if summing == "now" or (summing == "needed" and after.fill.total > look.fill.low and not self._failures.rests(after)):
            try:
                record, summary = await self._replacing.summarised(look, choice, blank, asked=summing == "now", wish=wish)
                after = await self._measuring.look(choice, (record,))
            except RunError as failed:
                why_not = f"The conversation could not be summarised: {failed.message}"
                record = replace(pruned, failed_at=after.fill.total)
                if self._failures.is_last:
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

    async def _leave_unseen(self, look: Look, choice: ModelChoice, limit: int) -> bool:
        """Leave out what a tool has just said, or a file attached before, where nothing else makes it fit: no run could go on."""
        talk = self._conversation
        record = CompactionRecord(
            compaction_id=new_id("compaction"), step_id=talk.step_id, attempt=talk.attempt, pruned=unseen(look.parts, limit)
        )
        if record.pruned:
            told = _told(record, look, await self._measuring.look(choice, (record,)), None)
            await self._run.record(record, EventRecord(event=told))
        return bool(record.pruned)


def _told(record: CompactionRecord, look: Look, after: Look, summary: Summary | None) -> CompactionEvent:
    messages = sum(not placed.is_summary for placed in look.thread) - sum(not placed.is_summary for placed in after.thread)
    before, now = look.fill.total, after.fill.total
    parts = []
    if messages and summary is not None:
        parts.append(f"{messages} earlier {'message is' if messages == 1 else 'messages are'} sent as a summary by {summary.model}")
    outputs = len(set(record.pruned) - {part.output for part in look.parts if part.is_file})
    files = len(record.pruned) - outputs
    if outputs:
        parts.append(f"{outputs} old {'output of a tool is' if outputs == 1 else 'outputs of tools are'} left out")
    if files:
        parts.append(f"{files} {'text of a file is' if files == 1 else 'texts of files are'} left out")
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
