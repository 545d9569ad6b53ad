"""Measures a conversation: the request that it makes now, or would make with a compaction, and how much of a model's window that takes.

`agents.compacting` decides by it, and `agents.replacing` tries by it what a summary would help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coterie.agents.conversation import LiveConversation
from coterie.agents.model_call import ModelCalls
from coterie.context.compaction import Fill, fill_of
from coterie.context.elements import Element
from coterie.context.marking import without_dropped
from coterie.context.pieces import Counting, Part, parts_of
from coterie.context.thread import Placed, as_sent, standing
from coterie.context.window import input_limit
from coterie.domain.messages import ModelRequest
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import CompactionRecord


@dataclass(frozen=True, slots=True)
class Look:
    """A conversation as it stands: the request that it makes, and how much of the model's window that takes.

    ``limit`` is how many tokens the model is known to take, ``taken`` how many are planned with: less, where its host found fewer too many.
    """

    request: ModelRequest
    thread: tuple[Placed, ...]
    parts: tuple[Part, ...]
    fill: Fill
    limit: int | None
    taken: int | None


class Measuring:
    """Measures one conversation, with what is known of how the hosts of its models count."""

    def __init__(self, conversation: LiveConversation, models: ModelCalls) -> None:
        self._conversation = conversation
        self._models = models

    async def look(self, choice: ModelChoice, more: Sequence[CompactionRecord] = (), *, coming: Sequence[Element] = ()) -> Look:
        """Measure the conversation, with compactions that are not journalled yet. What is ``coming`` behind it is not counted."""
        talk = self._conversation
        marks = await talk.marks()
        thread = without_dropped(standing(talk.said, (*talk.compactions, *more)), marks)
        request = talk.build(as_sent(thread), choice)
        await self._models.sizes.counted([placed.message for placed in thread])
        learned = self._models.learned
        counting = Counting(self._models.sizes.message, learned.calibration(choice).tokens)
        parts = parts_of(request, thread, talk.task, counting, marks, coming=coming)
        limit = None if choice.context_tokens is None else input_limit(choice.context_tokens, request.max_output_tokens)
        taken = learned.limit(choice)
        return Look(request, thread, parts, fill_of(parts, taken), limit, taken)

    async def tokens(self, thread: Sequence[Placed], choice: ModelChoice) -> int:
        """Return about how many tokens messages have."""
        messages, calibration = [placed.message for placed in thread], self._models.learned.calibration(choice)
        await self._models.sizes.counted(messages)
        return sum(calibration.tokens(self._models.sizes.message(message)) for message in messages)
