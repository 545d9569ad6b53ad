"""Says whether a summary that failed is tried again: not by each call, nor by each run, but where it may end otherwise.

`agents.compacting` asks. What failed, and how large the conversation was then, is in the journal: a restart forgets none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from coterie.agents.conversation import LiveConversation
from coterie.agents.measuring import Look
from coterie.domain.records import CompactionRecord

GROWN = 1.2
"""How much larger a conversation must be than when a summary of it failed, for one to be asked for again by itself."""

MOST_FAILURES = 3
"""How many summaries may fail in a row until none is made any more of a conversation that has not grown, but by a person's wish."""

AGAIN = f"Summaries failed {MOST_FAILURES} times in a row and are not tried again by themselves: `/compact` does, `/clear` begins anew."


class Failures:
    """The summaries of one conversation that failed."""

    def __init__(self, conversation: LiveConversation) -> None:
        self._conversation = conversation

    @property
    def is_last(self) -> bool:
        """Whether no more may fail than the next one, until the conversation has grown."""
        return len(self._failed()) + 1 == MOST_FAILURES

    def rests(self, look: Look) -> bool:
        """Say whether a summary failed, in this run or an earlier one, and the conversation is about what it was then.

        What does not fit any more is tried once more in a few later runs: it could not go on without.
        """
        if not (failed := self._failed()) or self._has_grown(look, failed):
            return False
        return (
            look.taken is None
            or look.fill.total <= look.taken
            or failed[0] in self._conversation.run.history.compactions
            or self.gave_up(look)
        )

    def gave_up(self, look: Look) -> bool:
        """Say whether a summary failed so often that it is left to the person to ask for one."""
        return len(failed := self._failed()) >= MOST_FAILURES and not self._has_grown(look, failed)

    def _failed(self) -> Sequence[CompactionRecord]:
        """Return the summaries that failed since one was made, the latest first."""
        tried = [each for each in reversed(self._conversation.compactions) if each.replaced or each.failed_at is not None]
        return list(takewhile(lambda each: not each.replaced, tried))

    def _has_grown(self, look: Look, failed: Sequence[CompactionRecord]) -> bool:
        return look.fill.total >= GROWN * (failed[0].failed_at or 0)
