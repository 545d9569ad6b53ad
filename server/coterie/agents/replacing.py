"""Puts a summary in the place of a conversation's older part, where one would help: what stands beside any is known before one is paid for.

`agents.compacting` says when, and journals what comes of it. Nothing here changes the conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coterie.agents.conversation import LiveConversation
from coterie.agents.measuring import Look, Measuring
from coterie.agents.meter import Meter
from coterie.agents.model_call import ModelCalls
from coterie.agents.summarising import Summariser, Summary
from coterie.base.errors import RunError
from coterie.context.compaction import LEAST_SUMMARY_TOKENS, SHRUNK, WORTH, facts_of, older, replacement
from coterie.context.marking import pinned_words, without_dropped
from coterie.context.pruning import prunings
from coterie.context.thread import Placed, holds, since_cleared, stretches_of
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import CompactionRecord


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants who asked for a compaction. ``asked_by`` is their message, where the agent's conversation was to hear it."""

    instructions: str = ""
    asked_by: str | None = None


NO_WISH = Wish()


class Replacing:
    """Replaces older parts of one conversation. ``meters`` are what a summary counts for."""

    def __init__(
        self, conversation: LiveConversation, measuring: Measuring, models: ModelCalls, summariser: Summariser, meters: Sequence[Meter]
    ) -> None:
        self._conversation = conversation
        self._history = conversation.run.history
        self._measuring = measuring
        self._learned = models.learned
        self._summariser = summariser
        self._meters = meters

    async def summarised(
        self, look: Look, choice: ModelChoice, blank: CompactionRecord, *, asked: bool, wish: Wish
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
        return replace(record, call=self._history.summaries), summary

    async def _helps(
        self, look: Look, choice: ModelChoice, blank: CompactionRecord, replaced: Sequence[Placed], *, asked: bool, wish: Wish
    ) -> bool:
        """Say whether a summary of messages is worth its call: what stands beside any is known before one is paid for."""
        gone = {placed for placed in range(len(look.thread)) if any(look.thread[placed] is each for each in replaced)}
        worth = sum(part.piece.tokens for part in look.parts if part.place in gone)
        if not replaced or not (asked or worth >= max(WORTH * look.fill.room, 2 * LEAST_SUMMARY_TOKENS)):
            return False
        _, least = await self._laid(look, choice, blank, replaced, "")
        return _would_help(least, look, wish)

    async def _laid(
        self, look: Look, choice: ModelChoice, blank: CompactionRecord, replaced: Sequence[Placed], summary: str
    ) -> tuple[CompactionRecord, Look]:
        """Return what puts a summary in the place of messages, and the conversation after it."""
        talk, history = self._conversation, self._history
        stretches = stretches_of(replaced)
        all_stretches = [*stretches, *(stretch for each in since_cleared(talk.compactions) for stretch in each.replaced)]
        unsent, marks = [placed for placed in talk.said if any(holds(stretch, placed) for stretch in all_stretches)], await talk.marks()
        done = frozenset(
            str(step) for artifact in history.artifacts if artifact.type == "patch" for step in artifact.value.get("steps_done", ())
        )
        heard = [placed.message for placed in without_dropped(unsent, marks)]
        facts = facts_of(heard, plan=history.plan, done=done, pinned=pinned_words(unsent, marks))
        room = int(look.fill.room * self._learned.calibration(choice).bytes_per_token)
        record = replace(blank, replaced=stretches, message=replacement(summary, facts, room=room))
        after = await self._measuring.look(choice, (record,))
        if after.fill.is_over:
            record = replace(record, pruned=prunings(after.parts, after.fill.low))
            after = await self._measuring.look(choice, (record,))
        return record, after


def _has_shrunk(after: Look, look: Look) -> bool:
    return after.fill.total <= SHRUNK * look.fill.total


def _would_help(least: Look, look: Look, wish: Wish) -> bool:
    """Say whether a summary would do, by how the conversation would be beside one without a word.

    A person who wants one gets a shorter conversation; by itself one is made for a conversation that can go on with it.
    """
    staying = sum(part.piece.tokens for part in least.parts if part.output is None)
    return _has_shrunk(least, look) and (wish is not NO_WISH or look.limit is None or staying <= look.limit)
